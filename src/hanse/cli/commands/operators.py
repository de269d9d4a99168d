"""hanse operators …"""

from __future__ import annotations

from typing import Annotated

import typer

from hanse.api.base import Page
from hanse.api.operators import OperatorListView, OperatorView
from hanse.cli.command import command, group
from hanse.cli.run import Run

app = group(
    "What can be computed: parameters, security model, and what each role learns.",
    ("hanse operators list", "hanse operators show align"),
)


@command(app, "list", "operators.list", examples=("hanse operators list",))
def list_operators(run: Run) -> OperatorListView | Page[OperatorView]:
    """List operators this node can run."""
    found = run.client.operators.list()
    return found if run.as_json else Page(items=found.items)


@command(app, "show", "operators.get", examples=("hanse operators show logistic_regression",))
def show(
    run: Run, name: Annotated[str, typer.Argument(metavar="NAME", help="From operators list.")]
) -> OperatorView:
    """Show an operator's declaration."""
    return run.client.operators.get(name)
