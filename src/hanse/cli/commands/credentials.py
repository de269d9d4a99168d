"""hanse credentials …"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hanse.api.base import Page
from hanse.api.members import CredentialView, ReissuedView
from hanse.cli.command import command, group
from hanse.cli.commands import options
from hanse.cli.commands.files import read_text
from hanse.cli.run import Run

app = group(
    "Role credentials (W3C VC 2.0) this node holds and, as the operator, has issued.",
    ("hanse credentials list --side held", "hanse credentials verify credential.jwt"),
)
CredentialArgument = Annotated[str, typer.Argument(metavar="CREDENTIAL")]


@command(
    app,
    "list",
    "credentials.list",
    examples=("hanse credentials list --side issued --status REVOKED",),
    paged=True,
)
def list_credentials(
    run: Run,
    side: Annotated[str, typer.Option("--side", help="held or issued.")] = "",
    status: Annotated[
        str, typer.Option("--status", help="ACTIVE, SUSPENDED, REVOKED, EXPIRED or STALE.")
    ] = "",
) -> Page[CredentialView]:
    """List credentials held and issued, with their status."""
    return run.page(run.client.credentials.list, side=side or None, status=status or None)


@command(app, "show", "credentials.get", examples=("hanse credentials show CREDENTIAL --json",))
def show(run: Run, credential: CredentialArgument) -> CredentialView:
    """Show a credential with its status on the ledger."""
    return run.client.credentials.get(credential)


@command(
    app,
    "verify",
    "credentials.verify",
    examples=("hanse credentials verify credential.jwt", "hanse credentials verify - < c.jwt"),
)
def verify(
    run: Run,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Compact vc+jwt; - for stdin.")],
) -> CredentialView:
    """Verify a credential: issuer, holder, validity and status on the ledger."""
    return run.client.credentials.verify(read_text(file).strip())


@command(
    app,
    "suspend",
    "credentials.suspend",
    examples=("hanse credentials suspend CREDENTIAL --yes",),
    confirmed=True,
)
def suspend(
    run: Run, credential: CredentialArgument, reason: options.Reason = ""
) -> CredentialView:
    """Suspend an issued credential."""
    run.confirm(f"Suspend credential {credential}?")
    return run.client.credentials.suspend(credential, reason)


@command(
    app,
    "reinstate",
    "credentials.reinstate",
    examples=("hanse credentials reinstate CREDENTIAL",),
)
def reinstate(
    run: Run, credential: CredentialArgument, reason: options.Reason = ""
) -> CredentialView:
    """Lift the suspension of an issued credential."""
    return run.client.credentials.reinstate(credential, reason)


@command(
    app,
    "revoke",
    "credentials.revoke",
    examples=("hanse credentials revoke CREDENTIAL --yes",),
    confirmed=True,
)
def revoke(run: Run, credential: CredentialArgument, reason: options.Reason = "") -> CredentialView:
    """Revoke an issued credential for good."""
    run.confirm(f"Revoke credential {credential} for good?")
    return run.client.credentials.revoke(credential, reason)


@command(app, "reissue", "credentials.reissue", examples=("hanse credentials reissue",))
def reissue(run: Run) -> ReissuedView:
    """Issue anew the credentials signed with a key that was rotated away.

    Roles, end of validity and status stay as they are. The holders' nodes see the change on the
    ledger and fetch their new credential by themselves.
    """
    return run.client.credentials.reissue()
