"""Pure rules of sets, votes and accusations; every function returns new values."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from hanse.contracts.validators import errors
from hanse.contracts.validators.types import MAX_VALIDATORS, Accusation, NodeRecord, Vote
from hanse.ledger.validators import MAX_TOTAL_POWER, Validator, is_quorum, total_power

MIN_REPORTERS = 2
"""One validator alone expels nobody, however much power it has: it may be the faulty one."""


def power_of(validators: Sequence[Validator], did: str) -> int:
    """A member's power in a set; 0 when it is not in it."""
    return next((v.power for v in validators if v.did == did), 0)


def with_power(
    validators: Sequence[Validator], candidate: Validator, min_validators: int
) -> list[Validator]:
    """The set in which the candidate has the power it carries; 0 leaves it out.

    A member that is in the set keeps the keys it has there.

    Raises:
        TooFewValidators, TooManyValidators, TooMuchPower.
    """
    stands = next((v for v in validators if v.did == candidate.did), candidate)
    others = [v for v in validators if v.did != candidate.did]
    entry = [replace(stands, power=candidate.power)] if candidate.power else []
    changed = sorted([*others, *entry], key=lambda v: v.did)
    if len(changed) < min_validators:
        raise errors.TooFewValidators(f"at least {min_validators} must stay")
    if len(changed) > MAX_VALIDATORS:
        raise errors.TooManyValidators()
    if total_power(changed) > MAX_TOTAL_POWER:
        raise errors.TooMuchPower()
    return changed


def with_keys(validators: Sequence[Validator], node: NodeRecord) -> list[Validator]:
    """The set in which the node's member votes with the node's keys."""
    return [
        replace(v, engine_public=node.engine_public, certificate_public=node.certificate_public)
        if v.did == node.did
        else v
        for v in validators
    ]


def cast(
    votes: Sequence[Vote], vote: Vote, validators: Sequence[Validator], time_ms: int
) -> list[Vote]:
    """Votes with this one in place of the voter's earlier one, without those that are void."""
    kept = [
        v
        for v in votes
        if v.voter != vote.voter and v.expires_ms > time_ms and power_of(validators, v.voter)
    ]
    return sorted([*kept, vote], key=lambda v: v.voter)


def is_decided(votes: Sequence[Vote], power: int, validators: Sequence[Validator]) -> bool:
    """Whether more than two thirds of the power of the set wish for this power."""
    wishing = sum(power_of(validators, v.voter) for v in votes if v.power == power)
    return is_quorum(wishing, total_power(validators))


def accuse(
    accusations: Sequence[Accusation],
    accusation: Accusation,
    validators: Sequence[Validator],
    time_ms: int,
) -> list[Accusation]:
    """Accusations with this one in place of the reporter's earlier one, without void ones."""
    kept = [
        a
        for a in accusations
        if a.reporter != accusation.reporter
        and a.expires_ms > time_ms
        and power_of(validators, a.reporter)
    ]
    return sorted([*kept, accusation], key=lambda a: a.reporter)


def is_convicted(accusations: Sequence[Accusation], validators: Sequence[Validator]) -> bool:
    """Whether the reporters hold more than a third of the power, so that one is honest."""
    accusing = sum(power_of(validators, a.reporter) for a in accusations)
    return len(accusations) >= MIN_REPORTERS and 3 * accusing > total_power(validators)
