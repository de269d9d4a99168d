"""hanse identity …"""

from __future__ import annotations

from typing import Annotated

import typer

from hanse.api.identity import IdentityView
from hanse.cli.command import command, group
from hanse.cli.commands import options
from hanse.cli.run import Run

app = group(
    "This organisation's own DID: keys, address, end.",
    ("hanse identity show", "hanse identity rotate-key --yes"),
)


@command(app, "show", "identity.show", examples=("hanse identity show",))
def show(run: Run) -> IdentityView:
    """Show the own DID, its keys by height and its address."""
    return run.client.identity.show()


@command(
    app,
    "rotate-key",
    "identity.rotate_key",
    examples=("hanse identity rotate-key --yes",),
    confirmed=True,
)
def rotate_key(run: Run) -> IdentityView:
    """Replace the signing key, while the node runs.

    Signatures made before stay valid in the ledger. Credentials this organisation issued do not
    verify any more until it issues them anew: hanse credentials reissue.
    """
    run.confirm(
        "Replace the signing key? Credentials issued by this node stop verifying until reissued."
    )
    return run.client.identity.rotate_key()


@command(
    app,
    "update-endpoint",
    "identity.update_endpoint",
    examples=("hanse identity update-endpoint https://node.example.org",),
)
def update_endpoint(
    run: Run, endpoint: Annotated[str, typer.Argument(metavar="ADDRESS", help="http(s)://…")]
) -> IdentityView:
    """Announce where other members reach this node."""
    return run.client.identity.update_endpoint(endpoint)


@command(
    app,
    "deactivate",
    "identity.deactivate",
    examples=('hanse identity deactivate --reason "leaves the network" --yes',),
    confirmed=True,
)
def deactivate(run: Run, reason: options.Reason = "") -> IdentityView:
    """End the own DID for good: the organisation leaves the network (operators cannot)."""
    run.confirm("End this organisation's DID for good? Nothing brings it back.")
    return run.client.identity.deactivate(reason)
