"""The two databases of a node, by its settings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hanse.node.database.engine import Database, sqlite_url
from hanse.node.database.tables import NODE_SCHEMA, NODE_SCHEMA_VERSION, metadata
from hanse.node.home import NodeHome
from hanse.node.settings import Settings


def node_database(settings: Settings, home: NodeHome) -> Database:
    """Users, audit log, applications, credentials: migrated and ready."""
    database = Database.open(settings.database.url or sqlite_url(home.database_file))
    database.migrate(NODE_SCHEMA, metadata, NODE_SCHEMA_VERSION)
    return database


def views_database(settings: Settings, home: NodeHome) -> Database:
    """What can be rebuilt; the projector makes its tables."""
    url = settings.database.views_url or settings.database.url or sqlite_url(home.views_file)
    return Database.open(url, durable=False)


@contextmanager
def open_node_database(settings: Settings, home: NodeHome) -> Iterator[Database]:
    """The node's database for a short while."""
    database = node_database(settings, home)
    try:
        yield database
    finally:
        database.close()
