"""The points contract: handlers of its messages."""

from __future__ import annotations

from msgspec.structs import replace

from hanse.contracts.points import errors, events, messages, rules
from hanse.contracts.points.needs import NEEDS, Members
from hanse.contracts.points.queries import get_account, get_supply
from hanse.contracts.points.types import ACCOUNTS, SUPPLY, PointsGenesis
from hanse.ledger.contract.contract import Context, Contract


def begin(ctx: Context, genesis: PointsGenesis) -> None:
    """Create the first points."""
    for allocation in genesis.allocations:
        _issue(ctx, allocation.to, allocation.amount_points, "genesis")


def issue(ctx: Context, message: messages.IssuePoints) -> None:
    """Create points for an active member."""
    members = ctx.need(Members)
    members.require_role(ctx.sender, "regulator")
    members.require_active(message.to)
    _issue(ctx, message.to, message.amount_points, message.memo)


def transfer(ctx: Context, message: messages.TransferPoints) -> None:
    """Move the sender's free points to an active member."""
    members = ctx.need(Members)
    members.require_active(ctx.sender)
    if message.to == ctx.sender:
        raise errors.SelfTransfer()
    members.require_active(message.to)
    payer = rules.debit(get_account(ctx.state, ctx.sender), message.amount_points)
    to = rules.credit(get_account(ctx.state, message.to), message.amount_points)
    ACCOUNTS.put(ctx.state, payer, ctx.sender)
    ACCOUNTS.put(ctx.state, to, message.to)
    ctx.emit(
        events.PointsTransferred(
            payer=ctx.sender,
            to=message.to,
            amount_points=message.amount_points,
            memo=message.memo,
            payer_balance_points=payer.balance_points,
            to_balance_points=to.balance_points,
        )
    )


def freeze(ctx: Context, message: messages.FreezeAccount) -> None:
    """Stop an account from spending; what it holds in escrow still settles as agreed."""
    _set_frozen(ctx, message.account, True)
    ctx.emit(events.AccountFrozen(account=message.account, reason=message.reason))


def unfreeze(ctx: Context, message: messages.UnfreezeAccount) -> None:
    """Let a frozen account spend again."""
    _set_frozen(ctx, message.account, False)
    ctx.emit(events.AccountUnfrozen(account=message.account, reason=message.reason))


def _issue(ctx: Context, to: str, amount_points: int, memo: str) -> None:
    SUPPLY.put(ctx.state, rules.issue(get_supply(ctx.state), amount_points))
    account = rules.credit(get_account(ctx.state, to), amount_points)
    ACCOUNTS.put(ctx.state, account, to)
    ctx.emit(
        events.PointsIssued(
            to=to,
            amount_points=amount_points,
            memo=memo,
            balance_points=account.balance_points,
        )
    )


def _set_frozen(ctx: Context, did: str, frozen: bool) -> None:
    ctx.need(Members).require_role(ctx.sender, "regulator")
    account = get_account(ctx.state, did)
    if account.frozen == frozen:
        raise errors.FreezeUnchanged()
    ACCOUNTS.put(ctx.state, replace(account, frozen=frozen), did)


SPEC = Contract(
    name="points",
    version=1,
    handlers={
        messages.IssuePoints: issue,
        messages.TransferPoints: transfer,
        messages.FreezeAccount: freeze,
        messages.UnfreezeAccount: unfreeze,
    },
    genesis=begin,
    genesis_type=PointsGenesis,
    needs=NEEDS,
    events=(
        events.PointsIssued,
        events.PointsTransferred,
        events.PointsHeld,
        events.PointsPaid,
        events.PointsRefunded,
        events.AccountFrozen,
        events.AccountUnfrozen,
    ),
)
