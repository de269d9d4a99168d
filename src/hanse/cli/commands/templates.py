"""hanse templates …"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hanse.api.base import Page
from hanse.api.templates import FilledTemplateView, TemplateListView, TemplateView
from hanse.cli.command import command, group
from hanse.cli.output import Done
from hanse.cli.run import Run
from hanse.cli.values import pairs, words
from hanse.sdk.files import save

app = group(
    "Common flows with places to fill.",
    (
        "hanse templates list",
        "hanse templates show joint-credit-scoring",
        "hanse templates fill joint-credit-scoring --set label=default --output flow.yaml",
    ),
)
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="From templates list.")]


@command(app, "list", "templates.list", examples=("hanse templates list",))
def list_templates(run: Run) -> TemplateListView | Page[TemplateView]:
    """List flow templates and what they are for."""
    found = run.client.templates.list()
    return found if run.as_json else Page(items=found.items)


@command(app, "show", "templates.get", examples=("hanse templates show joint-credit-scoring",))
def show(run: Run, name: NameArgument) -> TemplateView:
    """Show a template: its places, and its text."""
    return run.client.templates.get(name)


@command(
    app,
    "fill",
    "templates.fill",
    examples=(
        "hanse templates fill joint-credit-scoring --set bank=DID --set bank_fields=id,age"
        " --output flow.yaml",
        "hanse flows check flow.yaml",
    ),
)
def fill(
    run: Run,
    name: NameArgument,
    values: Annotated[
        list[str], typer.Option("--set", help="PLACE=VALUE; commas where a place takes many.")
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the flow here instead of printing.")
    ] = None,
) -> FilledTemplateView | Done | str:
    """Fill a template: a flow to be checked and deployed. Every place needs a value."""
    given = pairs(values, "--set") or {}
    many = {place.name for place in run.client.templates.get(name).places if place.many}
    filled = run.client.templates.fill(
        name,
        {
            place: (words([value]) or []) if place in many else value
            for place, value in given.items()
        },
    )
    if output is not None:
        save(iter([filled.text.encode()]), output)
        return Done(done=f"written to {output}")
    return filled if run.as_json else filled.text
