"""Records of evidence: salted commitments, never plain values."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from hanse.contracts.bounds import Digest
from hanse.ledger.contract.contract import Record
from hanse.ledger.contract.state import Collection

ItemName = Annotated[
    str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_-]{0,63}(\.[A-Za-z_][A-Za-z0-9_-]{0,63}){0,2}\Z")
]
ItemKind = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_-]{0,31}\Z")]


class EvidenceItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A commitment and, sealed to those who may open it, its opening.

    Attributes:
        name: what is committed to, ``port`` or ``metric.auc``; a name, never a value.
        kind: input, output, parameters, algorithm, metric, count, model, …
        commitment: hex digest, ``hanse/commitment/1``.
        envelope: JWE general serialisation of the opening, or None when kept off the ledger.
    """

    name: ItemName
    kind: ItemKind
    commitment: Digest
    envelope: dict[str, Any] | None = None


class EvidenceRecord(Record, frozen=True):
    """What one party put on record about one subject.

    ``subject`` is a flow for task evidence (then ``step`` and ``attempt`` are set), otherwise
    whatever the party named.
    """

    id: str
    subject: str
    step: str
    attempt: int
    party: str
    items: list[EvidenceItem]
    time_ms: int


class EvidenceReference(Record, frozen=True):
    """Where the evidence of a party about a step's attempt stands."""

    evidence: str


class AnchorRecord(Record, frozen=True):
    """The newest anchored head of a node's audit log."""

    head: str
    length: int
    sequence: int
    time_ms: int


RECORDS = Collection("evidence", "record", EvidenceRecord)
BY_ATTEMPT = Collection("evidence", "attempt", EvidenceReference)
ANCHORS = Collection("evidence", "anchor", AnchorRecord)
