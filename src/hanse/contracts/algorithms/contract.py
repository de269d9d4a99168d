"""The algorithms contract: handlers of its messages."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from hanse.contracts.algorithms import errors, events, messages, rules
from hanse.contracts.algorithms.needs import NEEDS, Members
from hanse.contracts.algorithms.types import (
    ALGORITHMS,
    APPROVALS,
    NAMES,
    AlgorithmRecord,
    ApprovalRecord,
    NameRecord,
)
from hanse.core import canonical
from hanse.ledger.contract.contract import Context, Contract

MANIFEST_DOMAIN = "hanse/algorithm-manifest/1"


class Published(msgspec.Struct, frozen=True):
    """Result of publishing."""

    algorithm: str


def publish(ctx: Context, message: messages.PublishAlgorithm) -> Published:
    """Enter a version; the sender is its author."""
    ctx.need(Members).require_role(ctx.sender, "algorithm_provider")
    rules.require_sound(message)
    name = NAMES.get(ctx.state, message.name)
    if name is not None and name.author != ctx.sender:
        raise errors.NameTaken()
    encoded = canonical.tagged(MANIFEST_DOMAIN, canonical.encode(message.manifest))
    record = rules.describe(
        message,
        author=ctx.sender,
        manifest_digest=ctx.suite.hash(encoded).hex(),
        published_ms=ctx.time_ms,
    )
    if ALGORITHMS.has(ctx.state, record.id):
        raise errors.AlgorithmExists(f"{record.id} was published before")
    NAMES.put(ctx.state, NameRecord(author=ctx.sender), message.name)
    ALGORITHMS.put(ctx.state, record, record.id)
    ctx.emit(events.AlgorithmPublished(algorithm=record.id, author=ctx.sender, entry=record))
    return Published(record.id)


def withdraw(ctx: Context, message: messages.WithdrawAlgorithm) -> None:
    """Take a version back for good."""
    record = _published(ctx, message.algorithm)
    if record.author != ctx.sender:
        raise errors.NotYourAlgorithm()
    ALGORITHMS.put(ctx.state, replace(record, state="WITHDRAWN"), record.id)
    ctx.emit(
        events.AlgorithmWithdrawn(algorithm=record.id, author=ctx.sender, reason=message.reason)
    )


def approve(ctx: Context, message: messages.ApproveAlgorithm) -> None:
    """Approve for one's own part; approving again changes nothing."""
    record = _published(ctx, message.algorithm)
    if record.fingerprint != message.fingerprint:
        raise errors.OtherFingerprint(f"{record.id} has another fingerprint")
    known = APPROVALS.get(ctx.state, record.id, ctx.sender)
    if known is not None and known.state == "APPROVED":
        return
    approval = ApprovalRecord(
        fingerprint=record.fingerprint, state="APPROVED", updated_ms=ctx.time_ms
    )
    APPROVALS.put(ctx.state, approval, record.id, ctx.sender)
    ctx.emit(
        events.AlgorithmApproved(
            algorithm=record.id, party=ctx.sender, fingerprint=record.fingerprint
        )
    )


def revoke(ctx: Context, message: messages.RevokeApproval) -> None:
    """Take one's own approval back; of a withdrawn version too."""
    ctx.need(Members).require_active(ctx.sender)
    known = APPROVALS.get(ctx.state, message.algorithm, ctx.sender)
    if known is None or known.state == "REVOKED":
        raise errors.NotApproved("the sender has not approved it")
    revoked = replace(known, state="REVOKED", updated_ms=ctx.time_ms)
    APPROVALS.put(ctx.state, revoked, message.algorithm, ctx.sender)
    ctx.emit(
        events.ApprovalRevoked(algorithm=message.algorithm, party=ctx.sender, reason=message.reason)
    )


def _published(ctx: Context, algorithm: str) -> AlgorithmRecord:
    ctx.need(Members).require_active(ctx.sender)
    record = ALGORITHMS.require(ctx.state, errors.AlgorithmNotFound, algorithm)
    if record.state == "WITHDRAWN":
        raise errors.AlgorithmWithdrawnError(f"{algorithm} is withdrawn")
    return record


SPEC = Contract(
    name="algorithms",
    version=1,
    handlers={
        messages.PublishAlgorithm: publish,
        messages.WithdrawAlgorithm: withdraw,
        messages.ApproveAlgorithm: approve,
        messages.RevokeApproval: revoke,
    },
    needs=NEEDS,
    events=(
        events.AlgorithmPublished,
        events.AlgorithmWithdrawn,
        events.AlgorithmApproved,
        events.ApprovalRevoked,
    ),
)
