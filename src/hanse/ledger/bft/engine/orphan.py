"""An engine left behind by a node that died: found by its process file, and ended."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import structlog

from hanse.ledger.bft.engine.home import EngineHome

GRACE_SECONDS = 10.0
_log = structlog.get_logger("hanse.ledger.engine")


async def end_orphan(home: EngineHome, grace_seconds: float = GRACE_SECONDS) -> bool:
    """End the engine of this home that an earlier node left running; whether there was one."""
    pid = _recorded(home.pid_file)
    if pid is None:
        return False
    try:
        process = os.pidfd_open(pid)  # names this very process, whatever becomes of its number
    except (OSError, OverflowError):
        return False
    try:
        if not is_engine_of(home, pid):
            return False
        _log.warning("engine left behind is ended", pid=pid)
        await _end(process, grace_seconds)
        return True
    finally:
        os.close(process)


def is_engine_of(home: EngineHome, pid: int) -> bool:
    """Whether the process is an engine that works in this home.

    A number alone says nothing: it may be another program's by now.
    """
    process = Path("/proc") / str(pid)
    try:
        program = (process / "exe").readlink().name.removesuffix(" (deleted)")
        return program.startswith("cometbft") and (process / "cwd").samefile(home.path)
    except OSError:
        return False


async def _end(process: int, grace_seconds: float) -> None:
    """SIGTERM, after the grace SIGKILL; returns once it has ended."""
    gone = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(process, gone.set)
    try:
        signal.pidfd_send_signal(process, signal.SIGTERM)
        try:
            await asyncio.wait_for(gone.wait(), grace_seconds)
        except TimeoutError:
            signal.pidfd_send_signal(process, signal.SIGKILL)
            await gone.wait()
    except ProcessLookupError:
        return
    finally:
        loop.remove_reader(process)


def _recorded(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None
