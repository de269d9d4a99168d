"""Points are conserved; tests check it after every step."""

from __future__ import annotations

from collections.abc import Iterable

from hanse.contracts.points import rules
from hanse.contracts.points.queries import get_account, get_escrow, get_supply
from hanse.core.errors import InternalError
from hanse.ledger.contract.state import StateReader


class PointsBroken(InternalError):
    """A points invariant does not hold."""

    code = "points.invariant"


def check_conservation(state: StateReader, dids: Iterable[str], escrows: Iterable[str]) -> None:
    """Free and held points of all accounts are the supply; held ones stand in open escrows.

    Args:
        dids: every account that may hold points.
        escrows: every escrow ever opened.
    """
    accounts = {did: get_account(state, did) for did in dids}
    if any(min(a.balance_points, a.held_points) < 0 for a in accounts.values()):
        raise PointsBroken("an account is below zero")
    total = sum(a.balance_points + a.held_points for a in accounts.values())
    if total != get_supply(state).issued_points:
        raise PointsBroken("accounts do not sum up to the supply")
    held = dict.fromkeys(accounts, 0)
    for name in escrows:
        escrow = get_escrow(state, name)
        if escrow is None:
            continue
        rest = rules.remaining(escrow)
        if rest < 0 or (escrow.state != "OPEN" and rest != 0):
            raise PointsBroken("an escrow paid more than it held, or closed too early")
        held[escrow.payer] = held.get(escrow.payer, 0) + rest
    if any(held[did] != account.held_points for did, account in accounts.items()):
        raise PointsBroken("held points do not stand in open escrows")
