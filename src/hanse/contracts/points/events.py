"""What happened to points. Balances stand beside amounts, so that history needs no replay."""

from __future__ import annotations

from hanse.ledger.contract.contract import Event


class PointsIssued(Event, frozen=True):
    """New points exist."""

    to: str
    amount_points: int
    memo: str
    balance_points: int


class PointsTransferred(Event, frozen=True):
    """Free points moved from one member to another."""

    payer: str
    to: str
    amount_points: int
    memo: str
    payer_balance_points: int
    to_balance_points: int


class PointsHeld(Event, frozen=True):
    """Points were set aside in escrow."""

    escrow: str
    payer: str
    amount_points: int
    balance_points: int


class PointsPaid(Event, frozen=True):
    """Escrowed points reached a payee."""

    escrow: str
    payer: str
    to: str
    amount_points: int
    to_balance_points: int


class PointsRefunded(Event, frozen=True):
    """The rest of an escrow went back to its payer."""

    escrow: str
    payer: str
    amount_points: int
    balance_points: int


class AccountFrozen(Event, frozen=True):
    """The account may no longer spend."""

    account: str
    reason: str


class AccountUnfrozen(Event, frozen=True):
    """The account may spend again."""

    account: str
    reason: str
