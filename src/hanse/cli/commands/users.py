"""hanse users …"""

from __future__ import annotations

from typing import Annotated

import typer

from hanse.api.base import Page
from hanse.api.session import UserView
from hanse.cli.command import command, group
from hanse.cli.commands import options
from hanse.cli.commands.session import read_password
from hanse.cli.output import Done
from hanse.cli.run import Run
from hanse.cli.values import words

app = group(
    "Users of this organisation: add, change, disable, delete, passwords.\n\n"
    "Roles: admin (users, members, settings), steward (data and grants), analyst (requests and"
    " flows), auditor (reads everything but data).",
    ("hanse users list", "hanse users add alice --role analyst"),
)
NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="User name.")]
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the new password from stdin.")
]


@command(app, "list", "users.list", examples=("hanse users list",), paged=True)
def list_users(run: Run) -> Page[UserView]:
    """List users with roles and last login."""
    return run.page(run.client.users.list)


@command(app, "show", "users.get", examples=("hanse users show alice",))
def show(run: Run, name: NameArgument) -> UserView:
    """Show a user."""
    return run.client.users.get(name)


@command(
    app,
    "add",
    "users.create",
    examples=(
        "hanse users add alice --role analyst",
        "hanse users add bob --role steward,auditor --password-stdin < secret.txt",
    ),
)
def add(
    run: Run, name: NameArgument, role: options.Roles, password_stdin: PasswordStdin = False
) -> UserView:
    """Add a user. The password is asked for, or comes from HANSE_NEW_PASSWORD or stdin."""
    password = read_password("New password", "HANSE_NEW_PASSWORD", password_stdin, again=True)
    return run.client.users.create(name, password, words(role) or [])


@command(
    app,
    "update",
    "users.update",
    examples=("hanse users update alice --role steward", "hanse users update alice --disable"),
)
def update(
    run: Run,
    name: NameArgument,
    role: options.OptionalRoles = None,
    disabled: Annotated[
        bool | None, typer.Option("--disable/--enable", help="Forbid or allow logging in.")
    ] = None,
) -> UserView:
    """Change roles, disable or enable; sessions and tokens of a disabled user end."""
    return run.client.users.update(name, roles=words(role), disabled=disabled)


@command(
    app, "delete", "users.delete", examples=("hanse users delete alice --yes",), confirmed=True
)
def delete(run: Run, name: NameArgument) -> Done:
    """Delete a user. The log keeps what the user did."""
    run.confirm(f"Delete user {name}?")
    run.client.users.delete(name)
    return Done(done=f"user {name} deleted")


@command(
    app,
    "password",
    "users.set_password",
    examples=("hanse users password alice", "hanse users password alice --reset"),
)
def password(
    run: Run,
    name: NameArgument,
    reset: Annotated[
        bool, typer.Option("--reset", help="As an admin, without the current password.")
    ] = False,
    password_stdin: PasswordStdin = False,
) -> Done:
    """Change the own password, or reset another's as an admin.

    The current password comes from HANSE_PASSWORD or a prompt, the new one from
    HANSE_NEW_PASSWORD, standard input or a prompt.
    """
    current = None if reset else read_password("Current password", "HANSE_PASSWORD", False)
    new = read_password("New password", "HANSE_NEW_PASSWORD", password_stdin, again=True)
    run.client.users.set_password(name, new, current_password=current)
    return Done(done=f"password of {name} changed")
