"""What one may ask of the evidence contract."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from hanse.contracts.bounds import Count, Digest
from hanse.contracts.evidence.types import EvidenceItem
from hanse.ledger.contract.contract import Message

Subject = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9:_./-]{0,127}\Z", max_length=128)]


class AnchorLog(Message, frozen=True):
    """Anchor the head of the sender's hash-chained audit log. Sender: any member."""

    head: Digest
    length: Count


class RecordEvidence(Message, frozen=True):
    """Put commitments on record about any subject. Sender: any member."""

    subject: Subject
    items: Annotated[list[EvidenceItem], Meta(min_length=1, max_length=64)]
