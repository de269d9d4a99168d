"""Waiting for what must happen, however loaded the machine is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

PATIENCE_S = 120.0  # nothing waits this long where all is well


async def until(condition: Callable[[], bool], seconds: float = PATIENCE_S) -> None:
    """Let the event loop run until the condition holds."""
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "it did not happen"
        await asyncio.sleep(0.01)
