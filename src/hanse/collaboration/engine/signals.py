"""Waking waiters when something may have changed: a block, an offer, a freed slot."""

from __future__ import annotations

import asyncio
from contextlib import suppress


class Signals:
    """One condition for all; waiters look at state themselves, so a lost wake costs time only."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def notify(self) -> None:
        """Wake everybody who waits now."""
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self, timeout_s: float) -> None:
        """Return at the next `notify`, or after the time."""
        event = self._event
        # Not `asyncio.wait_for`: up to 3.11 it swallows a cancellation that comes with the wake.
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await event.wait()
