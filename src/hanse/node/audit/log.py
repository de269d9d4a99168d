"""The audit log: every action, in a chain of hashes that cannot be shortened unnoticed.

Entry ``n`` has ``hash(n) = H(tagged("hanse/audit/1", hash(n-1), canonical(entry n)))`` with
the network's hash; ``hash(0)`` is 64 zeros. The head is anchored on the ledger from time to
time (`hanse.node.audit.anchor`), so cutting the tail off shows as well.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import msgspec
from sqlalchemy import RowMapping, func, insert, select
from sqlalchemy.exc import IntegrityError

from hanse.core import canonical
from hanse.core.errors import HanseError
from hanse.node.clock import Clock, now_ms
from hanse.node.database.engine import Database
from hanse.node.database.tables import audit_anchors, audit_entries
from hanse.node.errors import AuditBroken, AuditUnavailable

EMPTY_HEAD = "0" * 64
_DOMAIN = "hanse/audit/1"
_PAGE = 1_000
_ATTEMPTS = 5


class Hash(Protocol):
    """The part of the crypto suite the log uses."""

    def hash(self, data: bytes) -> bytes:
        """32-byte digest."""
        ...


class Entry(msgspec.Struct, frozen=True):
    """One action.

    Attributes:
        number: from 1, without gaps.
        actor: ``user:name``, ``peer:did``, ``node`` or ``public:address``.
        operation: operation id of the API, or an action of the node itself.
        target: what it was done to (identifiers only).
        outcome: ``ok`` or the error code.
    """

    number: int
    time_ms: int
    actor: str
    operation: str
    target: str
    outcome: str
    request_id: str


class ChainedEntry(msgspec.Struct, frozen=True):
    """An entry with the chain's hash after it and the one before."""

    entry: Entry
    hash: str
    previous: str = ""


@dataclass(frozen=True)
class Head:
    """Length and last hash."""

    length: int
    hash: str


