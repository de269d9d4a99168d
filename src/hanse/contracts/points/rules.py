"""Pure arithmetic of accounts and escrows; every function returns new records."""

from __future__ import annotations

from msgspec.structs import replace

from hanse.contracts.bounds import MAX_POINTS
from hanse.contracts.points import errors
from hanse.contracts.points.types import AccountRecord, EscrowRecord, SupplyRecord


def issue(supply: SupplyRecord, amount_points: int) -> SupplyRecord:
    """The supply with more points in it."""
    issued = supply.issued_points + amount_points
    if issued > MAX_POINTS:
        raise errors.SupplyExceeded()
    return SupplyRecord(issued_points=issued)


def credit(account: AccountRecord, amount_points: int) -> AccountRecord:
    """The account with more free points; frozen accounts still receive."""
    return replace(account, balance_points=account.balance_points + amount_points)


def debit(account: AccountRecord, amount_points: int) -> AccountRecord:
    """The account with fewer free points.

    Raises:
        AccountFrozenError, InsufficientPoints.
    """
    if account.frozen:
        raise errors.AccountFrozenError()
    if account.balance_points < amount_points:
        raise errors.InsufficientPoints(
            f"{amount_points} points are needed, {account.balance_points} are free"
        )
    return replace(account, balance_points=account.balance_points - amount_points)


def hold(account: AccountRecord, amount_points: int) -> AccountRecord:
    """The account with free points moved to held; holding nothing is always possible."""
    if amount_points == 0:
        return account
    less = debit(account, amount_points)
    return replace(less, held_points=less.held_points + amount_points)


def release(account: AccountRecord, amount_points: int) -> AccountRecord:
    """The payer's account without points that left its escrow."""
    return replace(account, held_points=account.held_points - amount_points)


def remaining(escrow: EscrowRecord) -> int:
    """Points the escrow still holds."""
    return escrow.amount_points - escrow.paid_points - escrow.refunded_points


def pay(escrow: EscrowRecord, amount_points: int) -> EscrowRecord:
    """The escrow after a payment; `close` ends it.

    Raises:
        EscrowClosed, EscrowOverdrawn.
    """
    if escrow.state != "OPEN":
        raise errors.EscrowClosed()
    if amount_points > remaining(escrow):
        raise errors.EscrowOverdrawn()
    return replace(escrow, paid_points=escrow.paid_points + amount_points)


def close(escrow: EscrowRecord) -> EscrowRecord:
    """The escrow after its rest went back; SETTLED when nothing was left to refund."""
    if escrow.state != "OPEN":
        raise errors.EscrowClosed()
    rest = remaining(escrow)
    state = replace(escrow, refunded_points=escrow.refunded_points + rest)
    return replace(state, state="SETTLED" if rest == 0 else "REFUNDED")
