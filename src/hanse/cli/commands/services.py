"""hanse services …"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import typer

from hanse.api.base import Page
from hanse.api.services import (
    PredictionsView,
    RetrievedView,
    ServiceView,
    UsageCheckView,
    UsageView,
)
from hanse.cli.command import command, group
from hanse.cli.commands import options
from hanse.cli.commands.batch import score_file
from hanse.cli.errors import BadUsage
from hanse.cli.output import Done
from hanse.cli.run import Run
from hanse.cli.values import moment_ms

app = group(
    "Services: a model or a table set up for retrieval, served between its parties.\n\n"
    "OFFERED → ACTIVE once every party accepted → (SUSPENDED) → ENDED. Uses are reserved on the"
    " ledger and counted by every party.",
    (
        "hanse services offer prediction FLOW train model --receiver DID --purpose credit-risk",
        "hanse services accept SERVICE --table TABLE",
        "hanse services reserve SERVICE 100",
        "hanse services predict SERVICE c17 c18",
    ),
)
ServiceArgument = Annotated[str, typer.Argument(metavar="SERVICE", help="sv-…")]
Table = Annotated[str, typer.Option("--table", help="Table ids are looked up in here.")]
KeysArgument = Annotated[
    list[str], typer.Argument(metavar="KEY...", help="Components of a key, with tabs between.")
]


@command(
    app,
    "offer",
    "services.offer",
    examples=(
        "hanse services offer prediction FLOW train model --name scores --receiver DID"
        " --purpose credit-risk --uses 1000 --per-minute 100 --table TABLE",
    ),
)
def offer(
    run: Run,
    kind: Annotated[str, typer.Argument(metavar="KIND", help="prediction or retrieval.")],
    flow: options.FlowArgument,
    step: Annotated[str, typer.Argument(metavar="STEP", help="The step that made it.")],
    output: Annotated[str, typer.Argument(metavar="OUTPUT", help="For instance model.")],
    receiver: Annotated[str, typer.Option("--receiver", metavar="DID")],
    purpose: Annotated[str, typer.Option("--purpose")],
    name: Annotated[str, typer.Option("--name")] = "",
    uses: Annotated[int, typer.Option("--uses", min=0, help="0: below what gives parts away.")] = 0,
    per_minute: Annotated[
        int, typer.Option("--per-minute", min=0, help="0: no more than all.")
    ] = 0,
    not_after: Annotated[str, typer.Option("--not-after", help="A span (30d) or a date.")] = "30d",
    price: Annotated[
        list[str] | None, typer.Option("--price", metavar="ALIAS=POINTS", help="Of one use.")
    ] = None,
    table: Table = "",
) -> ServiceView:
    """Offer a service; this is your organisation's signature."""
    return run.client.services.offer(
        _kind(kind),
        flow,
        step,
        output,
        name=name or f"{step}.{output}",
        receiver=receiver,
        purpose=purpose,
        not_after_ms=moment_ms(not_after, "--not-after"),
        uses=uses or None,
        window_uses=per_minute or None,
        prices=_prices(price or []),
        table=table,
    )


@command(app, "list", "services.list", examples=("hanse services list",), paged=True)
def list_services(
    run: Run, state: Annotated[str, typer.Option("--state", help="For instance ACTIVE.")] = ""
) -> Page[ServiceView]:
    """List the services this node is a party of."""
    return run.page(run.client.services.list, state=state or None)


@command(app, "show", "services.get", examples=("hanse services show SERVICE",))
def show(run: Run, service: ServiceArgument) -> ServiceView:
    """Show terms, signatures, uses, and what scores give the receiver."""
    return run.client.services.get(service)


@command(
    app, "accept", "services.accept", examples=("hanse services accept SERVICE --table TABLE",)
)
def accept(run: Run, service: ServiceArgument, table: Table = "") -> ServiceView:
    """Sign the terms."""
    return run.client.services.accept(service, table)


@command(app, "reserve", "services.reserve", examples=("hanse services reserve SERVICE 100",))
def reserve(
    run: Run,
    service: ServiceArgument,
    uses: Annotated[int, typer.Argument(metavar="USES", min=1, help="Ids or keys.")],
) -> ServiceView:
    """Reserve uses, as the receiver; their price is due at once, used or not."""
    return run.client.services.reserve(service, uses)


