"""Replay guards: every message is accepted once, also across a restart.

A guard remembers a key until the message it belongs to has expired; after that the message is
refused for its age. So memory is bounded by the rate of messages times their longest life.
"""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path
from typing import Protocol

from hanse.identity.errors import ReplayGuardFull

DEFAULT_LIMIT = 1_000_000


class ReplayGuard(Protocol):
    """Remembers what was seen."""

    def admit(self, key: str, expires_ms: int, now_ms: int) -> bool:
        """Whether the key is new; remembers it until ``expires_ms``. Atomic.

        Raises:
            ReplayGuardFull: when no more can be remembered.
        """
        ...


class MemoryReplayGuard:
    """For tests and processes whose restart outlasts every message."""

    def __init__(self, limit: int = DEFAULT_LIMIT) -> None:
        self._limit = limit
        self._seen: dict[str, int] = {}
        self._lock = threading.Lock()

    def admit(self, key: str, expires_ms: int, now_ms: int) -> bool:
        """See `ReplayGuard.admit`."""
        with self._lock:
            if self._seen.get(key, -1) >= now_ms:
                return False
            if len(self._seen) >= self._limit:
                self._seen = {k: end for k, end in self._seen.items() if end >= now_ms}
            if len(self._seen) >= self._limit:
                raise ReplayGuardFull()
            self._seen[key] = expires_ms
            return True


class SqliteReplayGuard:
    """Survives a crash: a key is on disk before its message is accepted."""

    def __init__(self, path: Path, limit: int = DEFAULT_LIMIT) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS seen (key TEXT PRIMARY KEY, expires_ms INTEGER NOT NULL)"
            " WITHOUT ROWID"
        )
        self._connection.execute("CREATE INDEX IF NOT EXISTS expiry ON seen (expires_ms)")
        self._count = self._connection.execute("SELECT count(*) FROM seen").fetchone()[0]

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def admit(self, key: str, expires_ms: int, now_ms: int) -> bool:
        """See `ReplayGuard.admit`."""
        with self._lock:
            if self._count >= self._limit:
                self._forget(now_ms)
            # One statement, so that two processes on one file cannot both admit a key.
            changed = self._connection.execute(
                "INSERT INTO seen VALUES (?, ?) ON CONFLICT (key) DO UPDATE"
                " SET expires_ms = excluded.expires_ms WHERE seen.expires_ms < ?",
                (key, expires_ms, now_ms),
            ).rowcount
            self._count += changed
            return changed == 1

    def _forget(self, now_ms: int) -> None:
        self._connection.execute("DELETE FROM seen WHERE expires_ms < ?", (now_ms,))
        self._count = self._connection.execute("SELECT count(*) FROM seen").fetchone()[0]
        if self._count >= self._limit:
            raise ReplayGuardFull()
