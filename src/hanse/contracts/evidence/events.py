"""What was put on record."""

from __future__ import annotations

from hanse.ledger.contract.contract import Event


class EvidenceRecorded(Event, frozen=True):
    """A party's commitments stand on the ledger; names and kinds only, sealed parts in state."""

    evidence: str
    subject: str
    step: str
    attempt: int
    party: str
    names: list[str]
    kinds: list[str]
    commitments: list[str]


class LogAnchored(Event, frozen=True):
    """A node fixed the head of its audit log."""

    member: str
    head: str
    length: int
    sequence: int
