"""The follower's loop: pull, verify, apply; refuse and report what does not hold."""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import Executor

import structlog

from hanse.core.errors import HanseError
from hanse.ledger.application import Application
from hanse.ledger.clock import Clock
from hanse.ledger.errors import SourceFailed
from hanse.ledger.ordering.follower import (
    FETCH_BLOCKS,
    FETCH_WAIT_MS,
    FollowerEngine,
    Refusal,
)
from hanse.ledger.ordering.source import BlockSource
from hanse.ledger.waiting import Waiting

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 5.0
REFUSALS_KEPT = 100
_log = structlog.get_logger("hanse.ledger")


class Following:
    """Keeps this node's ledger at the height of its source."""

    def __init__(
        self,
        application: Application,
        source: BlockSource,
        waiting: Waiting,
        writer: Executor,
        clock: Clock,
    ) -> None:
        self._application = application
        self._engine = FollowerEngine(application)
        self._source = source
        self._waiting = waiting
        self._writer = writer
        self._clock = clock
        self.refusals: deque[Refusal] = deque(maxlen=REFUSALS_KEPT)
        self.failure: HanseError | None = None

    async def submit(self, raw: bytes) -> str:
        """Check the form here, the rest at the source, which may know keys we do not yet."""
        self._application.check_form(raw, self._clock())
        return await self._source.forward(raw)

    async def run(self) -> None:
        """Follow; ends when cancelled."""
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                moved = await self._pull()
            except HanseError as error:
                self._report(error)
                moved = False
            except Exception as error:  # a broken source must not end following
                self._report(SourceFailed(debug=repr(error)))
                moved = False
            if moved:
                pause = FIRST_PAUSE_SECONDS
                continue
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    async def _pull(self) -> bool:
        """Fetch once; False when a pause is due."""
        height = self._application.committed.height + 1
        blocks = await self._source.fetch(height, FETCH_BLOCKS, FETCH_WAIT_MS)
        if not blocks:
            self.failure = None
            return True
        loop = asyncio.get_running_loop()
        applied, refused = await loop.run_in_executor(
            self._writer, self._engine.apply, blocks, self._clock()
        )
        if applied:
            self._waiting.publish(applied)
        if refused is None:
            self.failure = None
            return True
        self._refuse(refused)
        return False

    def _refuse(self, error: HanseError) -> None:
        height = self._application.committed.height + 1
        self.refusals.append(Refusal(height, error.code, error.message, self._clock()))
        self.failure = error
        _log.error("ledger.block_refused", height=height, code=error.code, message=error.message)

    def _report(self, error: HanseError) -> None:
        self.failure = error
        _log.warning("ledger.not_following", code=error.code, debug=error.debug)
