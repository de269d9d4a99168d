"""What a node must remember of services: which tables it bound, and every ticket it counted.

SQLite, one writer (the node's loop). Write-ahead log with normal sync: a count survives the end of
the process whatever its way; a sudden loss of power may take the newest ones, which the next
ticket's total makes good.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

import msgspec

from hanse.collaboration.services.tickets import START

_SCHEMA = """
CREATE TABLE IF NOT EXISTS bindings (
  service TEXT PRIMARY KEY, table_id TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS uses (
  service TEXT, total INTEGER, uses INTEGER NOT NULL, time_ms INTEGER NOT NULL,
  ticket TEXT NOT NULL, head TEXT NOT NULL, receipts TEXT NOT NULL DEFAULT '{}',
  PRIMARY KEY (service, total)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS uses_by_time ON uses (service, time_ms);
"""
_COLUMNS = "total, uses, time_ms, ticket, head, receipts"


@dataclass(frozen=True)
class Use:
    """A round as counted here. ``receipts`` by alias, at the receiver."""

    total: int
    uses: int
    time_ms: int
    ticket: str
    head: str
    receipts: dict[str, str]


class Book:
    """The book of one node on one network.

    Args:
        path: the SQLite file, created when missing.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        path.chmod(0o600)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def bind(self, service: str, table_id: str) -> None:
        """Remember which table a service looks up."""
        self._db.execute("INSERT OR REPLACE INTO bindings VALUES (?, ?)", (service, table_id))

    def binding(self, service: str) -> str:
        """The bound table; empty when there is none."""
        query = "SELECT table_id FROM bindings WHERE service = ?"
        row = self._db.execute(query, (service,)).fetchone()
        return "" if row is None else str(row[0])

    def last(self, service: str) -> Use:
        """The newest round; one of zero uses before the first."""
        found = self._uses("WHERE service = ? ORDER BY total DESC LIMIT 1", service)
        return found[0] if found else Use(0, 0, 0, "", START, {})

    def services(self) -> list[str]:
        """Services of which something was counted."""
        rows = self._db.execute("SELECT DISTINCT service FROM uses ORDER BY service")
        return [str(row[0]) for row in rows]

    def in_window(self, service: str, since_ms: int) -> int:
        """Uses counted since then."""
        query = "SELECT COALESCE(SUM(uses), 0) FROM uses WHERE service = ? AND time_ms > ?"
        return int(self._db.execute(query, (service, since_ms)).fetchone()[0])

    def count(self, service: str, use: Use) -> None:
        """Write a round down."""
        self._db.execute(
            f"INSERT INTO uses (service, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
            (service, use.total, use.uses, use.time_ms, use.ticket, use.head, "{}"),
        )

    def receive(self, service: str, total: int, receipts: dict[str, str]) -> None:
        """Keep the receipts of a round."""
        text = msgspec.json.encode(receipts).decode()
        query = "UPDATE uses SET receipts = ? WHERE service = ? AND total = ?"
        self._db.execute(query, (text, service, total))

    def uses(self, service: str, after: int, limit: int) -> list[Use]:
        """Rounds with a total above ``after``, oldest first."""
        return self._uses(
            "WHERE service = ? AND total > ? ORDER BY total LIMIT ?", service, after, limit
        )

    def _uses(self, where: str, *values: object) -> list[Use]:
        rows = self._db.execute(f"SELECT {_COLUMNS} FROM uses {where}", values)  # noqa: S608
        return [
            Use(total, uses, time_ms, ticket, head, msgspec.json.decode(receipts))
            for total, uses, time_ms, ticket, head, receipts in rows
        ]
