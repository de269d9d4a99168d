"""What happened to algorithms and approvals."""

from __future__ import annotations

from hanse.contracts.algorithms.types import AlgorithmRecord
from hanse.ledger.contract.contract import Event


class AlgorithmPublished(Event, frozen=True):
    """A version can be reviewed and approved."""

    algorithm: str
    author: str
    entry: AlgorithmRecord


class AlgorithmWithdrawn(Event, frozen=True):
    """A version can no longer be used."""

    algorithm: str
    author: str
    reason: str


class AlgorithmApproved(Event, frozen=True):
    """A party approved what has this fingerprint."""

    algorithm: str
    party: str
    fingerprint: str


class ApprovalRevoked(Event, frozen=True):
    """A party took its approval back."""

    algorithm: str
    party: str
    reason: str
