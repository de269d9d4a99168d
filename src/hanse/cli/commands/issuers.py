"""hanse issuers …"""

from __future__ import annotations

from typing import Annotated

import typer

from hanse.api.issuers import IssuersView, IssuerView
from hanse.cli.command import command, group
from hanse.cli.commands import options
from hanse.cli.run import Run
from hanse.cli.values import words

app = group(
    "Members accredited to issue credentials.",
    ("hanse issuers list", "hanse issuers accredit DID --type MembershipCredential"),
)


@command(app, "list", "issuers.list", examples=("hanse issuers list",))
def list_issuers(run: Run) -> IssuersView:
    """List accreditations, withdrawn ones included."""
    return run.client.issuers.list()


@command(
    app,
    "accredit",
    "issuers.accredit",
    examples=("hanse issuers accredit DID --type MembershipCredential",),
)
def accredit(
    run: Run,
    did: options.DidArgument,
    types: Annotated[list[str], typer.Option("--type", help="Repeat, or separate by commas.")],
) -> IssuerView:
    """Let a member issue credentials of these types (operator)."""
    return run.client.issuers.accredit(did, words(types) or [])


@command(
    app,
    "withdraw",
    "issuers.withdraw",
    examples=('hanse issuers withdraw DID --reason "audit" --yes',),
    confirmed=True,
)
def withdraw(run: Run, did: options.DidArgument, reason: options.Reason = "") -> IssuerView:
    """Stop a member from issuing credentials (operator)."""
    run.confirm(f"Withdraw the accreditation of {did}?")
    return run.client.issuers.withdraw(did, reason)