class AuditLog:
    """Appends and verifies. Safe for threads, and for processes sharing one database."""

    def __init__(self, database: Database, suite: Hash, clock: Clock = now_ms) -> None:
        self._database = database
        self._suite = suite
        self._clock = clock
        self._lock = threading.Lock()
        self.is_writable = True

    def append(
        self, *, actor: str, operation: str, target: str, outcome: str, request_id: str
    ) -> ChainedEntry:
        """Write one entry durably.

        Raises:
            AuditUnavailable: the entry is not written; the node must refuse actions until
                one can be.
        """
        with self._lock:
            for _ in range(_ATTEMPTS):
                try:
                    done = self._append_once(actor, operation, target, outcome, request_id)
                except IntegrityError:  # another process took the number
                    continue
                except HanseError as error:
                    self.is_writable = False
                    raise AuditUnavailable(debug=error.debug) from error
                self.is_writable = True
                return done
        self.is_writable = False
        raise AuditUnavailable("the log is contended")

    def _append_once(
        self, actor: str, operation: str, target: str, outcome: str, request_id: str
    ) -> ChainedEntry:
        with self._database.write() as connection:
            self._database.serialise(connection, audit_entries)
            last = connection.execute(
                select(audit_entries.c.number, audit_entries.c.hash)
                .order_by(audit_entries.c.number.desc())
                .limit(1)
            ).one_or_none()
            number, previous = (last[0] + 1, last[1]) if last else (1, EMPTY_HEAD)
            entry = Entry(number, self._clock(), actor, operation, target, outcome, request_id)
            chained = ChainedEntry(entry, self._chain(previous, entry), previous)
            values = {**msgspec.structs.asdict(entry), "hash": chained.hash}
            connection.execute(insert(audit_entries).values(values))
        return chained

    def head(self) -> Head:
        """Where the chain ends now."""
        query = (
            select(audit_entries.c.number, audit_entries.c.hash)
            .order_by(audit_entries.c.number.desc())
            .limit(1)
        )
        with self._database.read() as connection:
            last = connection.execute(query).one_or_none()
        return Head(last[0], last[1]) if last else Head(0, EMPTY_HEAD)

    def entries(
        self,
        *,
        before: int = 0,
        limit: int = 100,
        actor: str = "",
        operation: str = "",
        target: str = "",
    ) -> list[ChainedEntry]:
        """Newest first.

        Args:
            before: only numbers below it; 0 means from the newest.
            limit: at most so many.
            actor: only this actor, when given.
            operation: only this operation, when given.
            target: only entries whose target contains this, when given.
        """
        query = select(audit_entries).order_by(audit_entries.c.number.desc()).limit(limit)
        if before:
            query = query.where(audit_entries.c.number < before)
        if actor:
            query = query.where(audit_entries.c.actor == actor)
        if operation:
            query = query.where(audit_entries.c.operation == operation)
        if target:
            query = query.where(audit_entries.c.target.contains(target, autoescape=True))
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
            before_them = [row["number"] - 1 for row in rows]
            pairs = connection.execute(
                select(audit_entries.c.number, audit_entries.c.hash).where(
                    audit_entries.c.number.in_(before_them)
                )
            )
            hashes: dict[int, str] = {row[0]: row[1] for row in pairs}
        return [_chained(row, hashes.get(row["number"] - 1, EMPTY_HEAD)) for row in rows]

    def verify(self, ledger_anchors: Mapping[int, str] | None = None) -> Head:
        """Recompute the whole chain and compare it with every anchored head.

        Args:
            ledger_anchors: heads by length as the ledger has them; those noted here are
                compared besides.

        Raises:
            AuditBroken: naming the first entry that does not fit.
        """
        anchors = {**self.anchors(), **(ledger_anchors or {})}
        previous, expected = EMPTY_HEAD, 1
        for chained in self._walk():
            if chained.entry.number != expected:
                raise AuditBroken(f"entry {expected} is missing", index=expected)
            previous = self._chain(previous, chained.entry)
            if previous != chained.hash:
                raise AuditBroken(f"entry {expected} was altered", index=expected)
            if anchors.get(expected, previous) != previous:
                raise AuditBroken(f"the head anchored at entry {expected} differs", index=expected)
            expected += 1
        length = expected - 1
        if anchors and max(anchors) > length:
            raise AuditBroken(
                f"entries after {length} were removed; {max(anchors)} were anchored",
                index=length + 1,
            )
        return Head(length, previous)

    def anchors(self) -> dict[int, str]:
        """Heads on the ledger known here, by length."""
        with self._database.read() as connection:
            rows = connection.execute(select(audit_anchors.c.length, audit_anchors.c.head))
            return {row[0]: row[1] for row in rows}

    def last_anchor_length(self) -> int:
        """Length at the newest anchor, 0 without one."""
        with self._database.read() as connection:
            return connection.execute(select(func.max(audit_anchors.c.length))).scalar() or 0

    def note_anchor(self, head: Head, transaction: str) -> None:
        """Remember that a head is on the ledger."""
        values = {
            "length": head.length,
            "head": head.hash,
            "transaction": transaction,
            "time_ms": self._clock(),
        }
        with self._database.write() as connection:
            known = select(audit_anchors.c.length).where(audit_anchors.c.length == head.length)
            if connection.execute(known).scalar_one_or_none() is None:
                connection.execute(insert(audit_anchors).values(values))

    def _walk(self) -> Iterator[ChainedEntry]:
        after = 0
        while True:
            query = (
                select(audit_entries)
                .where(audit_entries.c.number > after)
                .order_by(audit_entries.c.number)
                .limit(_PAGE)
            )
            with self._database.read() as connection:
                page = [_chained(row) for row in connection.execute(query).mappings()]
            if not page:
                return
            yield from page
            after = page[-1].entry.number

    def _chain(self, previous: str, entry: Entry) -> str:
        data = canonical.tagged(_DOMAIN, bytes.fromhex(previous), canonical.encode(entry))
        return self._suite.hash(data).hex()


def _chained(row: RowMapping, previous: str = "") -> ChainedEntry:
    entry = Entry(
        number=row["number"],
        time_ms=row["time_ms"],
        actor=row["actor"],
        operation=row["operation"],
        target=row["target"],
        outcome=row["outcome"],
        request_id=row["request_id"],
    )
    return ChainedEntry(entry, row["hash"], previous)
