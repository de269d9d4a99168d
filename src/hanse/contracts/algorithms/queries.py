"""Reading algorithms and approvals: for the flows contract and for nodes."""

from __future__ import annotations

from collections.abc import Sequence

from hanse.contracts.algorithms import errors
from hanse.contracts.algorithms.types import (
    ALGORITHMS,
    APPROVALS,
    AlgorithmRecord,
    ApprovalRecord,
)
from hanse.ledger.contract.contract import Context
from hanse.ledger.contract.state import StateReader


def get_algorithm(state: StateReader, algorithm: str) -> AlgorithmRecord | None:
    """The version, or None."""
    return ALGORITHMS.get(state, algorithm)


def get_approval(state: StateReader, algorithm: str, party: str) -> ApprovalRecord | None:
    """What a party says of the version; None when it never said anything."""
    return APPROVALS.get(state, algorithm, party)


def require_usable(
    state: StateReader, algorithm: str, fingerprint: str, parties: Sequence[str], level: int
) -> AlgorithmRecord:
    """The version, when these parties may run it on data of this level.

    Raises:
        AlgorithmNotFound, OtherFingerprint, AlgorithmWithdrawnError, LevelNotAllowed, NotApproved.
    """
    record = ALGORITHMS.require(state, errors.AlgorithmNotFound, algorithm)
    if record.fingerprint != fingerprint:
        raise errors.OtherFingerprint(f"{algorithm} has another fingerprint")
    if record.state == "WITHDRAWN":
        raise errors.AlgorithmWithdrawnError(f"{algorithm} is withdrawn")
    if level not in record.levels:
        raise errors.LevelNotAllowed(f"{algorithm} may not be applied to data of level {level}")
    for party in parties:
        approval = APPROVALS.get(state, algorithm, party)
        if approval is None or approval.state != "APPROVED":
            raise errors.NotApproved(f"{party} has not approved {algorithm}")
    return record


class Algorithms:
    """What the contract hands to flows, bound to one transaction."""

    def __init__(self, context: Context) -> None:
        self._state = context.state

    def require_usable(
        self, algorithm: str, fingerprint: str, parties: Sequence[str], level: int
    ) -> None:
        """Refuse what `require_usable` refuses."""
        require_usable(self._state, algorithm, fingerprint, parties, level)
