"""What the journal keeps."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec


class Phase(StrEnum):
    """How far this node is with an attempt. Only ever moves down this list."""

    SEEN = "SEEN"
    OFFERED = "OFFERED"
    CONFIRMED = "CONFIRMED"
    RUNNING = "RUNNING"
    FINISHED = "FINISHED"
    REPORTED = "REPORTED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


ENDED = frozenset({Phase.REPORTED, Phase.FAILED, Phase.CANCELLED})


@dataclass(frozen=True, order=True)
class AttemptKey:
    """One attempt of one step of one flow."""

    flow: str
    step: str
    attempt: int

    def __str__(self) -> str:
        return f"{self.flow}/{self.step}/{self.attempt}"

    @property
    def folder(self) -> str:
        """A name for the attempt's scratch directory."""
        return f"{self.flow}.{self.step}.{self.attempt}"


class Fault(msgspec.Struct, frozen=True):
    """Why an attempt failed here, as it is reported to the ledger; no data in it.

    Attributes:
        phase: what this node was doing.
        blamed: alias of the party at fault, empty when nobody is known to be.
        final: whether another attempt cannot help.
    """

    phase: str
    code: str
    message: str
    blamed: str = ""
    final: bool = False


@dataclass(frozen=True)
class AttemptRow:
    """An attempt as journalled.

    Attributes:
        manifest: hash confirmed on the ledger, hex; empty before.
        first_byte: whether something derived from data has left this node.
        fault: set once it failed here.
    """

    key: AttemptKey
    phase: Phase
    manifest: str
    first_byte: bool
    fault: Fault | None
    created_ms: int
    updated_ms: int


class OwnOffer(msgspec.Struct, frozen=True):
    """What only this node knows of its offer; sealed in the journal."""

    private_key: str
    output_key: str
    ports: dict[str, int]


@dataclass(frozen=True)
class WorkerRow:
    """A worker process of this node, by pid and start time so that no other is ever hit."""

    key: AttemptKey
    pid: int
    started: str
    work_dir: str


@dataclass(frozen=True)
class ProgressRow:
    """How far the worker said it is; ``total`` 0 when unknown, ``since_ms`` start of the phase.

    ``resumed`` is the number of the checkpoint the attempt went on from, 0 when from none.
    """

    phase: str
    done: int
    total: int
    time_ms: int
    since_ms: int
    resumed: int = 0

    def left_ms(self, now_ms: int) -> int | None:
        """Time the phase will still take if it goes on as it did; None when nobody can say."""
        done = self.done - self.resumed if self.resumed < self.total else self.done
        if not done > 0 or self.done > self.total:
            return None
        spent = self.time_ms - self.since_ms
        return max(0, spent * (self.total - self.done) // done - (now_ms - self.time_ms))


class ObjectSecret(msgspec.Struct, frozen=True):
    """The part of a stored output that is sealed in the journal."""

    opening: dict[str, Any]
    meta: dict[str, Any]


@dataclass(frozen=True)
class ObjectRow:
    """An output of a step kept at this node.

    Attributes:
        opened: whether this node may read it as a result.
        commitment: hex, as reported to the ledger.
    """

    flow: str
    step: str
    port: str
    attempt: int
    object_id: str
    kind: str
    rows: int
    opened: bool
    commitment: str
    secret: ObjectSecret
    created_ms: int
