"""Handlers: accredited issuers and credential status lists (W3C Bitstring Status List 1.0)."""

from __future__ import annotations

import msgspec

from hanse.contracts.identity import errors, events, messages, queries, rules
from hanse.contracts.identity.types import (
    CHUNK_BITS,
    ISSUERS,
    MEMBERS,
    STATUS_CHUNKS,
    STATUS_LISTS,
    IssuerRecord,
    StatusChunk,
    StatusListRecord,
)
from hanse.ledger.contract.contract import Context


class StatusListRef(msgspec.Struct, frozen=True):
    """Result of creating a status list."""

    status_list: str


def accredit(ctx: Context, message: messages.AccreditIssuer) -> None:
    """Let an active member issue credentials of these types."""
    rules.require_role(queries.active_member(ctx.state, ctx.sender), "operator")
    queries.active_member(ctx.state, message.did)
    record = IssuerRecord(did=message.did, types=message.types, updated_height=ctx.height)
    ISSUERS.put(ctx.state, record, message.did)
    ctx.emit(events.IssuerAccredited(did=message.did, types=message.types))


def withdraw_accreditation(ctx: Context, message: messages.WithdrawAccreditation) -> None:
    """Stop a member from issuing; what it issued stays verifiable by its status."""
    rules.require_role(queries.active_member(ctx.state, ctx.sender), "operator")
    MEMBERS.require(ctx.state, errors.MemberNotFound, message.did)
    record = ISSUERS.get(ctx.state, message.did)
    if record is None or not record.active:
        raise errors.NotAnIssuer(f"{message.did} is not accredited")
    ended = msgspec.structs.replace(record, active=False, updated_height=ctx.height)
    ISSUERS.put(ctx.state, ended, message.did)
    ctx.emit(events.AccreditationWithdrawn(did=message.did, reason=message.reason))


def create_list(ctx: Context, message: messages.CreateStatusList) -> StatusListRef:
    """Start an empty status list of the sender."""
    queries.active_member(ctx.state, ctx.sender)
    if not queries.is_issuer(ctx.state, ctx.sender):
        raise errors.NotAnIssuer()
    list_id = ctx.new_id("sl")
    record = StatusListRecord(
        id=list_id,
        issuer=ctx.sender,
        purpose=message.purpose,
        size=message.size,
        updated_height=ctx.height,
    )
    STATUS_LISTS.put(ctx.state, record, list_id)
    ctx.emit(
        events.StatusListCreated(
            status_list=list_id, issuer=ctx.sender, purpose=message.purpose, size=message.size
        )
    )
    return StatusListRef(list_id)


def set_status(ctx: Context, message: messages.SetStatus) -> None:
    """Set one bit; setting it to what it is changes nothing."""
    queries.active_member(ctx.state, ctx.sender)
    record = STATUS_LISTS.require(ctx.state, errors.StatusListNotFound, message.status_list)
    if record.issuer != ctx.sender:
        raise errors.NotYourStatusList()
    if message.value == queries.status_bit(ctx.state, record.id, message.index):
        return
    if record.purpose == "revocation" and not message.value:
        raise errors.RevocationIsFinal()
    number, offset = divmod(message.index, CHUNK_BITS)
    chunk = STATUS_CHUNKS.get(ctx.state, record.id, number)
    bits = rules.EMPTY_CHUNK if chunk is None else chunk.bits
    changed = StatusChunk(bits=rules.set_bit(bits, offset, message.value))
    STATUS_CHUNKS.put(ctx.state, changed, record.id, number)
    version = record.version + 1
    STATUS_LISTS.put(
        ctx.state,
        msgspec.structs.replace(record, version=version, updated_height=ctx.height),
        record.id,
    )
    ctx.emit(
        events.StatusSet(
            status_list=record.id, index=message.index, value=message.value, version=version
        )
    )
