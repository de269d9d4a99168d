"""Long-running parts of the node: started, watched, started again when they fail."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from hanse.core.errors import HanseError
from hanse.node.observability.logs import logger

_log = logger("node.background")
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0


class Background:
    """A named set of tasks. A task that ends by itself is done; one that fails is repeated."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.failures: dict[str, str] = {}

    def start(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """Start a part; it is repeated with growing pauses while it fails.

        A part of the same name that still runs is ended first.
        """
        if (old := self._tasks.pop(name, None)) is not None:
            old.cancel()
        self._tasks[name] = asyncio.create_task(self._watch(name, run), name=f"hanse-{name}")

    async def stop(self) -> None:
        """Cancel every part and wait for it."""
        for task in self._tasks.values():
            task.cancel()
        for task in self._tasks.values():
            with suppress(asyncio.CancelledError):
                await task
        self._tasks.clear()

    async def _watch(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        pause = FIRST_PAUSE_S
        while True:
            started = asyncio.get_running_loop().time()
            try:
                await run()
            except HanseError as error:
                self.failures[name] = error.code
                _log.warning("background.failed", part=name, code=error.code, debug=error.debug)
                if not error.retryable:
                    pause = max(pause, 5.0)
            except Exception:
                self.failures[name] = "internal.error"
                _log.exception("background.failed", part=name)
            else:
                self.failures.pop(name, None)
                return
            if asyncio.get_running_loop().time() - started > LONGEST_PAUSE_S:
                pause = FIRST_PAUSE_S
            await asyncio.sleep(pause)
            self.failures.pop(name, None)
            pause = min(pause * 2, LONGEST_PAUSE_S)
