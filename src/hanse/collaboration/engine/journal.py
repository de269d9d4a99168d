"""The work journal: what this node must remember of flows across a crash.

SQLite, one writer (the engine's loop). Everything here can be lost without losing money or
rights, which live on the ledger; what would be lost is work. Write-ahead log with full sync:
a row is on disk before the effect it announces happens. Keys, openings and offers' secrets
are sealed with a key of the node's keystore.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import msgspec

from hanse.collaboration.engine.errors import JournalDamaged
from hanse.collaboration.engine.records import (
    AttemptKey,
    AttemptRow,
    Fault,
    ObjectRow,
    ObjectSecret,
    OwnOffer,
    Phase,
    ProgressRow,
    WorkerRow,
)
from hanse.collaboration.engine.schema import SCHEMA, SCHEMA_VERSION
from hanse.core.canonical import tagged
from hanse.core.errors import VerificationError
from hanse.crypto.suite import Suite

T = TypeVar("T")

_SELECT_ATTEMPTS = (
    "SELECT flow, step, attempt, phase, manifest, first_byte, fault, created_ms, updated_ms"
    " FROM attempts "
)


class Journal:
    """The journal of one node on one network.

    Args:
        path: the SQLite file, created when missing.
        suite: seals the secret columns.
        key: symmetric key of ``suite.key_bytes`` from the keystore.
        chain: network id; a journal of another network is refused.

    Raises:
        JournalDamaged: unreadable, other network, or sealed with another key.
    """

    def __init__(self, path: Path, suite: Suite, key: bytes, chain: str) -> None:
        self._suite = suite
        self._key = key
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            path.chmod(0o600)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(SCHEMA)
            self._claim(chain)
        except sqlite3.DatabaseError as error:
            raise JournalDamaged("the work journal does not open", debug=str(error)) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All writes inside take effect together or not at all."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    # Cursor and flows

    def cursor(self) -> int:
        """Height of the last block whose events were taken in; -1 before the first."""
        return int(self._meta("cursor") or -1)

    def set_cursor(self, height: int) -> None:
        """Move the cursor."""
        self._set_meta("cursor", str(height))

    def add_flow(self, flow: str, now_ms: int) -> None:
        """Remember a flow this member is a party of."""
        self._db.execute(
            "INSERT OR IGNORE INTO flows (flow, live, created_ms) VALUES (?, 1, ?)", (flow, now_ms)
        )

    def set_live(self, flow: str, live: bool) -> None:
        """Say whether a flow may still need this node."""
        self._db.execute(
            "UPDATE flows SET live = ? WHERE flow = ? AND live != ?", (int(live), flow, int(live))
        )

    def flows(self, *, live: bool | None = None) -> list[str]:
        """Flows of this member, oldest first."""
        where = "" if live is None else f" WHERE live = {int(live)}"
        rows = self._db.execute(f"SELECT flow FROM flows{where} ORDER BY created_ms, flow")  # noqa: S608
        return [row[0] for row in rows]

    def unsettled(self) -> list[str]:
        """Flows that may still need this node, or have attempts that have not ended here."""
        rows = self._db.execute(
            "SELECT flow FROM flows WHERE live = 1 OR flow IN"
            " (SELECT flow FROM attempts WHERE phase NOT IN (?, ?, ?)) ORDER BY created_ms, flow",
            (Phase.REPORTED, Phase.FAILED, Phase.CANCELLED),
        )
        return [row[0] for row in rows]

    def knows(self, flow: str) -> bool:
        """Whether this member is a party of the flow."""
        row = self._db.execute("SELECT 1 FROM flows WHERE flow = ?", (flow,)).fetchone()
        return row is not None

    # Attempts

    def open_attempt(self, key: AttemptKey, now_ms: int) -> AttemptRow:
        """The attempt's row, created when this is the first time it is seen."""
        self._db.execute(
            "INSERT OR IGNORE INTO attempts (flow, step, attempt, phase, created_ms, updated_ms)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (*_key(key), Phase.SEEN, now_ms, now_ms),
        )
        row = self.attempt(key)
        if row is None:
            raise JournalDamaged("an attempt just written cannot be read")
        return row

    def attempt(self, key: AttemptKey) -> AttemptRow | None:
        """One attempt."""
        rows = self._attempts("WHERE flow = ? AND step = ? AND attempt = ?", _key(key))
        return rows[0] if rows else None

    def attempts(self, flow: str) -> list[AttemptRow]:
        """All attempts of a flow, in the order they began."""
        return self._attempts("WHERE flow = ? ORDER BY created_ms, step, attempt", (flow,))

    def _attempts(self, where: str, values: tuple[object, ...]) -> list[AttemptRow]:
        rows = self._db.execute(_SELECT_ATTEMPTS + where, values)
        return [_attempt(row) for row in rows]

    def set_phase(self, key: AttemptKey, phase: Phase, now_ms: int) -> None:
        """Move an attempt on."""
        self._db.execute(
            "UPDATE attempts SET phase = ?, updated_ms = ?"
            " WHERE flow = ? AND step = ? AND attempt = ?",
            (phase, now_ms, *_key(key)),
        )

    def set_fault(self, key: AttemptKey, fault: Fault, now_ms: int) -> None:
        """Note why an attempt failed here."""
        self._db.execute(
            "UPDATE attempts SET phase = ?, fault = ?, updated_ms = ?"
            " WHERE flow = ? AND step = ? AND attempt = ?",
            (Phase.FAILED, msgspec.json.encode(fault), now_ms, *_key(key)),
        )

    def set_manifest(self, key: AttemptKey, manifest: str, now_ms: int) -> None:
        """Fix the manifest hash about to be confirmed."""
        self._db.execute(
            "UPDATE attempts SET phase = ?, manifest = ?, updated_ms = ?"
            " WHERE flow = ? AND step = ? AND attempt = ?",
            (Phase.CONFIRMED, manifest, now_ms, *_key(key)),
        )

    def mark_first_byte(self, key: AttemptKey) -> None:
        """Note that something derived from data left this node."""
        self._db.execute(
            "UPDATE attempts SET first_byte = 1 WHERE flow = ? AND step = ? AND attempt = ?",
            _key(key),
        )

    # Offers

    def put_own_offer(self, key: AttemptKey, alias: str, body: bytes, secret: OwnOffer) -> None:
        """Fix the own offer with its secrets; the first one stays."""
        self._db.execute(
            "INSERT OR IGNORE INTO own_offers (flow, step, attempt, secret) VALUES (?, ?, ?, ?)",
            (*_key(key), self._seal("own-offer", str(key), msgspec.json.encode(secret))),
        )
        self.put_offer(key, alias, body, sender="")

    def own_offer(self, key: AttemptKey) -> OwnOffer | None:
        """Secrets of the own offer."""
        row = self._db.execute(
            "SELECT secret FROM own_offers WHERE flow = ? AND step = ? AND attempt = ?", _key(key)
        ).fetchone()
        return None if row is None else self._open("own-offer", str(key), row[0], OwnOffer)

    def ports_in_use(self) -> set[int]:
        """Ports offered for attempts that have not ended here."""
        rows = self._db.execute(
            "SELECT o.flow, o.step, o.attempt FROM own_offers o JOIN attempts a USING"
            " (flow, step, attempt) WHERE a.phase NOT IN (?, ?, ?)",
            (Phase.REPORTED, Phase.FAILED, Phase.CANCELLED),
        ).fetchall()
        offers = [self.own_offer(AttemptKey(*row)) for row in rows]
        return {port for offer in offers if offer for port in offer.ports.values()}

    def put_offer(self, key: AttemptKey, alias: str, body: bytes, *, sender: str) -> bool:
        """Keep an offer; False when another one of that party is kept already."""
        self._db.execute(
            "INSERT OR IGNORE INTO offers (flow, step, attempt, alias, sender, body)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (*_key(key), alias, sender, body),
        )
        return self.offers(key).get(alias) == (sender, body)

    def replace_offer(self, key: AttemptKey, alias: str, body: bytes, *, sender: str) -> None:
        """Take a newer offer of a party in place of its first."""
        self._db.execute(
            "INSERT OR REPLACE INTO offers (flow, step, attempt, alias, sender, body)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (*_key(key), alias, sender, body),
        )

    def offers(self, key: AttemptKey) -> dict[str, tuple[str, bytes]]:
        """Sender DID (empty for the own) and body by alias."""
        rows = self._db.execute(
            "SELECT alias, sender, body FROM offers WHERE flow = ? AND step = ? AND attempt = ?",
            _key(key),
        )
        return {alias: (sender, bytes(body)) for alias, sender, body in rows}

    # Workers and progress

    def put_worker(self, row: WorkerRow) -> None:
        """Note a running worker."""
        self._db.execute(
            "INSERT OR REPLACE INTO workers (flow, step, attempt, pid, started, work_dir)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (*_key(row.key), row.pid, row.started, row.work_dir),
        )

    def remove_worker(self, key: AttemptKey) -> None:
        """Forget a worker that has ended."""
        self._db.execute(
            "DELETE FROM workers WHERE flow = ? AND step = ? AND attempt = ?", _key(key)
        )

    def workers(self) -> list[WorkerRow]:
        """Workers not known to have ended."""
        rows = self._db.execute(
            "SELECT flow, step, attempt, pid, started, work_dir FROM workers"
        ).fetchall()
        return [WorkerRow(AttemptKey(*row[:3]), *row[3:]) for row in rows]

    def put_progress(self, key: AttemptKey, row: ProgressRow) -> None:
        """Remember the latest progress."""
        self._db.execute(
            "INSERT OR REPLACE INTO progress (flow, step, attempt, phase, done, total, time_ms,"
            " since_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (*_key(key), row.phase, row.done, row.total, row.time_ms, row.since_ms),
        )

    def progress(self, key: AttemptKey) -> ProgressRow | None:
        """The latest progress."""
        row = self._db.execute(
            "SELECT phase, done, total, time_ms, since_ms, COALESCE(number, 0) FROM progress"
            " LEFT JOIN resumptions USING (flow, step, attempt)"
            " WHERE flow = ? AND step = ? AND attempt = ?",
            _key(key),
        ).fetchone()
        return None if row is None else ProgressRow(*row)

    # Checkpoints

    def checkpoint_key(self, flow: str, step: str, fresh: bytes) -> bytes:
        """Key of a step's checkpoints; the first one stays until they are removed."""
        place = f"{flow}/{step}"
        self._db.execute(
            "INSERT OR IGNORE INTO checkpoints (flow, step, secret) VALUES (?, ?, ?)",
            (flow, step, self._seal("checkpoint", place, fresh)),
        )
        row = self._db.execute(
            "SELECT secret FROM checkpoints WHERE flow = ? AND step = ?", (flow, step)
        ).fetchone()
        return self._open_bytes("checkpoint", place, bytes(row[0]))

    def checkpointed(self, flow: str) -> list[str]:
        """Steps of a flow that may have checkpoints here."""
        rows = self._db.execute("SELECT step FROM checkpoints WHERE flow = ?", (flow,))
        return [row[0] for row in rows.fetchall()]

    def all_checkpointed(self) -> list[tuple[str, str]]:
        """Flow and step of all that may have checkpoints here."""
        return self._db.execute("SELECT flow, step FROM checkpoints").fetchall()

    def remove_checkpoint(self, flow: str, step: str) -> None:
        """Forget the key of a step's checkpoints."""
        self._db.execute("DELETE FROM checkpoints WHERE flow = ? AND step = ?", (flow, step))

    def set_resumed(self, key: AttemptKey, number: int) -> None:
        """Remember the checkpoint an attempt went on from."""
        self._db.execute(
            "INSERT OR REPLACE INTO resumptions (flow, step, attempt, number) VALUES (?, ?, ?, ?)",
            (*_key(key), number),
        )

    # Outcomes and objects

    def put_outcome(self, key: AttemptKey, evidence: bytes) -> None:
        """Fix the evidence about to be reported; the first one stays."""
        self._db.execute(
            "INSERT OR IGNORE INTO outcomes (flow, step, attempt, evidence) VALUES (?, ?, ?, ?)",
            (*_key(key), evidence),
        )

    def outcome(self, key: AttemptKey) -> bytes | None:
        """Evidence fixed for an attempt."""
        row = self._db.execute(
            "SELECT evidence FROM outcomes WHERE flow = ? AND step = ? AND attempt = ?", _key(key)
        ).fetchone()
        return None if row is None else bytes(row[0])

    def put_object(self, row: ObjectRow) -> None:
        """Remember an output kept in the vault."""
        place = f"{row.flow}/{row.step}/{row.attempt}/{row.port}"
        self._db.execute(
            "INSERT OR REPLACE INTO objects (flow, step, port, attempt, object_id, kind, rows,"
            " opened, commitment, secret, created_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                row.flow, row.step, row.port, row.attempt, row.object_id, row.kind, row.rows,
                int(row.opened), row.commitment,
                self._seal("object", place, msgspec.json.encode(row.secret)), row.created_ms,
            ),
        )  # fmt: skip

    def objects(self, flow: str, step: str = "", attempt: int = 0) -> list[ObjectRow]:
        """Outputs kept, of a flow, a step or one attempt."""
        rows = self._db.execute(
            "SELECT flow, step, port, attempt, object_id, kind, rows, opened, commitment, secret,"
            " created_ms FROM objects WHERE flow = ? AND (? = '' OR step = ?)"
            " AND (? = 0 OR attempt = ?) ORDER BY created_ms, step, port",
            (flow, step, step, attempt, attempt),
        )
        return [self._object(row) for row in rows]

    def _object(self, row: tuple[Any, ...]) -> ObjectRow:
        flow, step, port, attempt, object_id, kind, rows, opened, commitment, sealed, made = row
        secret = self._open("object", f"{flow}/{step}/{attempt}/{port}", sealed, ObjectSecret)
        return ObjectRow(
            flow, step, port, attempt, object_id, kind, rows, bool(opened), commitment, secret, made
        )

    def has_object(self, object_id: str) -> bool:
        """Whether a vault object is known."""
        row = self._db.execute("SELECT 1 FROM objects WHERE object_id = ?", (object_id,))
        return row.fetchone() is not None

    def remove_object(self, object_id: str) -> None:
        """Forget a vault object."""
        self._db.execute("DELETE FROM objects WHERE object_id = ?", (object_id,))

    # Inside

    def _claim(self, chain: str) -> None:
        version, known = self._meta("schema"), self._meta("chain")
        if version is None:
            with self.transaction():
                self._set_meta("schema", str(SCHEMA_VERSION))
                self._set_meta("chain", chain)
                check = self._seal("check", chain, b"hanse").hex()
                self._set_meta("check", check)
            return
        if version != str(SCHEMA_VERSION):
            raise JournalDamaged(f"the work journal has version {version}")
        if known != chain:
            raise JournalDamaged("the work journal belongs to another network")
        self._open_bytes("check", chain, bytes.fromhex(self._meta("check") or ""))

    def _meta(self, name: str) -> str | None:
        row = self._db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def _set_meta(self, name: str, value: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", (name, value))

    def _seal(self, what: str, place: str, data: bytes) -> bytes:
        return self._suite.seal(self._key, data, _associated(what, place))

    def _open(self, what: str, place: str, sealed: object, type_: type[T]) -> T:
        data = sealed if isinstance(sealed, bytes) else b""
        return msgspec.json.decode(self._open_bytes(what, place, data), type=type_)

    def _open_bytes(self, what: str, place: str, sealed: bytes) -> bytes:
        try:
            return self._suite.open(self._key, sealed, _associated(what, place))
        except VerificationError as error:
            raise JournalDamaged("a sealed row of the work journal does not open") from error


def _attempt(row: tuple[Any, ...]) -> AttemptRow:
    flow, step, attempt, phase, manifest, first_byte, fault, created_ms, updated_ms = row
    return AttemptRow(
        AttemptKey(flow, step, attempt),
        Phase(phase),
        manifest,
        bool(first_byte),
        None if fault is None else msgspec.json.decode(fault, type=Fault),
        created_ms,
        updated_ms,
    )


def _key(key: AttemptKey) -> tuple[str, str, int]:
    return key.flow, key.step, key.attempt


def _associated(what: str, place: str) -> bytes:
    return tagged("hanse/journal/1", what.encode(), place.encode())
