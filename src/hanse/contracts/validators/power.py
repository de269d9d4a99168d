"""Who has power, and changing one member's."""

from __future__ import annotations

from hanse.contracts.validators import errors, rules, sets
from hanse.contracts.validators.needs import Members
from hanse.contracts.validators.types import ACCUSATIONS, VOTES
from hanse.ledger.contract.contract import Context
from hanse.ledger.validators import Validator


def require_validator(ctx: Context) -> list[Validator]:
    """The set decided last; refuses senders that are not in it or no active members.

    Raises:
        NoValidators: in an embedded network.
        NotAValidator: the sender has no power.
    """
    decided = sets.require_decided(ctx)
    ctx.need(Members).require_active(ctx.sender)
    if not rules.power_of(decided, ctx.sender):
        raise errors.NotAValidator()
    return decided


def change(ctx: Context, did: str, validators: list[Validator]) -> int:
    """Decide a set in which one member's power differs; what was open about it is settled.

    Returns:
        The height from which the set votes.
    """
    VOTES.delete(ctx.state, did)
    ACCUSATIONS.delete(ctx.state, did)
    return sets.decide(ctx, validators)
