"""Reading evidence."""

from __future__ import annotations

from hanse.contracts.evidence.types import (
    ANCHORS,
    BY_ATTEMPT,
    RECORDS,
    AnchorRecord,
    EvidenceRecord,
)
from hanse.ledger.contract.state import StateReader


def get_evidence(state: StateReader, evidence: str) -> EvidenceRecord | None:
    """The record, or None."""
    return RECORDS.get(state, evidence)


def find_evidence(
    state: StateReader, flow: str, step: str, attempt: int, party: str
) -> EvidenceRecord | None:
    """What a party put on record about an attempt of a step, or None."""
    reference = BY_ATTEMPT.get(state, flow, step, attempt, party)
    return None if reference is None else RECORDS.get(state, reference.evidence)


def recorded_outputs(
    state: StateReader, flow: str, step: str, attempt: int, party: str
) -> list[str]:
    """Names of the outputs a party put on record about an attempt of a step."""
    known = find_evidence(state, flow, step, attempt, party)
    return [item.name for item in known.items if item.kind == "output"] if known else []


def get_anchor(state: StateReader, member: str) -> AnchorRecord | None:
    """The newest anchor of a member's audit log, or None."""
    return ANCHORS.get(state, member)
