"""hanse catalogue …"""

from __future__ import annotations

from typing import Annotated

import typer

from hanse.api.base import Page
from hanse.api.catalogue import DatasetView
from hanse.cli.command import command, group
from hanse.cli.commands import options
from hanse.cli.run import Run
from hanse.cli.values import levels, words

app = group(
    "The shared catalogue of datasets.",
    ("hanse catalogue search credit", "hanse catalogue show DATASET"),
)
Words = list[str] | None


@command(
    app,
    "search",
    "catalogue.datasets",
    examples=(
        "hanse catalogue search",
        "hanse catalogue search credit --operator logistic_regression --max-level 3",
    ),
    paged=True,
)
def search(
    run: Run,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="In titles and fields.")] = "",
    owner: Annotated[str, typer.Option("--owner", help="DID.")] = "",
    keyword: Annotated[str, typer.Option("--keyword")] = "",
    field: Annotated[str, typer.Option("--field", help="Has this field.")] = "",
    purpose: Annotated[str, typer.Option("--purpose", help="Allowed for it.")] = "",
    operator: Annotated[str, typer.Option("--operator", help="Allowed on it.")] = "",
    max_level: Annotated[int | None, typer.Option("--max-level", min=1, max=5)] = None,
    state: Annotated[str, typer.Option("--state", help="PUBLISHED or WITHDRAWN.")] = "",
) -> Page[DatasetView]:
    """Search datasets of all members."""
    return run.page(
        run.client.catalogue.datasets,
        q=text or None,
        owner=owner or None,
        keyword=keyword or None,
        field=field or None,
        purpose=purpose or None,
        operator=operator or None,
        max_level=max_level,
        state=state or None,
    )


@command(app, "show", "catalogue.dataset", examples=("hanse catalogue show DATASET",))
def show(run: Run, dataset: options.DatasetArgument) -> DatasetView:
    """Show a dataset: fields, levels, what is allowed, price."""
    return run.client.catalogue.dataset(dataset)


@command(
    app,
    "update",
    "catalogue.update_dataset",
    examples=("hanse catalogue update DATASET --price 250 --purpose credit-risk,marketing",),
)
def update(
    run: Run,
    dataset: options.DatasetArgument,
    title: Annotated[str | None, typer.Option("--title")] = None,
    description: Annotated[str | None, typer.Option("--description")] = None,
    keyword: Annotated[Words, typer.Option("--keyword")] = None,
    level: Annotated[int | None, typer.Option("--level", min=1, max=5)] = None,
    field_level: Annotated[Words, typer.Option("--field-level", metavar="FIELD=LEVEL")] = None,
    operator: Annotated[Words, typer.Option("--operator")] = None,
    purpose: Annotated[Words, typer.Option("--purpose")] = None,
    price: Annotated[int | None, typer.Option("--price", min=0)] = None,
) -> DatasetView:
    """Change an own entry; what is not given stays. Final grants keep their terms."""
    return run.client.catalogue.update_dataset(
        dataset,
        title=title,
        description=description,
        keywords=words(keyword),
        level=level,
        levels=levels(field_level, "--field-level"),
        operators=words(operator),
        purposes=words(purpose),
        price_points=price,
    )


@command(
    app,
    "withdraw",
    "catalogue.withdraw_dataset",
    examples=("hanse catalogue withdraw DATASET --yes",),
    confirmed=True,
)
def withdraw(
    run: Run, dataset: options.DatasetArgument, reason: options.Reason = ""
) -> DatasetView:
    """Withdraw an own entry: nobody can apply for it any more."""
    run.confirm(f"Withdraw {dataset} from the catalogue?")
    return run.client.catalogue.withdraw_dataset(dataset, reason)
