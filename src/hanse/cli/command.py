"""How a command is declared: its operations, examples and the options all commands share.

A command is a function of a `Run` and its own arguments that returns what is to be shown.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final

import typer

from hanse.cli.run import Run

Function = Callable[..., Any]
_SHARED: Final[dict[str, tuple[Any, Any]]] = {
    "as_json": (Annotated[bool, typer.Option("--json", help="Print JSON.")], False),
    "url": (
        Annotated[str, typer.Option("--url", metavar="URL", help="Node. Else HANSE_URL, profile.")],
        "",
    ),
    "token": (
        Annotated[str, typer.Option("--token", metavar="TOKEN", help="Else HANSE_TOKEN, profile.")],
        "",
    ),
    "profile": (
        Annotated[
            str, typer.Option("--profile", metavar="NAME", help="Stored login. Else HANSE_PROFILE.")
        ],
        "",
    ),
}
_PAGING: Final[dict[str, tuple[Any, Any]]] = {
    "limit": (Annotated[int, typer.Option("--limit", min=1, max=500, help="Page size.")], 50),
    "after": (Annotated[str, typer.Option("--after", help="Go on after this page mark.")], ""),
    "everything": (Annotated[bool, typer.Option("--all", help="Every item.")], False),
}
_CONFIRMED: Final[dict[str, tuple[Any, Any]]] = {
    "yes": (Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")], False),
}
_OFFLINE: Final = {"as_json": _SHARED["as_json"]}


def command(
    app: typer.Typer,
    name: str,
    *operations: str,
    examples: Sequence[str] = (),
    paged: bool = False,
    confirmed: bool = False,
    online: bool = True,
) -> Callable[[Function], Function]:
    """Decorator: add a function as a command.

    Args:
        operations: ids of the API operations the command carries out.
        examples: full command lines shown below the help.
        paged: adds ``--limit``, ``--after``, ``--all``.
        confirmed: adds ``--yes``; the function calls `Run.confirm`.
        online: adds ``--url``, ``--token``, ``--profile``.
    """
    shared = dict(_SHARED if online else _OFFLINE)
    shared |= _PAGING if paged else {}
    shared |= _CONFIRMED if confirmed else {}

    def register(function: Function) -> Function:
        wrapped = _with_shared_options(function, shared)
        wrapped.__dict__["operations"] = operations
        wrapped.__dict__["examples"] = tuple(examples)
        app.command(name, epilog=epilog(examples))(wrapped)
        return function

    return register


def epilog(examples: Sequence[str]) -> str | None:
    """Examples as the help prints them, one line each."""
    if not examples:
        return None
    # Square brackets would be read as markup.
    lines = [f"  {example}".replace("[", "\\[") for example in examples]
    return "\n\n".join(["[bold]Examples[/bold]", *lines])


def _with_shared_options(function: Function, shared: dict[str, tuple[Any, Any]]) -> Function:
    signature = inspect.signature(function, eval_str=True)
    own = [p for n, p in signature.parameters.items() if p.annotation is not Run]

    @functools.wraps(function)
    def wrapped(**given: Any) -> None:
        run = Run(**{option: given.pop(option) for option in shared})
        try:
            run.out.show(function(run, **given))
        finally:
            run.close()

    options = [
        inspect.Parameter(
            option, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
        )
        for option, (annotation, default) in shared.items()
    ]
    arguments = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own]
    changed = signature.replace(parameters=[*arguments, *options], return_annotation=None)
    wrapped.__dict__["__signature__"] = changed
    wrapped.__annotations__ = {p.name: p.annotation for p in changed.parameters.values()}
    return wrapped


def group(help_: str, examples: Sequence[str] = ()) -> typer.Typer:
    """A group of commands."""
    return typer.Typer(
        help=help_, epilog=epilog(examples), no_args_is_help=True, rich_markup_mode="rich"
    )
