"""Shared by the node's unit tests: a database, fast passwords, a clock that is set by hand."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

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


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open(sqlite_url(tmp_path / "node.sqlite"))
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
