"""hanse members …"""

from __future__ import annotations

from typing import Annotated

import typer

from hanse.api.base import Page
from hanse.api.members import DidView, MemberView
from hanse.cli.command import command, group
from hanse.cli.commands import options
from hanse.cli.run import Run

app = group(
    "Members of the network and their DIDs.",
    ("hanse members list --role compute_provider", "hanse members document DID"),
)


@command(
    app,
    "list",
    "members.list",
    examples=("hanse members list", "hanse members list --role compute_provider"),
    paged=True,
)
def list_members(
    run: Run,
    text: Annotated[str, typer.Option("--text", "-q", help="Part of a name or DID.")] = "",
    role: Annotated[str, typer.Option("--role", help="For instance data_provider.")] = "",
    state: Annotated[str, typer.Option("--state", help="ACTIVE, SUSPENDED or REMOVED.")] = "",
) -> Page[MemberView]:
    """List members with roles, controller and standing."""
    return run.page(run.client.members.list, q=text or None, role=role or None, state=state or None)


@command(app, "show", "members.get", examples=("hanse members show DID",))
def show(run: Run, did: options.DidArgument) -> MemberView:
    """Show a member."""
    return run.client.members.get(did)


@command(app, "document", "members.resolve", examples=("hanse members document DID",))
def document(run: Run, did: options.DidArgument) -> DidView | dict[str, object]:
    """Resolve a DID to its W3C document: keys and services."""
    resolved = run.client.members.resolve(did)
    return resolved if run.as_json else resolved.document


@command(
    app,
    "suspend",
    "members.suspend",
    examples=('hanse members suspend DID --reason "audit open" --yes',),
    confirmed=True,
)
def suspend(run: Run, did: options.DidArgument, reason: options.Reason = "") -> MemberView:
    """Suspend a member (operator): its transactions are refused until reinstated."""
    run.confirm(f"Suspend {did}?")
    return run.client.members.suspend(did, reason)


@command(app, "reinstate", "members.reinstate", examples=("hanse members reinstate DID",))
def reinstate(run: Run, did: options.DidArgument, reason: options.Reason = "") -> MemberView:
    """Lift a suspension (operator)."""
    return run.client.members.reinstate(did, reason)


@command(
    app,
    "remove",
    "members.remove",
    examples=('hanse members remove DID --reason "left the network" --yes',),
    confirmed=True,
)
def remove(run: Run, did: options.DidArgument, reason: options.Reason = "") -> MemberView:
    """Remove a member for good (operator)."""
    run.confirm(f"Remove {did} from the network for good?")
    return run.client.members.remove(did, reason)
