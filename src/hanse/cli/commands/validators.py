"""hanse validators …"""

from __future__ import annotations

from typing import Annotated

import typer

from hanse.api.base import Page, TransactionOutcome
from hanse.api.validators import (
    FaultReportView,
    RegisteredNodeView,
    ValidatorView,
    ValidatorVoteView,
)
from hanse.cli.command import command, group
from hanse.cli.commands import options
from hanse.cli.run import Run

app = group(
    "Validators: who votes on blocks, nodes, votes on power, reports of faults.",
    (
        "hanse validators list",
        "hanse validators register bank.example:26656",
        "hanse validators vote DID 1",
    ),
)
PowerArgument = Annotated[
    int, typer.Argument(metavar="POWER", min=0, help="Weight of its vote; 0 takes it away.")
]
AddressArgument = Annotated[
    str, typer.Argument(metavar="HOST:PORT", help="Where other engines reach this node's.")
]


@command(
    app,
    "list",
    "validators.list",
    examples=("hanse validators list", "hanse validators list --height 42"),
    paged=True,
)
def list_validators(
    run: Run,
    height: Annotated[
        int | None, typer.Option("--height", min=0, help="Default: the next block.")
    ] = None,
) -> Page[ValidatorView]:
    """List the validators of the next block, or of the block of a height."""
    return run.page(run.client.validators.list, height=height)


@command(app, "nodes", "validators.nodes", examples=("hanse validators nodes",), paged=True)
def nodes(run: Run) -> Page[RegisteredNodeView]:
    """List registered nodes; those without power observe."""
    return run.page(run.client.validators.nodes)


@command(
    app,
    "votes",
    "validators.votes",
    examples=("hanse validators votes", "hanse validators votes --did DID"),
    paged=True,
)
def votes(
    run: Run, did: Annotated[str, typer.Option("--did", help="Only votes on this member.")] = ""
) -> Page[ValidatorVoteView]:
    """List open votes on power, newest first."""
    return run.page(run.client.validators.votes, did=did or None)


@command(
    app,
    "reports",
    "validators.reports",
    examples=("hanse validators reports", "hanse validators reports --offender DID"),
    paged=True,
)
def reports(
    run: Run,
    offender: Annotated[str, typer.Option("--offender", help="Only reports of this one.")] = "",
) -> Page[FaultReportView]:
    """List reports of faults, newest first; nodes send them by themselves."""
    return run.page(run.client.validators.reports, offender=offender or None)


@command(
    app,
    "vote",
    "validators.vote",
    examples=("hanse validators vote DID 1 --yes", "hanse validators vote DID 0 --yes"),
    confirmed=True,
)
def vote(run: Run, did: options.DidArgument, power: PowerArgument) -> TransactionOutcome:
    """Vote for a member's power; more than two thirds of the power decide."""
    run.confirm(f"Vote that {did} has power {power}?")
    return run.client.validators.vote(did, power)


@command(
    app,
    "register",
    "validators.register",
    examples=("hanse validators register bank.example:26656 --name bank-1",),
)
def register(
    run: Run,
    address: AddressArgument,
    name: Annotated[str, typer.Option("--name", help="For people.")] = "",
) -> TransactionOutcome:
    """Register this node with its own keys, or tell its new address."""
    return run.client.validators.register(address, name)


@command(
    app,
    "rotate-keys",
    "validators.rotate_keys",
    examples=(
        "hanse validators rotate-keys --yes",
        "hanse validators rotate-keys --key certificate --yes",
    ),
    confirmed=True,
)
def rotate_keys(
    run: Run,
    key: Annotated[
        str, typer.Option("--key", help="engine (votes), certificate, or both.")
    ] = "both",
) -> TransactionOutcome:
    """Exchange the keys this node votes and certifies with; they hold two blocks later."""
    run.confirm("Exchange the keys of this node's engine?")
    return run.client.validators.rotate_keys(key)


@command(
    app,
    "deregister",
    "validators.deregister",
    examples=("hanse validators deregister --yes",),
    confirmed=True,
)
def deregister(run: Run) -> TransactionOutcome:
    """Take this node off the ledger; its vote must have been taken away before."""
    run.confirm("Take this node off the ledger?")
    return run.client.validators.deregister()