@command(
    app,
    "predict",
    "services.predict",
    examples=(
        "hanse services predict SERVICE c17 c18",
        "hanse services predict SERVICE --file ids.txt --output scores.csv",
    ),
)
def predict(
    run: Run,
    service: ServiceArgument,
    ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ID]...", help="Components of an id, with tabs between."),
    ] = None,
    file: Annotated[Path | None, typer.Option("--file", help="One id a line; - for stdin.")] = None,
    output: options.OptionalOutput = None,
) -> PredictionsView | Done:
    """Score ids, as the receiver; one use each.

    Scores of a file go to a CSV file. One that exists is gone on with: what it has is not asked
    again.
    """
    ask = run.client.services.predict
    if ids and file is None and output is None:
        return ask(service, _keys(ids))
    if ids or file is None or output is None:
        raise BadUsage("name ids, or a --file of them and an --output")
    with run.progress(f"scoring {file}") as report:
        rows = score_file(lambda some: ask(service, _keys(some)).rows, file, output, report)
    return Done(done=f"{rows} scores in {output}")


@command(app, "retrieve", "services.retrieve", examples=("hanse services retrieve SERVICE c17",))
def retrieve(run: Run, service: ServiceArgument, keys: KeysArgument) -> RetrievedView:
    """Look keys up privately, as the receiver; one use each."""
    return run.client.services.retrieve(service, _keys(keys))


@command(app, "suspend", "services.suspend", examples=("hanse services suspend SERVICE",))
def suspend(run: Run, service: ServiceArgument, reason: options.Reason = "") -> ServiceView:
    """Stop a service for a while."""
    return run.client.services.suspend(service, reason)


@command(app, "resume", "services.resume", examples=("hanse services resume SERVICE",))
def resume(run: Run, service: ServiceArgument) -> ServiceView:
    """Let a service go on that this node suspended."""
    return run.client.services.resume(service)


@command(app, "end", "services.end", examples=("hanse services end SERVICE",), confirmed=True)
def end(run: Run, service: ServiceArgument, reason: options.Reason = "") -> ServiceView:
    """Stop a service for good, or decline its offer."""
    run.confirm(f"End {service} for all its parties?")
    return run.client.services.end(service, reason)


@command(
    app,
    "usage",
    "services.usage",
    examples=("hanse services usage SERVICE --output tickets.json",),
)
def usage(
    run: Run,
    service: ServiceArgument,
    output: options.OptionalOutput = None,
) -> UsageView:
    """Signed tickets of the uses counted here; to a file for an auditor."""
    found = run.client.services.usage(service)
    while found.tickets and found.tickets[-1].total < found.uses:
        rest = run.client.services.usage(service, above=found.tickets[-1].total)
        found = found.model_copy(update={"tickets": [*found.tickets, *rest.tickets]})
    if output is not None:
        output.write_bytes(msgspec.json.encode([one.ticket for one in found.tickets]))
    return found


@command(
    app,
    "verify",
    "services.verify",
    examples=("hanse services verify SERVICE tickets.json",),
)
def verify(
    run: Run,
    service: ServiceArgument,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="As usage wrote it.")],
) -> UsageCheckView:
    """Check a node's tickets against signatures and the ledger."""
    try:
        tickets = msgspec.json.decode(file.read_bytes(), type=list[str])
    except (OSError, msgspec.DecodeError) as error:
        raise BadUsage(f"{file} holds no tickets") from error
    return run.client.services.verify(service, tickets)


def _kind(text: str) -> Literal["prediction", "retrieval"]:
    if text == "prediction":
        return "prediction"
    if text == "retrieval":
        return "retrieval"
    raise BadUsage("KIND is prediction or retrieval")


def _prices(texts: list[str]) -> dict[str, int]:
    prices = {}
    for text in texts:
        alias, _, points = text.partition("=")
        if not points.isdecimal():
            raise BadUsage("a price is written ALIAS=POINTS")
        prices[alias] = int(points)
    return prices


def _keys(texts: Sequence[str]) -> list[str | list[str]]:
    return [text.split("\t") if "\t" in text else text for text in texts]
