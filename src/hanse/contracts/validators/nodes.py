"""Handlers: the nodes of members, their keys and addresses."""

from __future__ import annotations

from typing import cast

from msgspec.structs import replace

from hanse.contracts.plain import duplicates
from hanse.contracts.validators import errors, events, messages, proofs, rules, sets
from hanse.contracts.validators.needs import Members
from hanse.contracts.validators.types import (
    KEYS,
    NODES,
    PARAMETERS,
    GenesisValidator,
    KeyOwner,
    NodeRecord,
    ValidatorsGenesis,
)
from hanse.crypto.suite import Suite
from hanse.ledger.contract.contract import Context
from hanse.ledger.validators import MAX_TOTAL_POWER, Validator


def begin(ctx: Context, genesis: ValidatorsGenesis) -> None:
    """Write the preset validators; without any the network is an embedded one."""
    if not genesis.validators:
        return
    _require_sound(ctx, genesis)
    PARAMETERS.put(ctx.state, genesis.parameters)
    for preset in genesis.validators:
        node = NodeRecord(
            did=preset.did,
            name=preset.name,
            engine_public=preset.engine_public,
            certificate_public=preset.certificate_public,
            node_id=preset.node_id,
            address=preset.address,
        )
        _own_keys(ctx, node)
        NODES.put(ctx.state, node, node.did)
    sets.begin(ctx, [_voting(preset) for preset in genesis.validators])


def register(ctx: Context, message: messages.RegisterNode) -> None:
    """Make the sender's node known."""
    _require_member(ctx)
    if NODES.has(ctx.state, ctx.sender):
        raise errors.NodeRegisteredAlready()
    _require_proofs(ctx, message)
    node = NodeRecord(
        did=ctx.sender,
        name=message.name,
        engine_public=message.engine_public,
        certificate_public=message.certificate_public,
        node_id=message.node_id,
        address=message.address,
        registered_height=ctx.height,
        updated_height=ctx.height,
    )
    _own_keys(ctx, node)
    NODES.put(ctx.state, node, ctx.sender)
    ctx.emit(events.NodeRegistered(did=ctx.sender, node=node))


def update(ctx: Context, message: messages.UpdateNode) -> None:
    """Change where the sender's node is reached."""
    node = replace(
        _own_node(ctx),
        name=message.name,
        node_id=message.node_id,
        address=message.address,
        updated_height=ctx.height,
    )
    NODES.put(ctx.state, node, ctx.sender)
    ctx.emit(events.NodeUpdated(did=ctx.sender, node=node))


def deregister(ctx: Context, message: messages.DeregisterNode) -> None:
    """Take the sender's node out; its keys stay the sender's."""
    del message
    _own_node(ctx)
    if sets.votes_soon(ctx, ctx.sender):
        raise errors.NodeVotes()
    NODES.delete(ctx.state, ctx.sender)
    ctx.emit(events.NodeDeregistered(did=ctx.sender))


def replace_keys(ctx: Context, message: messages.ReplaceKeys) -> None:
    """Exchange keys of the sender's node; a validator's vote with them two blocks later."""
    old = _own_node(ctx)
    node = replace(
        old,
        engine_public=message.engine_public,
        certificate_public=message.certificate_public,
        updated_height=ctx.height,
    )
    if replace(node, updated_height=old.updated_height) == old:
        raise errors.KeysUnchanged()
    _require_proofs(ctx, message)
    _own_keys(ctx, node)
    NODES.put(ctx.state, node, ctx.sender)
    decided = sets.require_decided(ctx)
    from_height = 0
    if rules.power_of(decided, ctx.sender):
        from_height = sets.decide(ctx, rules.with_keys(decided, node))
    ctx.emit(events.KeysReplaced(did=ctx.sender, node=node, from_height=from_height))


def _require_member(ctx: Context) -> None:
    sets.require_decided(ctx)
    ctx.need(Members).require_active(ctx.sender)


def _own_node(ctx: Context) -> NodeRecord:
    _require_member(ctx)
    return NODES.require(ctx.state, errors.NodeNotRegistered, ctx.sender)


def _require_proofs(ctx: Context, message: messages.RegisterNode | messages.ReplaceKeys) -> None:
    proofs.require_engine_key(ctx, message.engine_public, message.engine_proof)
    proofs.require_certificate_key(ctx, message.certificate_public, message.certificate_proof)


def _own_keys(ctx: Context, node: NodeRecord) -> None:
    """Make both keys the member's, for ever; one that served the other use is refused."""
    _own_key(ctx, node.engine_public, KeyOwner(did=node.did, use="engine"))
    _own_key(ctx, node.certificate_public, KeyOwner(did=node.did, use="certificate"))


def _own_key(ctx: Context, public: str, owner: KeyOwner) -> None:
    known = KEYS.get(ctx.state, public)
    if known is not None and known != owner:
        raise errors.KeyTaken()
    KEYS.put(ctx.state, owner, public)


def _require_sound(ctx: Context, genesis: ValidatorsGenesis) -> None:
    presets = genesis.validators
    if len(presets) < genesis.parameters.min_validators:
        raise errors.BadPresetValidators("the genesis has fewer validators than its minimum")
    keys = [k for p in presets for k in (p.engine_public, p.certificate_public)]
    twice = duplicates([preset.did for preset in presets]) + duplicates(keys)
    if twice:
        raise errors.BadPresetValidators(f"{twice[0]} stands twice among the validators")
    if sum(preset.power for preset in presets) > MAX_TOTAL_POWER:
        raise errors.TooMuchPower()
    for preset in presets:
        _suite(ctx).check_public(bytes.fromhex(preset.certificate_public), "signing")


def _voting(preset: GenesisValidator) -> Validator:
    return Validator(
        did=preset.did,
        engine_public=preset.engine_public,
        certificate_public=preset.certificate_public,
        power=preset.power,
    )


def _suite(ctx: Context) -> Suite:
    # The registry hands contracts the chain's whole suite, typed by the part they may use;
    # key formats are pure rules of it.
    return cast("Suite", ctx.suite)
