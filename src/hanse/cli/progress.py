"""Progress of long work, on standard error: a live line at a terminal, plain lines elsewhere."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator

from rich.console import Console

from hanse.cli.output import make_console

Report = Callable[[str], None]


@contextlib.contextmanager
def reporting(start: str, *, quiet: bool) -> Iterator[Report]:
    """Hand out a function that shows where the work stands.

    Args:
        quiet: print nothing unless standard error is a terminal (``--json``).
    """
    console = make_console(sys.stderr)
    if console.is_terminal:
        with console.status(start) as status:
            yield status.update
    elif quiet:
        yield lambda text: None
    else:
        yield _lines(console, start)


def _lines(console: Console, start: str) -> Report:
    shown = [""]

    def report(text: str) -> None:
        if text != shown[0]:
            shown[0] = text
            console.print(text, markup=False)

    report(start)
    return report
