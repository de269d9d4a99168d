"""Writes the generated parts of the reference: operations, errors, commands.

Run ``.venv/bin/python tools/reference.py`` after changing an operation, an error or a command;
a test compares what it would write with what is there.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

import hanse
from hanse.api.operations import OPERATIONS
from hanse.cli.main import make_app
from hanse.core.errors import HanseError, catalogue
from hanse.node.http.permissions import PERMISSIONS

ROOT = Path(__file__).parents[1]
API, CLI = ROOT / "docs" / "api.md", ROOT / "docs" / "cli.md"


def load_everything() -> None:
    """Import every module, so that every error class is in the catalogue."""
    for module in pkgutil.walk_packages(hanse.__path__, "hanse."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def operations_table() -> str:
    """One line per operation."""
    rows = ["| Operation | Request | Who may call it |", "|---|---|---|"]
    for declared in OPERATIONS.values():
        roles = sorted(role.value for role in PERMISSIONS.get(declared.id, ()))
        who = "everybody" if declared.access == "public" else ", ".join(roles)
        if declared.access == "peer":
            who += ", other nodes"
        what = f"`{declared.id}` — {declared.summary}"
        rows.append(f"| {what} | `{declared.method} {declared.path}` | {who} |")
    return "\n".join(rows)


def errors_table() -> str:
    """One line per error code."""
    load_everything()
    rows = ["| Code | HTTP | Exit | Retry | What to do |", "|---|---|---|---|---|"]
    for code, cls in catalogue().items():
        if is_product(cls):
            retry = "yes" if cls.retryable else ""
            text = cls.help.replace("|", "\\|")
            rows.append(f"| `{code}` | {cls.status} | {cls.exit_code} | {retry} | {text} |")
    return "\n".join(rows)


def is_product(cls: type[HanseError]) -> bool:
    """Whether the class ships with the product (tests define errors too)."""
    return cls.__module__.split(".")[0] == "hanse"


def commands_table() -> str:
    """One line per command."""
    rows = ["| Command | What it does |", "|---|---|"]
    for usage, summary in commands(typer.main.get_command(make_app()), "hanse"):
        rows.append(f"| `{usage}` | {summary} |")
    return "\n".join(rows)


def commands(command: Any, path: str) -> Iterator[tuple[str, str]]:
    """Usage line and first sentence of every command below one."""
    if hasattr(command, "commands"):
        for name, child in command.commands.items():
            yield from commands(child, f"{path} {name}")
        return
    words = [path]
    for param in command.params:
        if param.param_type_name == "argument":
            name = param.metavar or param.name.upper()
            words.append(name if param.required else f"[{name}]")
        elif param.required:
            words.append(f"{param.opts[0]} …")
    yield " ".join(words), re.split(r"(?<=[.])\s", command.help.strip())[0].replace("|", "\\|")


PARTS = {API: {"operations": operations_table, "errors": errors_table},
         CLI: {"commands": commands_table}}  # fmt: skip


def rendered(path: Path) -> str:
    """The document with its generated parts renewed."""
    text = path.read_text(encoding="utf-8")
    for name, make in PARTS[path].items():
        begin, end = f"<!-- {name}: generated -->", f"<!-- {name}: end -->"
        before, _, rest = text.partition(begin)
        _, marker, after = rest.partition(end)
        if not marker:
            raise ValueError(f"{path.name} has no part {name!r}")
        text = f"{before}{begin}\n{make()}\n{end}{after}"
    return text


if __name__ == "__main__":
    for document in PARTS:
        document.write_text(rendered(document), encoding="utf-8")
