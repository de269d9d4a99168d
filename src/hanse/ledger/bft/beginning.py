"""Beginning with a snapshot of other nodes instead of with block 1.

The engine does the fetching: it verifies headers from a trusted one on, takes a snapshot whose
state root such a header names from whichever peers offer it, and hands the chunks to the
application. What is trusted comes from `Start`. When it does not come about, for whatever
reason, the node replays every block: slower, and needing nobody's snapshot.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

import structlog

from hanse.core.errors import HanseError
from hanse.ledger.bft.engine.process import Engine
from hanse.ledger.bft.engine.settings import StateSync
from hanse.ledger.waiting import Waiting

Start = Callable[[], AbstractAsyncContextManager[StateSync]]
"""Finds a header to trust and makes others' engines reachable while it is entered."""
PATIENCE_SECONDS = 300.0
RESTARTS = 3
"""So often the engine may end while it begins; it does so when headers do not hold."""
_LOOK_SECONDS = 0.2
_log = structlog.get_logger("hanse.ledger")


async def begin_with_snapshot(
    start: Start,
    launch: Callable[[StateSync], Awaitable[Engine]],
    waiting: Waiting,
    patience_seconds: float,
) -> Engine | None:
    """Start the engine with a snapshot; return once it went on from there.

    Args:
        start: see `Start`.
        launch: starts the engine with such a setting.
        waiting: tells of blocks.
        patience_seconds: how long it may take.

    Returns:
        The running engine; None when it did not come about and no engine runs.
    """
    engine = None
    try:
        async with start() as sync, asyncio.timeout(patience_seconds):
            engine = await launch(sync)
            if await _comes_about(engine, waiting):
                return engine
            reason = engine.failure.message if engine.failure else "the engine ends again and again"
            _log.warning("ledger.snapshot_start_failed", code="engine", reason=reason)
    except HanseError as error:
        _log.warning("ledger.snapshot_start_failed", code=error.code, reason=error.message)
    except TimeoutError:
        _log.warning("ledger.snapshot_start_failed", code="timeout", reason="no snapshot in time")
    except BaseException:
        if engine is not None:
            await engine.stop()
        raise
    if engine is not None:
        await engine.stop()
    return None


async def _comes_about(engine: Engine, waiting: Waiting) -> bool:
    """Whether the node went on from a snapshot; False when the engine keeps ending."""
    going_on = asyncio.ensure_future(_gone_on(waiting))
    try:
        while engine.restarts < RESTARTS:
            done, _ = await asyncio.wait([going_on], timeout=_LOOK_SECONDS)
            if done:
                return True
        return False
    finally:
        going_on.cancel()


async def _gone_on(waiting: Waiting) -> None:
    await waiting.beyond(0)
    # One block more: the engine has written down where it stands, too.
    await waiting.beyond(waiting.height)
