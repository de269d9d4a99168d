"""Handlers: validators vote on each other's power and report each other's faults."""

from __future__ import annotations

from hanse.contracts.validators import errors, events, messages, rules, sets
from hanse.contracts.validators.needs import Members
from hanse.contracts.validators.queries import get_parameters
from hanse.contracts.validators.types import (
    ACCUSATIONS,
    NODES,
    REPORTS,
    VOTES,
    Accusation,
    AccusationsRecord,
    ReportRecord,
    Vote,
    VotesRecord,
)
from hanse.ledger.contract.contract import Context
from hanse.ledger.validators import Validator


def vote(ctx: Context, message: messages.VoteValidator) -> None:
    """Record a wish, and carry it out when more than two thirds of the power share it."""
    decided = _require_validator(ctx)
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
    from_height = _change(ctx, message.did, changed)
    ctx.emit(
        events.ValidatorDecided(
            did=message.did,
            power=message.power,
            previous_power=previous_power,
            from_height=from_height,
        )
    )


def report(ctx: Context, message: messages.ReportFault) -> None:
    """Record a fault, and expel the offender when more than a third of the power accuse it."""
    decided = _require_validator(ctx)
    _require_reportable(ctx, decided, message)
    key = (message.offender, message.height, message.kind, ctx.sender)
    if REPORTS.has(ctx.state, *key):
        raise errors.ReportedAlready()
    parameters = get_parameters(ctx.state)
    expires_ms = ctx.time_ms + parameters.vote_lifetime_ms
    evidence = ctx.suite.hash(bytes.fromhex(message.evidence)).hex()
    record = ReportRecord(
        reporter=ctx.sender,
        offender=message.offender,
        height=message.height,
        kind=message.kind,
        evidence=evidence,
        reported_ms=ctx.time_ms,
    )
    REPORTS.put(ctx.state, record, *key)
    ctx.emit(
        events.FaultReported(
            offender=message.offender,
            height=message.height,
            kind=message.kind,
            reporter=ctx.sender,
            evidence=evidence,
            expires_ms=expires_ms,
        )
    )
    stored = ACCUSATIONS.get(ctx.state, message.offender)
    own = Accusation(reporter=ctx.sender, expires_ms=expires_ms)
    accusations = rules.accuse(stored.accusations if stored else [], own, decided, ctx.time_ms)
    ACCUSATIONS.put(ctx.state, AccusationsRecord(accusations=accusations), message.offender)
    enough = parameters.expel_on_reports and rules.is_convicted(accusations, decided)
    if enough and len(decided) > parameters.min_validators:
        _expel(ctx, decided, message.offender, [a.reporter for a in accusations])


def _expel(ctx: Context, decided: list[Validator], did: str, reporters: list[str]) -> None:
    previous_power = rules.power_of(decided, did)
    from_height = _change(ctx, did, [v for v in decided if v.did != did])
    ctx.emit(
        events.ValidatorExpelled(
            did=did, previous_power=previous_power, from_height=from_height, reporters=reporters
        )
    )


def _change(ctx: Context, did: str, validators: list[Validator]) -> int:
    """Decide a set; what was wished for or reported about its subject before is settled."""
    VOTES.delete(ctx.state, did)
    ACCUSATIONS.delete(ctx.state, did)
    return sets.decide(ctx, validators)


def _require_validator(ctx: Context) -> list[Validator]:
    decided = sets.require_decided(ctx)
    ctx.need(Members).require_active(ctx.sender)
    if not rules.power_of(decided, ctx.sender):
        raise errors.NotAValidator()
    return decided


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


def _require_reportable(
    ctx: Context, decided: list[Validator], message: messages.ReportFault
) -> None:
    if message.offender == ctx.sender:
        raise errors.OwnFault()
    if message.height > ctx.height:
        raise errors.FaultInFuture()
    then = sets.at(ctx.state, message.height)
    voted = then is not None and rules.power_of(then.validators, message.offender)
    if not voted or not rules.power_of(decided, message.offender):
        raise errors.NotAValidator("the offender has no power now, or had none at that height")
