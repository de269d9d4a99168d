"""Handlers: admission, documents, keys and standing of members."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import msgspec

from hanse.contracts.identity import errors, events, messages, queries, rules
from hanse.contracts.identity.types import (
    DIDS,
    KEYS,
    MEMBERS,
    DidRecord,
    GenesisMember,
    IdentityGenesis,
    KeyRecord,
    MemberRecord,
    MemberState,
)
from hanse.contracts.plain import duplicates
from hanse.core import canonical
from hanse.core.errors import VerificationError
from hanse.crypto.suite import Suite
from hanse.identity.did import (
    ROTATION_DOMAIN,
    DidDocument,
    check_document,
    verify_registration,
)
from hanse.ledger.contract.contract import Context


def begin(ctx: Context, genesis: IdentityGenesis) -> None:
    """Register the preset members; at least one is an operator."""
    if not any("operator" in member.roles for member in genesis.members):
        raise errors.NotYourself("the first members must include an operator")
    for member in genesis.members:
        _admit(ctx, member)


def register(ctx: Context, message: messages.RegisterMember) -> None:
    """Admit an organisation under its own proof."""
    _require_operator(ctx)
    _admit(ctx, message)


def set_roles(ctx: Context, message: messages.SetMemberRoles) -> None:
    """Change what a member may do; an operator keeps its own operator role."""
    _require_operator(ctx)
    _require_distinct_roles(message.roles)
    member = MEMBERS.require(ctx.state, errors.MemberNotFound, message.did)
    if message.did == ctx.sender and "operator" not in message.roles:
        raise errors.NotYourself()
    changed = msgspec.structs.replace(
        member,
        roles=message.roles,
        controller=message.controller,
        credential=message.credential,
        updated_height=ctx.height,
    )
    MEMBERS.put(ctx.state, changed, member.did)
    ctx.emit(events.MemberRolesSet(did=member.did, member=changed))


def update_document(ctx: Context, message: messages.UpdateDocument) -> None:
    """Replace services and agreement keys of the sender's document."""
    queries.active_member(ctx.state, ctx.sender)
    if message.document.id != ctx.sender:
        raise errors.NotYourDid()
    record = DIDS.require(ctx.state, errors.MemberNotFound, ctx.sender)
    check_document(_suite(ctx), message.document)
    rules.require_same_signing_keys(record.document, message.document)
    _replace_document(ctx, record, message.document)
    ctx.emit(
        events.DocumentUpdated(
            did=ctx.sender, document=message.document, version=record.version + 1
        )
    )


def rotate_key(ctx: Context, message: messages.RotateKey) -> None:
    """Replace a signing key; the old one holds to the end of this block."""
    queries.active_member(ctx.state, ctx.sender)
    record = DIDS.require(ctx.state, errors.MemberNotFound, ctx.sender)
    if message.key not in [m.id for m in rules.signing_methods(record.document)]:
        raise errors.NoSuchKey(f"{ctx.sender} has no signing key {message.key}")
    history = KEYS.require(ctx.state, errors.NoSuchKey, ctx.sender, message.key)
    if rules.was_used(history, message.public):
        raise errors.KeyReused()
    document = rules.replace_key(record.document, message.key, message.public)
    check_document(_suite(ctx), document)
    statement = {"did": ctx.sender, "key": message.key, "public": message.public}
    _verify(ctx, message.public, ROTATION_DOMAIN, canonical.encode(statement), message.proof)
    _replace_document(ctx, record, document)
    ctx.emit(
        events.KeyRotated(
            did=ctx.sender,
            key=message.key,
            public=message.public,
            first_height=ctx.height + 1,
            document=document,
            version=record.version + 1,
        )
    )


def deactivate(ctx: Context, message: messages.DeactivateDid) -> None:
    """End a DID: its keys hold to the end of this block, its member is removed."""
    sender = queries.active_member(ctx.state, ctx.sender)
    if message.did != ctx.sender and "operator" not in sender.roles:
        raise errors.NotYourDid()
    if message.did == ctx.sender and "operator" in sender.roles:
        raise errors.NotYourself()
    record = DIDS.require(ctx.state, errors.MemberNotFound, message.did)
    if record.deactivated:
        raise errors.WrongMemberState("the DID is deactivated already")
    for method in record.document.methods:
        _close_key(ctx, message.did, method.id)
    ended = msgspec.structs.replace(record, deactivated=True, updated_height=ctx.height)
    DIDS.put(ctx.state, ended, message.did)
    _set_state(ctx, message.did, "REMOVED", message.reason)
    ctx.emit(events.DidDeactivated(did=message.did, reason=message.reason))


