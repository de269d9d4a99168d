"""Handler: validators vote on each other's power."""

from __future__ import annotations

from hanse.contracts.validators import errors, events, messages, power, rules
from hanse.contracts.validators.needs import Members
from hanse.contracts.validators.queries import get_parameters
from hanse.contracts.validators.types import NODES, VOTES, Vote, VotesRecord
from hanse.ledger.contract.contract import Context
from hanse.ledger.validators import Validator


def vote(ctx: Context, message: messages.VoteValidator) -> None:
    """Record a wish, and carry it out when more than two thirds of the power share it."""
    decided = power.require_validator(ctx)
    parameters = get_parameters(ctx.state)
    candidate = _candidate(ctx, decided, message)
    changed = rules.with_power(decided, candidate, parameters.min_validators)
    expires_ms = ctx.time_ms + parameters.vote_lifetime_ms
    stored = VOTES.get(ctx.state, message.did)
    own = Vote(voter=ctx.sender, power=message.power, expires_ms=expires_ms)
    votes = rules.cast(stored.votes if stored else [], own, decided, ctx.time_ms)
    VOTES.put(ctx.state, VotesRecord(votes=votes), message.did)
    ctx.emit(
        events.ValidatorVoted(
            did=message.did, power=message.power, voter=ctx.sender, expires_ms=expires_ms
        )
    )
    previous_power = rules.power_of(decided, message.did)
    if message.power == previous_power or not rules.is_decided(votes, message.power, decided):
        return
    from_height = power.change(ctx, message.did, changed)
    ctx.emit(
        events.ValidatorDecided(
            did=message.did,
            power=message.power,
            previous_power=previous_power,
            from_height=from_height,
        )
    )


def _candidate(
    ctx: Context, decided: list[Validator], message: messages.VoteValidator
) -> Validator:
    """The subject of a vote with the keys of its node and the power wished for."""
    if message.power:
        ctx.need(Members).require_active(message.did)
    elif not rules.power_of(decided, message.did):
        raise errors.NotAValidator("the member has no power to take away")
    node = NODES.require(ctx.state, errors.NodeNotRegistered, message.did)
    return Validator(
        did=node.did,
        engine_public=node.engine_public,
        certificate_public=node.certificate_public,
        power=message.power,
    )
