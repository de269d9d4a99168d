"""hanse network …"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hanse.cli.command import command, group
from hanse.cli.commands import options
from hanse.cli.commands.files import read_bytes
from hanse.cli.commands.views import NetworkView
from hanse.cli.run import Run
from hanse.cli.values import words
from hanse.sdk.files import save

app = group(
    "Networks: make one, as its operator.",
    (
        "hanse node init --home operator --name Operator --port 8700",
        "hanse network create --home operator --name trial --output genesis.json",
        "hanse node start --home operator",
    ),
)


@command(
    app,
    "create",
    examples=(
        "hanse network create --home operator --name trial --output genesis.json",
        "hanse network create --home operator --name consortium --validator bank.json"
        " --validator merchant.json --validator auditor.json --output genesis.json",
    ),
    online=False,
)
def create(
    run: Run,
    home: Annotated[Path, typer.Option("--home", help="Home of the operator's node.")],
    name: Annotated[str, typer.Option("--name", help="Of the network.")],
    role: options.OptionalRoles = None,
    controller: Annotated[
        str, typer.Option("--controller", help="Who controls the operator's organisation.")
    ] = "",
    points: Annotated[
        int, typer.Option("--points", min=0, help="The operator's points at the start.")
    ] = 0,
    validator: Annotated[
        list[Path] | None,
        typer.Option(
            "--validator", help="File of `hanse node validator` at another organisation; repeat."
        ),
    ] = None,
    output: options.OptionalOutput = None,
) -> NetworkView:
    """Make the genesis of a network whose operator is this home's node.

    Hand the genesis file and the chain id to every member, over a channel they trust.

    Without validators this node orders alone. With them the network tolerates that up to a
    third of them fail or lie: run `hanse node validator` at each, this home included, before.
    """
    from hanse.node.bootstrap import create_network

    made = create_network(
        home,
        name=name,
        roles=words(role) or ["operator", "regulator"],
        controller=controller,
        points=points,
        validators=validator or [],
    )
    if output is not None:
        save(iter([read_bytes(made.genesis_file)]), output)
    return NetworkView.model_validate(made)
