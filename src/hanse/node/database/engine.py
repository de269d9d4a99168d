"""Opening a database by URL: SQLite with safe pragmas, PostgreSQL as it is."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    MetaData,
    Table,
    create_engine,
    delete,
    event,
    insert,
    select,
    text,
)
from sqlalchemy.exc import ArgumentError, IntegrityError, NoSuchModuleError, SQLAlchemyError

from hanse.node.database.versions import schema_versions
from hanse.node.errors import BadSettings, DatabaseUnavailable, DatabaseVersion

BUSY_TIMEOUT_MS = 15_000


class Database:
    """One engine. Reads and writes are short transactions; a failed one leaves nothing."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @classmethod
    def open(cls, url: str, *, durable: bool = True) -> Database:
        """Connect lazily.

        Args:
            url: SQLAlchemy URL.
            durable: SQLite only: fsync at every commit (needed for what cannot be rebuilt).

        Raises:
            BadSettings: when the URL or its driver is unusable.
        """
        try:
            engine = create_engine(url, pool_pre_ping=not url.startswith("sqlite"))
        except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
            raise BadSettings(f"database url: {error}") from error
        if engine.dialect.name == "sqlite":
            _prepare_sqlite(engine, durable=durable)
        return cls(engine)

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self.engine.dialect.name

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A read transaction (a snapshot)."""
        with _named(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A write transaction; SQLite takes the write lock at once, so it never upgrades."""
        with _named(), self.engine.connect() as plain:
            connection = plain.execution_options(hanse_write=True)
            with connection.begin():
                yield connection

    @staticmethod
    def serialise(connection: Connection, table: Table) -> None:
        """Let no other writer in until this transaction ends; readers go on.

        For decisions over several rows. SQLite has one writer at a time anyway.
        """
        if connection.dialect.name == "postgresql":
            quoted = connection.dialect.identifier_preparer.format_table(table)
            connection.execute(text(f"LOCK TABLE {quoted} IN EXCLUSIVE MODE"))

    def migrate(self, name: str, metadata: MetaData, version: int) -> None:
        """Create what is missing and record the schema's version.

        Raises:
            DatabaseVersion: when another version wrote the database.
        """
        with self.write() as connection:
            schema_versions.create(connection, checkfirst=True)
            query = select(schema_versions.c.version).where(schema_versions.c.name == name)
            found = connection.execute(query).scalar_one_or_none()
            if found is not None and found != version:
                raise DatabaseVersion(f"{name}: the database has version {found}, not {version}")
            metadata.create_all(connection)
            if found is None:
                connection.execute(insert(schema_versions).values(name=name, version=version))

    def forget(self, name: str, metadata: MetaData) -> None:
        """Drop the tables of a schema that can be rebuilt, and its version."""
        with self.write() as connection:
            metadata.drop_all(connection)
            connection.execute(delete(schema_versions).where(schema_versions.c.name == name))

    def close(self) -> None:
        """Give every connection back."""
        self.engine.dispose()


def sqlite_url(path: Path) -> str:
    """URL of a SQLite file."""
    return f"sqlite:///{path}"


@contextmanager
def _named() -> Iterator[None]:
    """Turn driver errors into named ones; a broken uniqueness stays what it is."""
    try:
        yield
    except IntegrityError:
        raise
    except SQLAlchemyError as error:
        raise DatabaseUnavailable(debug=f"{type(error).__name__}: {error}") from error


def _prepare_sqlite(engine: Engine, *, durable: bool) -> None:
    @event.listens_for(engine, "connect")
    def _connect(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # SQLAlchemy's begin event opens transactions
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
        cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA secure_delete=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options: dict[str, Any] = dict(connection.get_execution_options())
        write = options.get("hanse_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
