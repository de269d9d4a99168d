"""What evidence hands to other contracts: recording of task evidence, exactly once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from hanse.contracts.evidence import errors, events, rules
from hanse.contracts.evidence.queries import find_evidence, recorded_outputs
from hanse.contracts.evidence.types import (
    BY_ATTEMPT,
    RECORDS,
    EvidenceItem,
    EvidenceRecord,
    EvidenceReference,
)
from hanse.ledger.contract.contract import Context


class Item(Protocol):
    """An item as another contract's message carries it."""

    @property
    def name(self) -> str:
        """What is committed to."""
        ...

    @property
    def kind(self) -> str:
        """Which kind of thing that is."""
        ...

    @property
    def commitment(self) -> str:
        """Hex digest."""
        ...

    @property
    def envelope(self) -> dict[str, Any] | None:
        """Sealed opening, if any."""
        ...


class EvidenceRef(msgspec.Struct, frozen=True):
    """Result of recording evidence."""

    evidence: str


class Recorder:
    """Records what a party says of an attempt."""

    def __init__(self, context: Context) -> None:
        self._ctx = context

    def record(self, flow: str, step: str, attempt: int, party: str, items: Sequence[Item]) -> str:
        """Record once; the same again changes nothing. Returns the identifier.

        Raises:
            EvidenceDiffers, DuplicateItems, ObjectTooLarge.
        """
        own = [EvidenceItem(i.name, i.kind, i.commitment, i.envelope) for i in items]
        known = find_evidence(self._ctx.state, flow, step, attempt, party)
        if known is not None:
            if known.items != own:
                raise errors.EvidenceDiffers()
            return known.id
        evidence = put(self._ctx, subject=flow, step=step, attempt=attempt, party=party, items=own)
        reference = EvidenceReference(evidence=evidence)
        BY_ATTEMPT.put(self._ctx.state, reference, flow, step, attempt, party)
        return evidence

    def outputs(self, flow: str, step: str, attempt: int, party: str) -> list[str]:
        """Names of the outputs a party put on record about an attempt."""
        return recorded_outputs(self._ctx.state, flow, step, attempt, party)


def put(
    ctx: Context,
    *,
    subject: str,
    step: str,
    attempt: int,
    party: str,
    items: list[EvidenceItem],
) -> str:
    """Write one record and tell of it."""
    rules.require_items(items)
    evidence = ctx.new_id("ev")
    record = EvidenceRecord(
        id=evidence,
        subject=subject,
        step=step,
        attempt=attempt,
        party=party,
        items=items,
        time_ms=ctx.time_ms,
    )
    RECORDS.put(ctx.state, record, evidence)
    ctx.emit(
        events.EvidenceRecorded(
            evidence=evidence,
            subject=subject,
            step=step,
            attempt=attempt,
            party=party,
            names=[item.name for item in items],
            kinds=[item.kind for item in items],
            commitments=[item.commitment for item in items],
        )
    )
    return evidence
