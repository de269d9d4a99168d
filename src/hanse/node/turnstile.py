"""Lets many through at once, or one alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager


class Turnstile:
    """For one event loop. Who wants to be alone keeps later comers waiting."""

    def __init__(self) -> None:
        self._passing = 0
        self._alone = False
        self._waiting: list[asyncio.Future[None]] = []

    @asynccontextmanager
    async def passing(self) -> AsyncIterator[None]:
        """Inside together with others; waits while one is, or wants to be, alone."""
        await self._until(lambda: not self._alone)
        self._passing += 1
        try:
            yield
        finally:
            self._passing -= 1
            self._wake()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Inside with nobody else; waits for those who are."""
        await self._until(lambda: not self._alone)
        self._alone = True
        try:
            await self._until(lambda: self._passing == 0)
            yield
        finally:
            self._alone = False
            self._wake()

    async def _until(self, is_free: Callable[[], bool]) -> None:
        while not is_free():
            change = asyncio.get_running_loop().create_future()
            self._waiting.append(change)
            await change

    def _wake(self) -> None:
        for change in self._waiting:
            if not change.done():
                change.set_result(None)
        self._waiting.clear()
