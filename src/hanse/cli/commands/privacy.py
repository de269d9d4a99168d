"""hanse privacy …"""

from __future__ import annotations

from typing import Annotated

import typer

from hanse.api.base import Page
from hanse.api.privacy import BudgetView, ReleaseView
from hanse.cli.command import command, group
from hanse.cli.commands import options
from hanse.cli.run import Run

app = group(
    "Privacy budgets: how much differential privacy results of a dataset may spend.",
    ("hanse privacy set DATASET 4", "hanse privacy releases DATASET"),
)
EpsilonArgument = Annotated[
    str, typer.Argument(metavar="EPSILON", help="All releases together, such as 4 or 2.5.")
]


@command(app, "list", "privacy.list", examples=("hanse privacy list",), paged=True)
def list_(run: Run) -> Page[BudgetView]:
    """List the budgets of all datasets."""
    return run.page(run.client.privacy.list)


@command(app, "show", "privacy.show", examples=("hanse privacy show DATASET",))
def show(run: Run, dataset: options.DatasetArgument) -> BudgetView:
    """Show a budget: total, spent, left."""
    return run.client.privacy.show(dataset)


@command(
    app,
    "releases",
    "privacy.releases",
    examples=("hanse privacy releases DATASET --all",),
    paged=True,
)
def releases(run: Run, dataset: options.DatasetArgument) -> Page[ReleaseView]:
    """List what was charged to a budget, and by which flow."""
    return run.page(run.client.privacy.releases, dataset)


@command(app, "set", "privacy.set", examples=("hanse privacy set DATASET 4",))
def set_(run: Run, dataset: options.DatasetArgument, epsilon: EpsilonArgument) -> BudgetView:
    """Set, raise or lower the budget of an own dataset."""
    return run.client.privacy.set(dataset, epsilon)


@command(app, "end", "privacy.end", examples=("hanse privacy end DATASET --yes",), confirmed=True)
def end(run: Run, dataset: options.DatasetArgument, reason: options.Reason = "") -> BudgetView:
    """End a budget: results of the dataset need no noise any more."""
    run.confirm(f"End the privacy budget of {dataset}? Its results then need no noise.")
    return run.client.privacy.end(dataset, reason)
