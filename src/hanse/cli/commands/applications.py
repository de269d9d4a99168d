"""hanse applications …"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hanse.api.base import Page
from hanse.api.errors import InvalidRequest
from hanse.api.members import ApplicationView, SubmitApplicationRequest
from hanse.cli.command import command, group
from hanse.cli.commands import options
from hanse.cli.commands.files import read_bytes
from hanse.cli.run import Run
from hanse.cli.values import moment_ms, words

app = group(
    "Applications for membership, as the operator decides on them.",
    ("hanse applications list --state PENDING", "hanse applications admit APPLICATION"),
)
ApplicationArgument = Annotated[str, typer.Argument(metavar="APPLICATION")]


@command(
    app,
    "list",
    "applications.list",
    examples=("hanse applications list --state PENDING",),
    paged=True,
)
def list_applications(
    run: Run,
    state: Annotated[str, typer.Option("--state", help="PENDING, ADMITTED or REJECTED.")] = "",
) -> Page[ApplicationView]:
    """List applications for membership."""
    return run.page(run.client.applications.list, state=state or None)


@command(app, "show", "applications.get", examples=("hanse applications show APPLICATION",))
def show(run: Run, application: ApplicationArgument) -> ApplicationView:
    """Show an application."""
    return run.client.applications.get(application)


@command(
    app,
    "submit",
    "applications.submit",
    examples=(
        "hanse node join --home bank --genesis genesis.json --operator https://op.example"
        " --role data_provider",
        "hanse applications submit application.json --url https://op.example",
    ),
)
def submit(
    run: Run,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Signed application; - for stdin.")],
) -> ApplicationView:
    """Hand in a signed application at the operator's node.

    `hanse node join` makes, signs and hands in the application of a node in one go; this
    command is for an application that was signed elsewhere.
    """
    try:
        asked = SubmitApplicationRequest.model_validate_json(read_bytes(file))
    except ValueError as error:
        raise InvalidRequest(f"{file} is no application", debug=str(error)) from None
    return run.client.applications.submit(
        asked.document,
        asked.proof,
        name=asked.name,
        roles=asked.roles,
        controller=asked.controller,
        details=asked.details,
    )


@command(
    app,
    "admit",
    "applications.admit",
    examples=(
        "hanse applications admit APPLICATION",
        "hanse applications admit APPLICATION --role data_provider --valid-until 1y",
    ),
)
def admit(
    run: Run,
    application: ApplicationArgument,
    role: options.OptionalRoles = None,
    valid_until: Annotated[
        str, typer.Option("--valid-until", help="End of the credential: 1y, or a date.")
    ] = "",
) -> ApplicationView:
    """Admit: register the DID on the ledger and issue the role credential."""
    until_ms = moment_ms(valid_until, "--valid-until") if valid_until else None
    return run.client.applications.admit(application, roles=words(role), valid_until_ms=until_ms)


@command(
    app,
    "reject",
    "applications.reject",
    examples=('hanse applications reject APPLICATION --reason "papers missing"',),
)
def reject(
    run: Run, application: ApplicationArgument, reason: options.Reason = ""
) -> ApplicationView:
    """Reject an application."""
    return run.client.applications.reject(application, reason)
