"""The node's side of a worker: start it, follow it, stop it, and take its result."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec

from hanse.compute.errors import Located, TaskError
from hanse.compute.worker import scratch
from hanse.compute.worker.request import (
    Failure,
    Result,
    WorkerEvent,
    WorkerRequest,
    WorkerResult,
    decode_event,
)
from hanse.compute.worker.serving import Command, encode_command
from hanse.core.errors import HanseError, InternalError, error_for

CANCEL_GRACE_S = 5.0
MAX_LINE_BYTES = 4 << 20
# Nothing else of the node's environment reaches a worker: settings may hold secrets.
PASSED_ENVIRONMENT = (
    "PATH",
    "LANG",
    "LC_ALL",
    "TZ",
    "TMPDIR",
    "PYTHONPATH",
    "VIRTUAL_ENV",
    "LD_LIBRARY_PATH",
    "SSL_CERT_FILE",
)


class WorkerProcess:
    """One task at this party, in a process of its own.

    Call `start`, then follow `events` or go straight to `wait`. `events` may be followed once.
    """

    def __init__(self) -> None:
        self.failure: Failure | None = None
        self._result: WorkerResult | None = None
        self._process: Process | None = None
        self._queue: asyncio.Queue[WorkerEvent | None] = asyncio.Queue()
        self._reader: asyncio.Task[None] | None = None
        self._work_dir = Path()
        self._cancelled = False
        self._concluded = asyncio.Event()

    @property
    def pid(self) -> int | None:
        """Process id once started."""
        return self._process.pid if self._process else None

    async def start(self, request: WorkerRequest) -> None:
        """Start the process and hand it the request over its standard input.

        Raises:
            TaskError: when the process cannot be started.
        """
        self._work_dir = Path(request.work_dir)
        log = await asyncio.to_thread(_open_log, self._work_dir)
        try:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "hanse.compute.worker",
                stdin=PIPE,
                stdout=PIPE,
                stderr=log or DEVNULL,
                limit=MAX_LINE_BYTES,
                env=_environment(),
                start_new_session=True,
            )
        except OSError as error:
            raise TaskError("the worker process could not be started", debug=str(error)) from error
        finally:
            os.close(log)
        handed = msgspec.json.encode(request) + b"\n"
        self._reader = asyncio.create_task(self._read(handed, stays=request.serves is not None))

    def tell(self, command: Command) -> None:
        """Say something to a worker that serves; lost when it has ended."""
        process = self._process
        if process is not None and process.stdin is not None and not process.stdin.is_closing():
            process.stdin.write(encode_command(command))

    async def events(self) -> AsyncIterator[WorkerEvent]:
        """Everything the worker says, until it has ended; the last one is result or failure."""
        while True:
            event = await self._queue.get()
            if event is None:
                return
            yield event

    async def wait(self) -> WorkerResult:
        """Wait until the task is done; the process may linger a moment after that.

        Returns:
            The outputs at this party.

        Raises:
            HanseError: the named error of the worker; `failure` has phase and blamed party.
        """
        if self._reader is None:
            raise TaskError("the worker was not started")
        await self._concluded.wait()
        if self._result is not None:
            return self._result
        raise _error_of(self.failure or Failure("compute.worker_crashed", ""))

    async def cancel(self) -> None:
        """Ask the worker to stop and wipe; after a grace time it is killed."""
        self._cancelled = True
        self._signal(signal.SIGTERM)
        if self._reader is None:
            return
        try:
            await asyncio.wait_for(asyncio.shield(self._reader), CANCEL_GRACE_S)
        except TimeoutError:
            await self.kill()

    async def kill(self) -> None:
        """Kill the worker at once; what a task that was not done left is wiped."""
        self._cancelled = True
        self._signal(signal.SIGKILL)
        if self._reader is not None:
            await asyncio.shield(self._reader)

    def _signal(self, number: signal.Signals) -> None:
        process = self._process
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(number)

    async def _read(self, request: bytes, *, stays: bool) -> None:
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise InternalError("the worker's pipes are missing")
        try:
            with contextlib.suppress(ConnectionError):
                process.stdin.write(request)
                await process.stdin.drain()
                if not stays:
                    process.stdin.close()
            async for line in process.stdout:
                self._take(line)
        except ValueError:  # a line beyond MAX_LINE_BYTES: not our worker's
            self._signal(signal.SIGKILL)
        finally:
            returncode = await process.wait()
            self._conclude(returncode)
            if self._result is None:  # a worker that was killed wiped nothing
                await asyncio.to_thread(scratch.wipe_task, self._work_dir, succeeded=False)

    def _take(self, line: bytes) -> None:
        try:
            event = decode_event(line)
        except msgspec.DecodeError:
            return  # a library wrote to standard output
        if self._concluded.is_set():
            return
        if isinstance(event, Result):
            self._result = WorkerResult(outputs=event.outputs, measures=event.measures)
        elif isinstance(event, Failure):
            self.failure = event
        self._queue.put_nowait(event)
        if isinstance(event, (Result, Failure)):
            self._queue.put_nowait(None)
            self._concluded.set()

    def _conclude(self, returncode: int) -> None:
        """Make sure there is a result or a failure, whatever the way the process ended."""
        if not self._concluded.is_set():
            self.failure = _failure_of(returncode, cancelled=self._cancelled)
            self._queue.put_nowait(self.failure)
            self._queue.put_nowait(None)
            self._concluded.set()


def _failure_of(returncode: int, *, cancelled: bool) -> Failure:
    if cancelled:
        return Failure("compute.cancelled", "the task was stopped", "stop")
    if returncode == -signal.SIGKILL:
        message = "the worker was killed by the system, most likely for want of memory"
        return Failure("compute.memory_exceeded", message, "run")
    return Failure("compute.worker_crashed", f"the worker ended with status {returncode}", "run")


def _error_of(failure: Failure) -> HanseError:
    error = error_for(failure.code, failure.message)
    if isinstance(error, InternalError):
        error = TaskError(f"{failure.code}: {failure.message}")
    if isinstance(error, Located):
        error.phase, error.blamed = failure.phase, failure.blamed
    return error


def _open_log(work_dir: Path) -> int:
    scratch.prepare(work_dir)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    return os.open(work_dir / scratch.LOG, flags, 0o600)


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in PASSED_ENVIRONMENT if name in os.environ}
    # Several workers share the machine's cores; libraries must not each start one thread a core.
    return kept | {"PYTHONUNBUFFERED": "1", "PYTHONNOUSERSITE": "1", "JAX_PLATFORMS": "cpu"}
