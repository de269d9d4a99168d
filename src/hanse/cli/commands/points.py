"""hanse points …"""

from __future__ import annotations

from typing import Annotated

import typer

from hanse.api.base import Page, TransactionOutcome
from hanse.api.points import AccountEntryView, AccountView
from hanse.cli.command import command, group
from hanse.cli.commands import options
from hanse.cli.run import Run

app = group(
    "Points: balances, history, transfers; issued and frozen by the regulator.",
    ("hanse points show", "hanse points transfer DID 100 --memo thanks"),
)
AmountArgument = Annotated[int, typer.Argument(metavar="POINTS", min=1)]
OwnOrDid = Annotated[str, typer.Argument(metavar="DID", help="Default: this node's own.")]


@command(app, "accounts", "points.accounts", examples=("hanse points accounts",), paged=True)
def accounts(run: Run) -> Page[AccountView]:
    """List accounts with balances and holds."""
    return run.page(run.client.points.accounts)


@command(
    app,
    "show",
    "points.account",
    examples=("hanse points show", "hanse points show DID --json"),
)
def show(run: Run, did: OwnOrDid = "") -> AccountView:
    """Show a balance, and what is held in escrow."""
    return run.client.points.account(did or run.client.node.show().did)


@command(app, "history", "points.history", examples=("hanse points history --all",), paged=True)
def history(run: Run, did: OwnOrDid = "") -> Page[AccountEntryView]:
    """List the movements of an account, newest first."""
    return run.page(run.client.points.history, did or run.client.node.show().did)


@command(
    app,
    "issue",
    "points.issue",
    examples=("hanse points issue DID 10000 --yes",),
    confirmed=True,
)
def issue(run: Run, did: options.DidArgument, points: AmountArgument) -> TransactionOutcome:
    """Issue points (regulator)."""
    run.confirm(f"Issue {points:,} points to {did}?")
    return run.client.points.issue(did, points)


@command(
    app,
    "transfer",
    "points.transfer",
    examples=("hanse points transfer DID 100 --memo thanks --yes",),
    confirmed=True,
)
def transfer(
    run: Run,
    did: options.DidArgument,
    points: AmountArgument,
    memo: Annotated[str, typer.Option("--memo", help="Public, on the ledger.")] = "",
) -> TransactionOutcome:
    """Transfer points from this node's account."""
    run.confirm(f"Transfer {points:,} points to {did}?")
    return run.client.points.transfer(did, points, memo)


@command(
    app,
    "freeze",
    "points.freeze",
    examples=('hanse points freeze DID --reason "court order" --yes',),
    confirmed=True,
)
def freeze(run: Run, did: options.DidArgument, reason: options.Reason = "") -> TransactionOutcome:
    """Freeze an account (regulator)."""
    run.confirm(f"Freeze the account of {did}?")
    return run.client.points.freeze(did, reason)


@command(app, "unfreeze", "points.unfreeze", examples=("hanse points unfreeze DID",))
def unfreeze(run: Run, did: options.DidArgument, reason: options.Reason = "") -> TransactionOutcome:
    """Unfreeze an account (regulator)."""
    return run.client.points.unfreeze(did, reason)
