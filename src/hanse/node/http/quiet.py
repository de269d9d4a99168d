"""The HTTP server, without a hand on the process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn


class QuietServer(uvicorn.Server):
    """Leaves signals to the event loop.

    The original raises a caught signal again once it has stopped serving, which would end this
    process before it has anchored its log and closed its files.
    """

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture nothing."""
        yield
