"""Records of algorithms and approvals."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta

from hanse.contracts.bounds import Level
from hanse.ledger.contract.contract import Record
from hanse.ledger.contract.state import Collection

AlgorithmState = Literal["PUBLISHED", "WITHDRAWN"]
ApprovalState = Literal["APPROVED", "REVOKED"]
AlgorithmName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,39}\Z", max_length=40)]
_NUMBER = r"(0|[1-9][0-9]{0,5})"
AlgorithmVersion = Annotated[str, Meta(pattern=rf"^{_NUMBER}\.{_NUMBER}\.{_NUMBER}\Z")]
AlgorithmRef = Annotated[
    str, Meta(pattern=rf"^[a-z][a-z0-9_]{{0,39}}@{_NUMBER}\.{_NUMBER}\.{_NUMBER}\Z", max_length=64)
]
"""``name@version``."""
Levels = Annotated[list[Level], Meta(min_length=1, max_length=5)]


class AlgorithmRecord(Record, frozen=True):
    """One version of an algorithm as its author describes it.

    Attributes:
        id: ``name@version``.
        fingerprint: digest of the package's canonical bytes.
        manifest: the package's manifest as plain values; nodes compare it with the package.
        manifest_digest: of its canonical form.
        environment: versions of libraries it was traced with, by name.
    """

    id: str
    name: str
    version: str
    author: str
    fingerprint: str
    size_bytes: int
    manifest: dict[str, Any]
    manifest_digest: str
    levels: list[int]
    environment: dict[str, str]
    state: AlgorithmState = "PUBLISHED"
    published_ms: int = 0


class ApprovalRecord(Record, frozen=True):
    """What one party says of one version; its signature is the transaction's."""

    fingerprint: str
    state: ApprovalState
    updated_ms: int


class NameRecord(Record, frozen=True):
    """Whose a name is."""

    author: str


ALGORITHMS = Collection("algorithms", "algorithm", AlgorithmRecord)
APPROVALS = Collection("algorithms", "approval", ApprovalRecord)
NAMES = Collection("algorithms", "name", NameRecord)
