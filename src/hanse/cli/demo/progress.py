"""What the demo tells while it works: one line per step, with its seconds."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console


class Progress:
    """Prints steps as they run and keeps their seconds."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, key: str, text: str) -> Iterator[None]:
        """Time a step under ``key`` and print it when it ends."""
        started = time.monotonic()
        with self._console.status(text):
            yield
        elapsed = time.monotonic() - started
        self.seconds[key] = round(elapsed, 2)
        self._console.print(f"[green]✓[/green] {text} [dim]{elapsed:.1f} s[/dim]")

    def note(self, text: str) -> None:
        """A line below the step that is running."""
        self._console.print(f"  {text}", highlight=False)
