"""hanse tokens …"""

from __future__ import annotations

from typing import Annotated

import typer

from hanse.api.base import Page
from hanse.api.session import CreatedTokenView, TokenView
from hanse.cli.command import command, group
from hanse.cli.commands import options
from hanse.cli.output import Done
from hanse.cli.run import Run
from hanse.cli.values import moment_ms, words

app = group("API tokens for programs.", ("hanse tokens create nightly-job --role analyst",))


@command(app, "list", "tokens.list", examples=("hanse tokens list",), paged=True)
def list_tokens(run: Run) -> Page[TokenView]:
    """List tokens, without their secrets."""
    return run.page(run.client.tokens.list)


@command(
    app,
    "create",
    "tokens.create",
    examples=(
        "hanse tokens create nightly-job --role analyst --expires 90d",
        "HANSE_TOKEN=… hanse flows list",
    ),
)
def create(
    run: Run,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the token is for.")],
    role: options.Roles,
    expires: Annotated[
        str, typer.Option("--expires", help="A span (90d, 1y) or a date (2027-01-31).")
    ] = "",
) -> CreatedTokenView:
    """Make a token with at most your own roles. It is shown this once."""
    expires_ms = moment_ms(expires, "--expires") if expires else None
    return run.client.tokens.create(name, words(role) or [], expires_ms=expires_ms)


@command(
    app,
    "delete",
    "tokens.delete",
    examples=("hanse tokens delete TOKEN_ID --yes",),
    confirmed=True,
)
def delete(
    run: Run,
    identifier: Annotated[str, typer.Argument(metavar="TOKEN_ID", help="From tokens list.")],
) -> Done:
    """Revoke a token at once."""
    run.confirm(f"Revoke token {identifier}?")
    run.client.tokens.delete(identifier)
    return Done(done=f"token {identifier} revoked")
