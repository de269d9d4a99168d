"""Handlers: faults of validators, reported by others or proved by the offender's signatures."""

from __future__ import annotations

from typing import cast

from hanse.contracts.validators import errors, events, messages, power, rules, sets
from hanse.contracts.validators.needs import Members
from hanse.contracts.validators.queries import get_parameters
from hanse.contracts.validators.types import (
    ACCUSATIONS,
    REPORTS,
    Accusation,
    AccusationsRecord,
    ReportRecord,
    ValidatorParameters,
)
from hanse.crypto.suite import Suite
from hanse.ledger.certificates import Statement, decode_extension, verify_statement
from hanse.ledger.contract.contract import Context
from hanse.ledger.validators import Validator


def report(ctx: Context, message: messages.ReportFault) -> None:
    """Record a fault, and expel the offender when more than a third of the power accuse it."""
    decided = power.require_validator(ctx)
    if message.offender == ctx.sender:
        raise errors.OwnFault()
    _require_reportable(ctx, decided, message.offender, message.height, message.height)
    parameters = get_parameters(ctx.state)
    evidence = bytes.fromhex(message.evidence)
    expires_ms = _record(ctx, message.offender, message.height, message.kind, evidence)
    stored = ACCUSATIONS.get(ctx.state, message.offender)
    own = Accusation(reporter=ctx.sender, expires_ms=expires_ms)
    accusations = rules.accuse(stored.accusations if stored else [], own, decided, ctx.time_ms)
    ACCUSATIONS.put(ctx.state, AccusationsRecord(accusations=accusations), message.offender)
    if parameters.expel_on_reports and rules.is_convicted(accusations, decided):
        reporters = [a.reporter for a in accusations]
        _expel(ctx, decided, parameters, message.offender, reporters)


def prove(ctx: Context, message: messages.ProveEquivocation) -> None:
    """Expel a validator that signed two statements of one height; anybody may show them."""
    decided = sets.require_decided(ctx)
    ctx.need(Members).require_active(ctx.sender)
    first, second = bytes.fromhex(message.first), bytes.fromhex(message.second)
    one, other = decode_extension(first), decode_extension(second)
    height = one.statement.height
    _require_contradiction(ctx, one.statement, other.statement)
    # A block's statement is signed by the set that votes on the next one.
    key = _require_reportable(ctx, decided, message.offender, height, height + 1)
    for extension in (one, other):
        verify_statement(_suite(ctx), key, extension.statement, extension.signature)
    _record(ctx, message.offender, height, "equivocation", first + second)
    _expel(ctx, decided, get_parameters(ctx.state), message.offender, [ctx.sender])


def _require_contradiction(ctx: Context, one: Statement, other: Statement) -> None:
    if (one.chain, other.chain) != (ctx.block.chain, ctx.block.chain):
        raise errors.NoContradiction("the statements are about another chain")
    if one.height != other.height or one == other:
        raise errors.NoContradiction()


def _require_reportable(
    ctx: Context, decided: list[Validator], offender: str, height: int, votes_on: int
) -> str:
    """The offender's certificate key at its fault, when it had power then and has it now."""
    if not 0 <= height <= ctx.height:
        raise errors.FaultInFuture()
    record = sets.at(ctx.state, votes_on)
    then = record.validators if record is not None else []
    keys = [v.certificate_public for v in then if v.did == offender]
    if not keys or not rules.power_of(decided, offender):
        raise errors.NotAValidator("the offender has no power now, or had none at that height")
    return keys[0]


def _record(ctx: Context, offender: str, height: int, kind: str, evidence: bytes) -> int:
    """Put a report on record, once; returns when it stops to count."""
    key = (offender, height, kind, ctx.sender)
    if REPORTS.has(ctx.state, *key):
        raise errors.ReportedAlready()
    expires_ms = ctx.time_ms + get_parameters(ctx.state).vote_lifetime_ms
    digest = ctx.suite.hash(evidence).hex()
    record = ReportRecord(
        reporter=ctx.sender,
        offender=offender,
        height=height,
        kind=kind,
        evidence=digest,
        reported_ms=ctx.time_ms,
    )
    REPORTS.put(ctx.state, record, *key)
    ctx.emit(
        events.FaultReported(
            offender=offender,
            height=height,
            kind=kind,
            reporter=ctx.sender,
            evidence=digest,
            expires_ms=expires_ms,
        )
    )
    return expires_ms


def _expel(
    ctx: Context,
    decided: list[Validator],
    parameters: ValidatorParameters,
    did: str,
    reporters: list[str],
) -> None:
    """Take a validator's power, unless too few would stay; then the record alone stands."""
    if len(decided) <= parameters.min_validators:
        return
    previous_power = rules.power_of(decided, did)
    from_height = power.change(ctx, did, [v for v in decided if v.did != did])
    ctx.emit(
        events.ValidatorExpelled(
            did=did, previous_power=previous_power, from_height=from_height, reporters=reporters
        )
    )


def _suite(ctx: Context) -> Suite:
    # The registry hands contracts the chain's whole suite, typed by the part they may use;
    # checking a statement uses no more than that part.
    return cast("Suite", ctx.suite)
