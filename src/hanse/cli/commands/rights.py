"""hanse rights …"""

from __future__ import annotations

from typing import Annotated

import typer

from hanse.api.rights import RightsView
from hanse.cli.command import command, group
from hanse.cli.commands import options
from hanse.cli.run import Run

app = group(
    "The three rights of a dataset: holding, processing, operation.",
    ("hanse rights show DATASET", "hanse rights transfer DATASET processing DID --yes"),
)


@command(app, "show", "rights.show", examples=("hanse rights show DATASET",))
def show(run: Run, dataset: options.DatasetArgument) -> RightsView:
    """Show who holds the rights of a dataset."""
    return run.client.rights.show(dataset)


@command(
    app,
    "transfer",
    "rights.transfer",
    examples=("hanse rights transfer DATASET processing DID --yes",),
    confirmed=True,
)
def transfer(
    run: Run,
    dataset: options.DatasetArgument,
    right: Annotated[
        str, typer.Argument(metavar="RIGHT", help="holding, processing or operation.")
    ],
    did: options.DidArgument,
) -> RightsView:
    """Hand one right on; who gets processing decides on grants from then on."""
    run.confirm(f"Hand the right of {right} on {dataset} to {did}?")
    return run.client.rights.transfer(dataset, right, did)
