"""The engine as a child process of the node: started, watched, started again, stopped."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog

from hanse.ledger.bft.abci.sockets import remove_socket
from hanse.ledger.bft.engine import launch
from hanse.ledger.bft.engine.errors import EngineDiskFull, EngineFailed, EngineUnreachable
from hanse.ledger.bft.engine.home import EngineHome
from hanse.ledger.bft.engine.keys import EngineKeys
from hanse.ledger.bft.engine.log import HaltWatch, bound_log, failure_of, open_log
from hanse.ledger.bft.engine.orphan import end_orphan
from hanse.ledger.bft.engine.rpc import EngineRpc

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 15.0
STEADY_SECONDS = 30.0  # having run so long, a failure is a new one
STOP_SECONDS = 10.0
ROOM_BYTES = 16 * 1024 * 1024  # with less on the disk the engine is not run
_LOOK_SECONDS = 1.0
_ASK_SECONDS = 0.05
_LOG_LOOK_SECONDS = 5.0
_log = structlog.get_logger("hanse.ledger.engine")
OnFailure = Callable[[EngineFailed], Awaitable[None]]


async def _nothing(_: EngineFailed) -> None:
    pass


class Engine:
    """One engine and its supervision. The ABCI server must listen before `start`.

    The engine ends itself when the application's connection ends, and the kernel ends it when
    this process dies.

    Args:
        binary: from `find_engine`.
        home: prepared.
        keys: from the node's keystore.
        on_failure: awaited after the engine ended by itself and before it is started again;
            there the caller can put right what the error names.
    """

    def __init__(
        self, binary: Path, home: EngineHome, keys: EngineKeys, on_failure: OnFailure = _nothing
    ) -> None:
        self._binary = binary
        self._home = home
        self.keys = keys
        self._on_failure = on_failure
        self._process: asyncio.subprocess.Process | None = None
        self._log_begin = 0
        self._tasks: list[asyncio.Task[None]] = []
        self.failure: EngineFailed | None = None
        self.restarts = 0
        self.ready = asyncio.Event()

    @property
    def pid(self) -> int | None:
        """Process id while the engine runs."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    async def start(self) -> None:
        """Start the engine and return when it answers; watch it from then on.

        The first start replays what the application misses, however long that takes.

        Raises:
            EngineFailed: it ended by itself; the class says why, nothing is left running.
        """
        await end_orphan(self._home)
        try:
            await self._launch()
        except BaseException:
            await self._end()
            raise
        create = asyncio.get_running_loop().create_task
        self._tasks = [create(self._supervise()), create(self._keep_log_short())]

    async def stop(self, grace_seconds: float = STOP_SECONDS) -> None:
        """SIGTERM, after the grace SIGKILL; nothing is left behind but data and log."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._end(grace_seconds)

    async def _launch(self) -> None:
        """One start: keys in, process up, answer seen, keys out."""
        self.ready.clear()
        home = self._home
        await asyncio.to_thread(self._require_room)
        remove_socket(home.rpc_socket)
        try:
            home.write_keys(self.keys)
            self._process = await self._spawn()
            home.pid_file.write_text(str(self._process.pid))
            await self._wait_for_answer(self._process)
        finally:
            home.remove_keys()
        self.failure = None
        self.ready.set()

    async def _spawn(self) -> asyncio.subprocess.Process:
        log = open_log(self._home.log)
        try:
            self._log_begin = os.fstat(log).st_size
            return await asyncio.create_subprocess_exec(
                sys.executable,
                "-I",
                launch.__file__,
                str(os.getpid()),
                str(self._binary),
                "start",
                "--home",
                ".",
                cwd=self._home.path,
                env=_environment(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # an interrupt at the terminal is the node's to handle
            )
        finally:
            os.close(log)

    async def _wait_for_answer(self, process: asyncio.subprocess.Process) -> None:
        ended = asyncio.ensure_future(process.wait())
        try:
            async with EngineRpc(self._home.rpc_socket) as rpc:
                while not ended.done():
                    with contextlib.suppress(EngineUnreachable):
                        await rpc.health()
                        return
                    await asyncio.wait([ended], timeout=_ASK_SECONDS)
        finally:
            ended.cancel()
        raise self._failure(process)

    async def _supervise(self) -> None:
        pause = FIRST_PAUSE_SECONDS
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            try:
                if self.pid is None:
                    self.restarts += 1
                    await self._launch()
                await self._running()
            except EngineFailed as error:
                await self._end()
                await self._report(error)
            except OSError as error:  # no room to write the keys, for instance
                await self._end()
                await self._report(EngineFailed(f"the engine cannot be started: {error}"))
            if loop.time() - began > STEADY_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    async def _running(self) -> None:
        """Return never: raise once the engine has ended, gave up, or lacks room to go on."""
        process = self._process
        if process is None:
            raise EngineFailed("the engine never ran")
        watch = HaltWatch(self._home.log, self._log_begin)
        ended = asyncio.ensure_future(process.wait())
        try:
            while not ended.done():
                await asyncio.to_thread(self._require_room)
                if await asyncio.to_thread(watch.has_halted):
                    raise failure_of(self._home.log, self._log_begin, "gave up consensus")
                await asyncio.wait([ended], timeout=_LOOK_SECONDS)
        finally:
            ended.cancel()
        raise self._failure(process)

    def _require_room(self) -> None:
        """On a full disk the engine gives up in odd places, unable even to log why."""
        free = shutil.disk_usage(self._home.path).free
        if free < ROOM_BYTES:
            raise EngineDiskFull(f"{free >> 10} KiB are free, {ROOM_BYTES >> 10} are needed")

    async def _report(self, error: EngineFailed) -> None:
        self.ready.clear()
        self.failure = error
        _log.error("engine ended", code=error.code, message=error.message)
        try:
            await self._on_failure(error)
        except Exception as trouble:  # the engine is started again all the same
            _log.error("recovery failed", exc_info=trouble)

    def _failure(self, process: asyncio.subprocess.Process) -> EngineFailed:
        code = process.returncode or 0
        how = f"ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
        return failure_of(self._home.log, self._log_begin, how)

    async def _keep_log_short(self) -> None:
        while True:
            await asyncio.sleep(_LOG_LOOK_SECONDS)
            with contextlib.suppress(OSError):  # a full disk: tried again
                await asyncio.to_thread(bound_log, self._home.log)

    async def _end(self, grace_seconds: float = STOP_SECONDS) -> None:
        self.ready.clear()
        process = self._process
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), grace_seconds)
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        self._process = None
        self._home.remove_keys()
        self._home.pid_file.unlink(missing_ok=True)
        remove_socket(self._home.rpc_socket)


def _environment() -> dict[str, str]:
    """The node's environment without what would override the rendered configuration."""
    overriding = ("CMT", "TMHOME", "TM_")
    return {key: value for key, value in os.environ.items() if not key.startswith(overriding)}
