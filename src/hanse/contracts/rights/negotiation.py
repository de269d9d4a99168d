"""Handlers: a grant from application to its end."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from hanse.contracts.rights import errors, events, messages, rules
from hanse.contracts.rights.holding import rights_of
from hanse.contracts.rights.needs import Datasets, Members
from hanse.contracts.rights.types import GRANTS, GrantRecord, Terms
from hanse.ledger.contract.contract import Context


class GrantRef(msgspec.Struct, frozen=True):
    """Result of applying for a grant."""

    grant: str


def request(ctx: Context, message: messages.RequestGrant) -> GrantRef:
    """Apply at the holder of the processing right, at the dataset's price."""
    members = ctx.need(Members)
    members.require_role(ctx.sender, "data_consumer")
    facts = ctx.need(Datasets).published(message.dataset)
    if facts.owner == ctx.sender:
        raise errors.OwnDataset()
    terms = Terms(
        fields=message.fields,
        purpose=message.purpose,
        operators=message.operators,
        uses=message.uses,
        not_after_ms=message.not_after_ms,
        price_points=facts.price_points,
        receivers=message.receivers,
    )
    rules.require_terms(terms, facts, ctx.time_ms)
    for receiver in terms.receivers:
        members.require_active(receiver)
    grant = GrantRecord(
        id=ctx.new_id("gr"),
        dataset=message.dataset,
        owner=rights_of(ctx, message.dataset, facts.owner).processing,
        consumer=ctx.sender,
        terms=terms,
        state="REQUESTED",
        requested_ms=ctx.time_ms,
    )
    _put(ctx, grant, events.GrantRequested)
    return GrantRef(grant.id)


def offer(ctx: Context, message: messages.OfferGrant) -> None:
    """Answer an application with other terms."""
    grant = _grant_of_owner(ctx, message.grant)
    rules.require_state(grant, "REQUESTED")
    terms = _changed(grant.terms, message)
    rules.require_terms(terms, ctx.need(Datasets).published(grant.dataset), ctx.time_ms)
    for receiver in terms.receivers:
        ctx.need(Members).require_active(receiver)
    _put(ctx, replace(grant, terms=terms, state="OFFERED"), events.GrantOffered)


def accept(ctx: Context, message: messages.AcceptOffer) -> None:
    """Accept the owner's terms."""
    grant = _grant_of_consumer(ctx, message.grant)
    rules.require_state(grant, "OFFERED")
    _put(ctx, replace(grant, state="ACCEPTED"), events.OfferAccepted)


def agree(ctx: Context, message: messages.AgreeGrant) -> None:
    """Grant: by who holds the processing right still, for a dataset still on offer."""
    grant = _grant_of_owner(ctx, message.grant)
    rules.require_state(grant, "REQUESTED", "ACCEPTED")
    facts = ctx.need(Datasets).published(grant.dataset)
    if rights_of(ctx, grant.dataset, facts.owner).processing != ctx.sender:
        raise errors.RightNotHeld()
    rules.require_terms(grant.terms, facts, ctx.time_ms)
    _put(ctx, replace(grant, state="AGREED"), events.GrantAgreed)


def verify(ctx: Context, message: messages.VerifyGrant) -> None:
    """Confirm the agreement; with both signatures on the ledger the grant is final."""
    grant = _grant_of_consumer(ctx, message.grant)
    rules.require_state(grant, "AGREED")
    verified = _put(ctx, replace(grant, state="VERIFIED"), events.GrantVerified)
    final = replace(verified, state="FINALIZED", standing="ACTIVE")
    _put(ctx, final, events.GrantFinalized)


def terminate(ctx: Context, message: messages.TerminateGrant) -> None:
    """Reject or withdraw while the grant is not final."""
    grant = _load(ctx, message.grant)
    if ctx.sender not in (grant.owner, grant.consumer):
        raise errors.GrantNotYours()
    rules.require_state(grant, *rules.OPEN_STATES)
    ended = replace(grant, state="TERMINATED", reason=message.reason)
    _put(ctx, ended, events.GrantTerminated)


def revoke(ctx: Context, message: messages.RevokeGrant) -> None:
    """End a final grant; flows that hold a use stop at their next touch of the ledger."""
    grant = _grant_of_owner(ctx, message.grant)
    if grant.state != "FINALIZED":
        raise errors.GrantNotFinal(f"the grant is {grant.state}; terminate it instead")
    if grant.standing == "REVOKED":
        raise errors.GrantRevokedError()
    revoked = replace(grant, standing="REVOKED", reason=message.reason)
    _put(ctx, revoked, events.GrantRevoked)


def _changed(terms: Terms, message: messages.OfferGrant) -> Terms:
    # A term the message leaves out is None; no term can be set to None.
    new = {
        name: value
        for name, value in msgspec.structs.asdict(message).items()
        if name != "grant" and value is not None
    }
    return replace(terms, **new)


def _load(ctx: Context, grant: str) -> GrantRecord:
    ctx.need(Members).require_active(ctx.sender)
    return GRANTS.require(ctx.state, errors.GrantNotFound, grant)


def _grant_of_owner(ctx: Context, grant: str) -> GrantRecord:
    record = _load(ctx, grant)
    if record.owner != ctx.sender:
        raise errors.GrantNotYours("only the owner decides on this grant")
    return record


def _grant_of_consumer(ctx: Context, grant: str) -> GrantRecord:
    record = _load(ctx, grant)
    if record.consumer != ctx.sender:
        raise errors.GrantNotYours("only the consumer answers for this grant")
    return record


def _put(ctx: Context, grant: GrantRecord, event: type[events.GrantEvent]) -> GrantRecord:
    record = replace(grant, updated_ms=ctx.time_ms)
    GRANTS.put(ctx.state, record, record.id)
    ctx.emit(
        event(
            grant=record.id,
            dataset=record.dataset,
            owner=record.owner,
            consumer=record.consumer,
            entry=record,
        )
    )
    return record
