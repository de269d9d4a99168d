"""hanse login, logout, whoami."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from hanse.api.session import SessionView
from hanse.cli import profile
from hanse.cli.command import command
from hanse.cli.connection import choose
from hanse.cli.errors import ConfirmationNeeded
from hanse.cli.output import Done
from hanse.cli.profile import Profile
from hanse.cli.run import Run
from hanse.sdk import Client


def add_to(app: typer.Typer) -> None:
    """Add the commands to the root."""
    command(
        app,
        "login",
        "session.login",
        examples=(
            "hanse login http://127.0.0.1:8701 --user alice",
            "hanse login https://node.bank.example --user alice --profile bank",
            "hanse login http://127.0.0.1:8701 --user alice --password-stdin < secret.txt",
        ),
    )(login)
    command(app, "logout", "session.logout", examples=("hanse logout",))(logout)
    command(app, "whoami", "session.show", examples=("hanse whoami", "hanse whoami --json"))(whoami)


def login(
    run: Run,
    address: Annotated[str, typer.Argument(metavar="URL", help="The node's address.")] = "",
    user: Annotated[str, typer.Option("--user", "-u", help="User name.")] = "",
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password's one line from stdin.")
    ] = False,
    ca_file: Annotated[
        Path | None, typer.Option("--ca-file", help="PEM of the node's TLS authority.")
    ] = None,
) -> Done:
    """Log in and keep the token in the profile file (mode 0600).

    The password is asked for, or comes from HANSE_PASSWORD or standard input. The file is
    ~/.config/hanse/config.json, or what HANSE_CONFIG names.
    """
    name = run.profile or os.environ.get("HANSE_PROFILE", "") or profile.DEFAULT
    stored = profile.load().profiles.get(name)
    url = address or run.url or os.environ.get("HANSE_URL", "") or (stored.url if stored else "")
    url = choose(url, "", "").url
    ca_file = ca_file or (Path(stored.ca_file) if stored and stored.ca_file else None)
    user = user or (stored.user if stored else "") or _ask("User")
    with Client(url, ca_file=ca_file) as client:
        opened = client.session.login(user, _password(password_stdin))
    path = profile.store(
        name, Profile(url=url, token=opened.token, user=user, ca_file=str(ca_file or ""))
    )
    done = f"logged in at {url} as {user} ({', '.join(opened.roles)}); kept in {path}"
    if opened.must_change_password:
        done += f"; now choose your own password: hanse users password {user}"
    return Done(done=done)


def logout(run: Run) -> Done:
    """End the session and forget its token."""
    chosen = run.connection()
    run.client.session.logout()
    profile.forget(chosen.profile_name)
    return Done(done=f"logged out of {chosen.url}")


def whoami(run: Run) -> SessionView:
    """Show who the token belongs to, its roles and when it ends."""
    return run.client.session.show()


def read_password(question: str, variable: str, from_stdin: bool, *, again: bool = False) -> str:
    """A password from standard input, the environment or a hidden prompt.

    Raises:
        ConfirmationNeeded: when there is nobody to ask.
    """
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if password := os.environ.get(variable):
        return password
    if not sys.stdin.isatty():
        raise ConfirmationNeeded(f"a password is needed: --password-stdin or {variable}")
    entered: str = typer.prompt(question, hide_input=True, confirmation_prompt=again, err=True)
    return entered


def _password(from_stdin: bool) -> str:
    return read_password("Password", "HANSE_PASSWORD", from_stdin)


def _ask(question: str) -> str:
    if not sys.stdin.isatty():
        raise ConfirmationNeeded(f"{question.lower()} name is needed: --user")
    answer: str = typer.prompt(question, err=True)
    return answer
