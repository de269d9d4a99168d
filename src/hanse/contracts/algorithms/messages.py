"""What one may ask of the algorithms contract."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from hanse.contracts.algorithms.types import (
    AlgorithmName,
    AlgorithmRef,
    AlgorithmVersion,
    Levels,
)
from hanse.contracts.bounds import Digest, Short, Slug
from hanse.ledger.contract.contract import Message

Environment = Annotated[dict[Slug, Annotated[str, Meta(max_length=40)]], Meta(max_length=16)]


class PublishAlgorithm(Message, frozen=True, kw_only=True):
    """Publish one version of an algorithm. Sender: an algorithm provider."""

    name: AlgorithmName
    version: AlgorithmVersion
    fingerprint: Digest
    size_bytes: Annotated[int, Meta(ge=1, le=131_072)]
    manifest: dict[str, Any]
    levels: Levels
    environment: Environment = msgspec.field(default_factory=dict)


class WithdrawAlgorithm(Message, frozen=True):
    """Take a version back for good. Sender: its author."""

    algorithm: AlgorithmRef
    reason: Short = ""


class ApproveAlgorithm(Message, frozen=True):
    """Approve the version with this fingerprint for one's own part. Sender: any member."""

    algorithm: AlgorithmRef
    fingerprint: Digest


class RevokeApproval(Message, frozen=True):
    """Take one's own approval back. Sender: who gave it."""

    algorithm: AlgorithmRef
    reason: Short = ""
