"""Signature verification on all cores.

Few signatures are verified in a thread. Many go to worker *processes*: in threads each
verification releases the interpreter lock but then waits for the busy main thread to take it
back, which was measured to cost most of the gain (``docs/performance.md``). Processes start
with the first large batch and end when idle.
"""

from __future__ import annotations

import asyncio
import os
import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import suppress
from typing import TypeVar

import msgspec

from hanse.crypto.suite import get_suite
from hanse.ledger.errors import LedgerClosed
from hanse.ledger.intake.worker import Check, holds

BATCH = 128
REMOTE_FROM = 8
IDLE_SECONDS = 20.0
AHEAD = 2
_encoder = msgspec.msgpack.Encoder()
T = TypeVar("T")

Job = tuple[list[Check], "Future[list[bool]]"]


class Verifiers:
    """A pool of verification workers, one per core."""

    def __init__(self, suite_name: str, workers: int = 0) -> None:
        """Start the threads (they are idle until asked).

        Args:
            suite_name: ``sm`` or ``intl``.
            workers: number of processes; 0 means one per core.
        """
        count = workers or os.cpu_count() or 1
        self._jobs: queue.Queue[Job | None] = queue.Queue()
        self._workers = [_Worker(suite_name, self._jobs) for _ in range(count)]
        self._pending: list[tuple[Check, asyncio.Future[bool]]] = []
        self._closed = False
        for worker in self._workers:
            worker.start()

    def verify_many(self, checks: list[Check]) -> list[bool]:
        """Verify, blocking; for the thread that executes blocks."""
        parts = [self._submit(part) for part in self._shares(checks)]
        return [verdict for part in parts for verdict in part.result()]

    async def verify(self, check: Check) -> bool:
        """Verify one signature together with whatever else arrives at this moment."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[bool] = loop.create_future()
        self._pending.append((check, answer))
        if len(self._pending) == 1:
            loop.call_soon(self._flush, loop)
        elif len(self._pending) >= BATCH:
            self._flush(loop)
        return await answer

    async def verify_all(self, checks: list[Check]) -> list[bool]:
        """Verify many signatures that are here already; verdicts in their order."""
        parts = [asyncio.wrap_future(self._submit(part)) for part in self._shares(checks)]
        return [verdict for part in await asyncio.gather(*parts) for verdict in part]

    def close(self) -> None:
        """End threads and processes; work in progress is finished."""
        if self._closed:
            return
        self._closed = True
        for _ in self._workers:
            self._jobs.put(None)
        for worker in self._workers:
            worker.join()

    def _shares(self, items: list[T]) -> Iterator[list[T]]:
        """What each job takes of some work."""
        size = max(1, min(BATCH, -(-len(items) // len(self._workers))))
        return (items[i : i + size] for i in range(0, len(items), size))

    def _submit(self, checks: list[Check]) -> Future[list[bool]]:
        if self._closed:
            raise LedgerClosed()
        future: Future[list[bool]] = Future()
        self._jobs.put((checks, future))
        return future

    def _flush(self, loop: asyncio.AbstractEventLoop) -> None:
        pending, self._pending = self._pending, []
        if not pending:
            return
        for part in self._shares(pending):
            answers = [answer for _, answer in part]
            future = self._submit([check for check, _ in part])
            future.add_done_callback(
                lambda done, answers=answers: _answer_soon(loop, answers, done)  # type: ignore[misc]
            )


class _Worker:
    """Feeds one process, which it starts when there is enough to do.

    One batch is always sent ahead: while this thread waits for the interpreter lock to hand
    over verdicts, the process has the next batch already.
    """

    def __init__(self, suite_name: str, jobs: queue.Queue[Job | None]) -> None:
        self._thread = threading.Thread(target=self._run, name="ledger-verifier", daemon=True)
        self._suite_name = suite_name
        self._suite = get_suite(suite_name)
        self._jobs = jobs
        self._process: subprocess.Popen[bytes] | None = None
        self._sent: deque[Job] = deque()
        self._ending = False

    def start(self) -> None:
        """Begin to take jobs."""
        self._thread.start()

    def join(self) -> None:
        """Wait for the end."""
        self._thread.join()

    def _run(self) -> None:
        while not self._ending or self._sent:
            job = self._next_job()
            if job is not None and not self._send(job):
                self._verify_here(job)
            if self._sent and (job is None or len(self._sent) >= AHEAD):
                self._receive()
        self._end_process()

    def _next_job(self) -> Job | None:
        """The next job; None when there is none now, or none ever."""
        if self._ending:
            return None
        try:
            job = self._jobs.get(
                block=not self._sent, timeout=IDLE_SECONDS if self._process else None
            )
        except queue.Empty:
            if not self._sent:
                self._end_process()
            return None
        if job is None:
            self._ending = True
        return job

    def _send(self, job: Job) -> bool:
        """Hand a large job to the process; False when it is to be done here."""
        checks = job[0]
        if len(checks) < REMOTE_FROM:
            return False
        try:
            sink = self._running_process().stdin
            if sink is None:
                return False
            frame = _encoder.encode(checks)
            sink.write(len(frame).to_bytes(4, "big") + frame)
            sink.flush()
        except OSError:  # the process was killed or could not start
            self._give_up_process()
            return False
        self._sent.append(job)
        return True

    def _receive(self) -> None:
        """Hand over the verdicts of the oldest job sent."""
        process = self._process
        source = process.stdout if process is not None else None
        checks, future = self._sent[0]
        try:
            verdicts = source.read(len(checks)) if source is not None else b""
        except OSError:
            verdicts = b""
        if len(verdicts) != len(checks):
            self._give_up_process()
            return
        self._sent.popleft()
        future.set_result([verdict == 1 for verdict in verdicts])

    def _verify_here(self, job: Job) -> None:
        checks, future = job
        try:
            future.set_result([holds(self._suite, check) for check in checks])
        except BaseException as error:  # whoever waits must hear of it
            future.set_exception(error)

    def _running_process(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._process = subprocess.Popen(  # noqa: S603 - our own module, fixed arguments
                [sys.executable, "-m", "hanse.ledger.intake.worker", self._suite_name],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
        return self._process

    def _give_up_process(self) -> None:
        """The process is gone: do here what it was sent."""
        self._end_process()
        while self._sent:
            self._verify_here(self._sent.popleft())

    def _end_process(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):  # unsent bytes to a process that is gone
                    pipe.close()
        process.wait()


def _answer_soon(
    loop: asyncio.AbstractEventLoop,
    answers: list[asyncio.Future[bool]],
    done: Future[list[bool]],
) -> None:
    try:
        loop.call_soon_threadsafe(_answer, answers, done)
    except RuntimeError:  # the loop was closed; nobody waits any more
        return


def _answer(answers: list[asyncio.Future[bool]], done: Future[list[bool]]) -> None:
    error = done.exception()
    for index, answer in enumerate(answers):
        if answer.done():
            continue
        if error is not None:
            answer.set_exception(error)
        else:
            answer.set_result(done.result()[index])
