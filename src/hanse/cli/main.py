"""Entry of the command line: the tree of commands, and every error as one clear line."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated, Final

import typer

from hanse.cli.command import epilog
from hanse.cli.commands import (
    algorithms,
    applications,
    attestation,
    audit,
    catalogue,
    credentials,
    data,
    evidence,
    flows,
    grants,
    identity,
    issuers,
    ledger,
    members,
    models,
    network,
    node,
    operators,
    points,
    privacy,
    resources,
    rights,
    services,
    session,
    templates,
    tokens,
    users,
    validators,
    verify,
)
from hanse.cli.demo import command as demo
from hanse.cli.errors import BadUsage, Declined
from hanse.cli.output import report_error
from hanse.core.errors import HanseError, InternalError

# UsageError of the click that typer carries; typer exports only its child.
_USAGE_ERROR = typer.BadParameter.__mro__[1]
INTERRUPTED = 130

GROUPS: Final = (
    ("node", node.app, "Set up"),
    ("network", network.app, "Set up"),
    ("users", users.app, "Set up"),
    ("tokens", tokens.app, "Set up"),
    ("applications", applications.app, "Network"),
    ("members", members.app, "Network"),
    ("identity", identity.app, "Network"),
    ("issuers", issuers.app, "Network"),
    ("credentials", credentials.app, "Network"),
    ("ledger", ledger.app, "Network"),
    ("points", points.app, "Network"),
    ("validators", validators.app, "Network"),
    ("data", data.app, "Collaborate"),
    ("catalogue", catalogue.app, "Collaborate"),
    ("resources", resources.app, "Collaborate"),
    ("operators", operators.app, "Collaborate"),
    ("algorithms", algorithms.app, "Collaborate"),
    ("grants", grants.app, "Collaborate"),
    ("models", models.app, "Collaborate"),
    ("services", services.app, "Collaborate"),
    ("rights", rights.app, "Collaborate"),
    ("privacy", privacy.app, "Collaborate"),
    ("templates", templates.app, "Collaborate"),
    ("flows", flows.app, "Collaborate"),
    ("evidence", evidence.app, "Audit"),
    ("audit", audit.app, "Audit"),
    ("attestation", attestation.app, "Audit"),
)
EXAMPLES: Final = (
    "hanse login http://127.0.0.1:8701 --user alice",
    "hanse data import customers.csv --key id",
    "hanse catalogue search credit",
    "hanse grants request DATASET --field id,spend --purpose credit-risk --operator align",
    "hanse flows deploy flow.yaml --wait",
    "hanse audit trace FLOW",
    "hanse verify proof.json --genesis genesis.json",
)
HELP: Final = "\n\n".join(
    (
        "Compute together on data that never leaves its owner.",
        "An organisation runs a node; this command talks to it. Choose the node by --url and"
        " --token on any command, by HANSE_URL and HANSE_TOKEN, or once by hanse login.",
        "Every command takes --json. Exit codes: 0 done, 2 wrong input, 3 not allowed, 4 not"
        " found, 5 state forbids it, 6 does not verify, 7 too many calls, 8 a task failed,"
        " 9 not reachable, 70 our fault. Errors name a code; hanse node errors explains them.",
    )
)


def make_app() -> typer.Typer:
    """The tree of commands."""
    app = typer.Typer(
        name="hanse",
        help=HELP,
        epilog=epilog(EXAMPLES),
        no_args_is_help=True,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
    )
    app.callback()(_root)
    session.add_to(app)
    verify.add_to(app)
    demo.add_to(app)
    for name, part, panel in GROUPS:
        app.add_typer(part, name=name, rich_help_panel=panel)
    return app


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(version("hanse"))
        raise typer.Exit


def _root(
    show_version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", is_eager=True, callback=_show_version),
    ] = False,
) -> None:
    """Only carries the options of the root."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code.

    Args:
        arguments: without the program's name; the process's own when None.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    command = typer.main.get_command(make_app())
    try:
        code = command.main(args=given, prog_name="hanse", standalone_mode=False)
    except KeyboardInterrupt:
        sys.stderr.write("\nhanse: interrupted\n")
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of the pipe has seen enough; keep the interpreter from writing again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        named = _named(error)
        if named is None:
            return BadUsage.exit_code
        report_error(named, as_json="--json" in given)
        return named.exit_code
    return code if isinstance(code, int) else 0


def _named(error: Exception) -> HanseError | None:
    """The named error; None when the help was shown instead of one."""
    if isinstance(error, HanseError):
        return error
    if isinstance(error, typer.Abort):
        return Declined()
    if isinstance(error, _USAGE_ERROR):
        if not str(error):
            return None
        context = getattr(error, "ctx", None)
        place = f"{context.command_path}: " if context is not None else ""
        return BadUsage(f"{place}{error}")
    if os.environ.get("HANSE_DEBUG"):
        traceback.print_exception(error)
    return InternalError(f"{type(error).__name__} (HANSE_DEBUG=1 shows where)")