def suspend(ctx: Context, message: messages.SuspendMember) -> None:
    """Take a member's powers away for a while."""
    _require_operator_over(ctx, message.did, "ACTIVE")
    _set_state(ctx, message.did, "SUSPENDED", message.reason)
    ctx.emit(events.MemberSuspended(did=message.did, reason=message.reason))


def reinstate(ctx: Context, message: messages.ReinstateMember) -> None:
    """Give a suspended member its powers back."""
    _require_operator_over(ctx, message.did, "SUSPENDED")
    _set_state(ctx, message.did, "ACTIVE", message.reason)
    ctx.emit(events.MemberReinstated(did=message.did, reason=message.reason))


def remove(ctx: Context, message: messages.RemoveMember) -> None:
    """Remove a member for good; its DID still resolves, for past signatures."""
    _require_operator_over(ctx, message.did, "ACTIVE", "SUSPENDED")
    _set_state(ctx, message.did, "REMOVED", message.reason)
    ctx.emit(events.MemberRemoved(did=message.did, reason=message.reason))


def _admit(ctx: Context, entry: messages.RegisterMember | GenesisMember) -> None:
    document = entry.document
    _require_distinct_roles(entry.roles)
    if DIDS.has(ctx.state, document.id):
        raise errors.MemberExists()
    try:
        verify_registration(_suite(ctx), document, bytes.fromhex(entry.proof))
    except VerificationError as error:
        raise errors.ProofInvalid() from error
    for method in document.methods:
        KEYS.put(ctx.state, rules.open_period(None, method, ctx.height), document.id, method.id)
    did = DidRecord(document=document, registered_height=ctx.height, updated_height=ctx.height)
    DIDS.put(ctx.state, did, document.id)
    member = MemberRecord(
        did=document.id,
        name=entry.name,
        roles=entry.roles,
        controller=entry.controller,
        credential=entry.credential,
        registered_height=ctx.height,
        updated_height=ctx.height,
    )
    MEMBERS.put(ctx.state, member, document.id)
    ctx.emit(events.MemberRegistered(did=document.id, member=member, document=document))


def _replace_document(ctx: Context, record: DidRecord, document: DidDocument) -> None:
    """Write the document; keys that change hold from the next block on."""
    did = document.id
    kept = [method.id for method in document.methods]
    for method in record.document.methods:
        if method.id not in kept:
            _close_key(ctx, did, method.id)
    for method in document.methods:
        history = KEYS.get(ctx.state, did, method.id)
        KEYS.put(ctx.state, rules.open_period(history, method, ctx.height + 1), did, method.id)
    changed = msgspec.structs.replace(
        record, document=document, version=record.version + 1, updated_height=ctx.height
    )
    DIDS.put(ctx.state, changed, did)


def _close_key(ctx: Context, did: str, key: str) -> None:
    history = KEYS.require(ctx.state, errors.NoSuchKey, did, key)
    closed = KeyRecord(periods=rules.close_period(history.periods, ctx.height))
    KEYS.put(ctx.state, closed, did, key)


def _require_operator(ctx: Context) -> None:
    rules.require_role(queries.active_member(ctx.state, ctx.sender), "operator")


def _require_operator_over(ctx: Context, did: str, *states: MemberState) -> None:
    _require_operator(ctx)
    if did == ctx.sender:
        raise errors.NotYourself()
    member = MEMBERS.require(ctx.state, errors.MemberNotFound, did)
    if member.state not in states:
        raise errors.WrongMemberState(f"the member is {member.state}")


def _set_state(ctx: Context, did: str, state: MemberState, reason: str) -> None:
    member = MEMBERS.require(ctx.state, errors.MemberNotFound, did)
    changed = msgspec.structs.replace(member, state=state, reason=reason, updated_height=ctx.height)
    MEMBERS.put(ctx.state, changed, did)


def _require_distinct_roles(roles: Sequence[str]) -> None:
    if duplicates(roles):
        raise errors.DuplicateRoles()


def _verify(ctx: Context, public: str, domain: str, message: bytes, proof: str) -> None:
    try:
        ctx.suite.verify(bytes.fromhex(public), domain, message, bytes.fromhex(proof))
    except VerificationError as error:
        raise errors.ProofInvalid() from error


def _suite(ctx: Context) -> Suite:
    # The registry hands contracts the chain's whole suite, typed by the part they may use;
    # the document rules of hanse.identity are pure and need its key formats as well.
    return cast("Suite", ctx.suite)
