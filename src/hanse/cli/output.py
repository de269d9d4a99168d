"""What a command prints: JSON for programs, tables for people; errors on standard error."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Sequence
from typing import Any, TextIO, cast

from pydantic import BaseModel
from rich.console import Console

from hanse.api.base import Page
from hanse.cli.render import render_object, render_table
from hanse.core.errors import HanseError

PIPE_WIDTH = 10_000


class Done(BaseModel):
    """A sentence for an operation whose answer is empty."""

    done: str


class Output:
    """Standard output of one command.

    Args:
        as_json: one JSON document instead of text.
    """

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.console = make_console(sys.stdout)

    def show(self, result: object) -> None:
        """Print the result of a command."""
        if result is None:
            return
        if self.as_json:
            sys.stdout.write(json.dumps(plain(result), ensure_ascii=False, indent=2) + "\n")
        elif isinstance(result, Done):
            self.console.print(result.done, markup=False)
        elif isinstance(result, Page):
            self._page(result)
        elif isinstance(result, BaseModel):
            self.console.print(render_object(result))
        elif isinstance(result, str):
            self.console.print(result, markup=False, soft_wrap=True)
        else:
            self.console.print_json(data=plain(result), indent=2, ensure_ascii=False)

    def _page(self, page: Page[Any]) -> None:
        if not page.items:
            self.console.print("nothing found")
            return
        self.console.print(render_table(page.items))
        if page.next:
            self.console.print(f"more: --after {page.next}, or --all", markup=False)


class _Trimmed(io.TextIOBase):
    """A stream that drops the blanks tables put at the ends of lines."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """That of the stream below; boxes are drawn with it."""
        return self._stream.encoding

    def write(self, text: str) -> int:
        """Write lines without their trailing blanks."""
        self._stream.write("\n".join(line.rstrip(" ") for line in text.split("\n")))
        return len(text)

    def flush(self) -> None:
        """Flush what lies below."""
        self._stream.flush()


def make_console(stream: TextIO) -> Console:
    """A console that never cuts lines when its output is piped on."""
    if stream.isatty():
        return Console(file=stream, highlight=False, emoji=False)
    trimmed = cast("TextIO", _Trimmed(stream))
    return Console(file=trimmed, width=PIPE_WIDTH, highlight=False, emoji=False)


def plain(result: object) -> Any:
    """JSON-safe form of views, and of lists and dicts of them."""
    if isinstance(result, BaseModel):
        return result.model_dump(mode="json")
    if isinstance(result, dict):
        return {key: plain(value) for key, value in result.items()}
    if isinstance(result, Sequence) and not isinstance(result, (str, bytes)):
        return [plain(item) for item in result]
    return result


def report_error(error: HanseError, *, as_json: bool) -> None:
    """One line on standard error: what happened, the code, what to do."""
    if as_json:
        sys.stderr.write(json.dumps({"error": error.as_dict()}, ensure_ascii=False) + "\n")
        return
    line = f"{error.message} [{error.code}]"
    if error.help and error.help != error.message:
        line += f" — {error.help}"
    if error.debug.startswith("request "):
        line += f" ({error.debug})"
    sys.stderr.write(f"hanse: {' '.join(line.split())}\n")
