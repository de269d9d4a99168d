"""hanse resources …"""

from __future__ import annotations

from typing import Annotated

import typer

from hanse.api.base import Page
from hanse.api.catalogue import ResourceView
from hanse.cli.command import command, group
from hanse.cli.commands import options
from hanse.cli.run import Run
from hanse.cli.values import size_bytes, words

app = group(
    "Computing resources in the catalogue.",
    ("hanse resources list --protocol aby3",),
)
ResourceArgument = Annotated[str, typer.Argument(metavar="RESOURCE", help="rs-…")]


@command(
    app,
    "list",
    "catalogue.resources",
    examples=("hanse resources list --protocol aby3",),
    paged=True,
)
def list_resources(
    run: Run,
    owner: Annotated[str, typer.Option("--owner", help="DID.")] = "",
    protocol: Annotated[str, typer.Option("--protocol", help="aby3, cheetah, rr22.")] = "",
    state: Annotated[str, typer.Option("--state", help="PUBLISHED or WITHDRAWN.")] = "",
) -> Page[ResourceView]:
    """List computing resources."""
    return run.page(
        run.client.catalogue.resources,
        owner=owner or None,
        protocol=protocol or None,
        state=state or None,
    )


@command(app, "show", "catalogue.resource", examples=("hanse resources show RESOURCE",))
def show(run: Run, resource: ResourceArgument) -> ResourceView:
    """Show a computing resource."""
    return run.client.catalogue.resource(resource)


@command(
    app,
    "publish",
    "catalogue.publish_resource",
    examples=("hanse resources publish --protocol aby3,cheetah --cores 8 --memory 32G --price 5",),
)
def publish(
    run: Run,
    protocol: Annotated[list[str], typer.Option("--protocol", help="Repeat or use commas.")],
    cores: Annotated[int, typer.Option("--cores", min=1)],
    memory: Annotated[str, typer.Option("--memory", help="For instance 32G.")],
    price: Annotated[int, typer.Option("--price", min=0, help="Points for one flow.")] = 0,
) -> ResourceView:
    """Offer this node's computing capacity."""
    return run.client.catalogue.publish_resource(
        protocols=words(protocol) or [],
        cores=cores,
        memory_bytes=size_bytes(memory, "--memory"),
        price_points=price,
    )


@command(
    app,
    "withdraw",
    "catalogue.withdraw_resource",
    examples=("hanse resources withdraw RESOURCE --yes",),
    confirmed=True,
)
def withdraw(run: Run, resource: ResourceArgument, reason: options.Reason = "") -> ResourceView:
    """Withdraw an own resource."""
    run.confirm(f"Withdraw {resource}?")
    return run.client.catalogue.withdraw_resource(resource, reason)
