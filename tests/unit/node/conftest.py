"""Shared by the node's unit tests: a database, fast passwords, a clock that is set by hand."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from postgres_server import in_schema
from sqlalchemy import create_engine, text

from hanse.node.database.engine import Database, sqlite_url
from hanse.node.database.tables import NODE_SCHEMA, NODE_SCHEMA_VERSION, metadata
from hanse.node.users.passwords import Passwords


class ManualClock:
    """UTC milliseconds that only move when told."""

    def __init__(self, start_ms: int = 1_700_000_000_000) -> None:
        self.now_ms = start_ms

    def __call__(self) -> int:
        return self.now_ms

    def advance(self, ms: int) -> None:
        self.now_ms += ms


class Sha256:
    """A hash for tests that need no suite."""

    def hash(self, data: bytes) -> bytes:
        return hashlib.sha256(data).digest()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of either kind; PostgreSQL in a schema of the test's own."""
    if request.param == "sqlite":
        yield sqlite_url(tmp_path / "test.sqlite")
        return
    server: str = request.getfixturevalue("postgres")
    schema = f"test_{secrets.token_hex(6)}"
    admin = create_engine(server)
    with admin.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    yield in_schema(server, schema)
    with admin.begin() as connection:
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    admin.dispose()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database.open(database_url)
    opened.migrate(NODE_SCHEMA, metadata, NODE_SCHEMA_VERSION)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def passwords() -> Passwords:
    """The real algorithm with small parameters; the tests of passwords use the real ones."""
    return Passwords(hasher=PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))


@pytest.fixture
def sha256() -> Sha256:
    return Sha256()
