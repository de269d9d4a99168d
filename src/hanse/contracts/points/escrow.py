"""What points hands to other contracts: escrow, bound to one transaction."""

from __future__ import annotations

from hanse.contracts.points import errors, events, rules
from hanse.contracts.points.queries import get_account
from hanse.contracts.points.types import ACCOUNTS, ESCROWS, EscrowRecord
from hanse.ledger.contract.contract import Context


class Escrow:
    """Points set aside by the sender; they leave once, to payees or back."""

    def __init__(self, context: Context) -> None:
        self._ctx = context

    def hold(self, escrow: str, payer: str, amount_points: int) -> None:
        """Open an escrow with the sender's own points; zero points make an empty one.

        Raises:
            NotThePayer, EscrowExists, AccountFrozenError, InsufficientPoints.
        """
        ctx = self._ctx
        if payer != ctx.sender:
            raise errors.NotThePayer()
        if ESCROWS.has(ctx.state, escrow):
            raise errors.EscrowExists()
        account = rules.hold(get_account(ctx.state, payer), amount_points)
        if amount_points:
            ACCOUNTS.put(ctx.state, account, payer)
        record = EscrowRecord(payer=payer, amount_points=amount_points)
        ESCROWS.put(ctx.state, record, escrow)
        ctx.emit(
            events.PointsHeld(
                escrow=escrow,
                payer=payer,
                amount_points=amount_points,
                balance_points=account.balance_points,
            )
        )

    def pay(self, escrow: str, to: str, amount_points: int) -> None:
        """Pay part of an escrow out. Freezing stops neither side: this was agreed before.

        Raises:
            EscrowNotFound, EscrowClosed, EscrowOverdrawn.
        """
        ctx = self._ctx
        record = ESCROWS.require(ctx.state, errors.EscrowNotFound, escrow)
        paid = rules.pay(record, amount_points)
        payer = rules.release(get_account(ctx.state, record.payer), amount_points)
        ACCOUNTS.put(ctx.state, payer, record.payer)
        account = rules.credit(get_account(ctx.state, to), amount_points)
        ACCOUNTS.put(ctx.state, account, to)
        ESCROWS.put(ctx.state, paid, escrow)
        ctx.emit(
            events.PointsPaid(
                escrow=escrow,
                payer=record.payer,
                to=to,
                amount_points=amount_points,
                to_balance_points=account.balance_points,
            )
        )

    def refund(self, escrow: str) -> int:
        """Close an escrow; what is left goes back to the payer. Returns how much.

        Raises:
            EscrowNotFound, EscrowClosed.
        """
        ctx = self._ctx
        record = ESCROWS.require(ctx.state, errors.EscrowNotFound, escrow)
        closed = rules.close(record)
        rest = rules.remaining(record)
        ESCROWS.put(ctx.state, closed, escrow)
        if rest:
            payer = rules.release(get_account(ctx.state, record.payer), rest)
            account = rules.credit(payer, rest)
            ACCOUNTS.put(ctx.state, account, record.payer)
            ctx.emit(
                events.PointsRefunded(
                    escrow=escrow,
                    payer=record.payer,
                    amount_points=rest,
                    balance_points=account.balance_points,
                )
            )
        return rest
