"""What this node saw other validators do wrong, kept until somebody reports it to the ledger."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Literal

import structlog

FaultKind = Literal["equivocation", "bad_extension", "bad_certificate", "bad_proposal"]
KEPT = 1_000
EVIDENCE_BYTES = 2_048
_log = structlog.get_logger("hanse.ledger")


@dataclass(frozen=True)
class Fault:
    """One thing a validator did.

    Attributes:
        offender: DID of the validator.
        height: block it concerns.
        kind: what it did.
        evidence: what it sent, cut to 2 KiB.
        reason: what did not hold, for people.
        proof: two signed statements of the offender about this height that contradict each
            other, whole; they convict it without any other report.
    """

    offender: str
    height: int
    kind: FaultKind
    evidence: bytes = b""
    reason: str = ""
    proof: tuple[bytes, bytes] | None = None

    @property
    def key(self) -> tuple[str, int, str, bool]:
        """Two faults of one key are one."""
        return self.offender, self.height, self.kind, self.proof is not None


class Faults:
    """Faults seen since the start, each once, bounded, the oldest forgotten first."""

    def __init__(self) -> None:
        self._seen: OrderedDict[tuple[str, int, str, bool], Fault] = OrderedDict()
        self._unreported: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        """Remember a fault; one seen before changes nothing."""
        with self._lock:
            if fault.key in self._seen:
                return
            self._seen[fault.key] = fault
            self._unreported.append(fault)
            if len(self._seen) > KEPT:
                self._seen.popitem(last=False)
                del self._unreported[:-KEPT]
        _log.warning(
            "ledger.validator_fault",
            offender=fault.offender,
            height=fault.height,
            kind=fault.kind,
            reason=fault.reason,
        )

    def take(self) -> list[Fault]:
        """What was not taken yet."""
        with self._lock:
            taken, self._unreported = self._unreported, []
        return taken

    def seen(self) -> list[Fault]:
        """All that is remembered, oldest first."""
        with self._lock:
            return list(self._seen.values())
