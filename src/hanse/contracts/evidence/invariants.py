"""What always holds of evidence; tests check it after every step."""

from __future__ import annotations

from hanse.contracts.evidence.queries import find_evidence, get_evidence
from hanse.core.errors import InternalError
from hanse.ledger.contract.state import StateReader


class EvidenceBroken(InternalError):
    """An evidence invariant does not hold."""

    code = "evidence.invariant"


def check_evidence(state: StateReader, evidence: str) -> None:
    """A record is found under its own id and, for task evidence, by flow, step and party."""
    record = get_evidence(state, evidence)
    if record is None or record.id != evidence:
        raise EvidenceBroken("evidence stands under its own id")
    if not record.step:
        return
    found = find_evidence(state, record.subject, record.step, record.attempt, record.party)
    if found != record:
        raise EvidenceBroken("task evidence is found by flow, step, attempt and party")
