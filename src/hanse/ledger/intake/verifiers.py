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
from concurrent.futures import Future

import msgspec

from hanse.crypto.suite import get_suite
from hanse.ledger.errors import LedgerClosed
from hanse.ledger.intake.worker import Check, holds

BATCH = 64
REMOTE_FROM = 8
IDLE_SECONDS = 20.0
_encoder = msgspec.msgpack.Encoder()

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
        size = max(1, min(BATCH, -(-len(checks) // len(self._workers))))
        parts = [self._submit(checks[i : i + size]) for i in range(0, len(checks), size)]
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

    def close(self) -> None:
        """End threads and processes; work in progress is finished."""
        if self._closed:
            return
        self._closed = True
        for _ in self._workers:
            self._jobs.put(None)
        for worker in self._workers:
            worker.join()

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
        size = max(1, min(BATCH, -(-len(pending) // len(self._workers))))
        for i in range(0, len(pending), size):
            part = pending[i : i + size]
            answers = [answer for _, answer in part]
            future = self._submit([check for check, _ in part])
            future.add_done_callback(
                lambda done, answers=answers: _answer_soon(loop, answers, done)  # type: ignore[misc]
            )


class _Worker(threading.Thread):
    """Feeds one process, which it starts when there is enough to do."""

    def __init__(self, suite_name: str, jobs: queue.Queue[Job | None]) -> None:
        super().__init__(name="ledger-verifier", daemon=True)
        self._suite_name = suite_name
        self._suite = get_suite(suite_name)
        self._jobs = jobs
        self._process: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        while True:
            try:
                job = self._jobs.get(timeout=IDLE_SECONDS if self._process else None)
            except queue.Empty:
                self._end_process()
                continue
            if job is None:
                break
            checks, future = job
            try:
                future.set_result(self._verify(checks))
            except BaseException as error:  # whoever waits must hear of it
                future.set_exception(error)
        self._end_process()

    def _verify(self, checks: list[Check]) -> list[bool]:
        if len(checks) >= REMOTE_FROM:
            try:
                return self._verify_remotely(checks)
            except OSError:  # the process was killed or could not start: do it here
                self._end_process()
        return [holds(self._suite, check) for check in checks]

    def _verify_remotely(self, checks: list[Check]) -> list[bool]:
        if self._process is None:
            self._process = subprocess.Popen(  # noqa: S603 - our own module, fixed arguments
                [sys.executable, "-m", "hanse.ledger.intake.worker", self._suite_name],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
        source, sink = self._process.stdout, self._process.stdin
        if source is None or sink is None:
            raise BrokenPipeError("worker without pipes")
        frame = _encoder.encode(checks)
        sink.write(len(frame).to_bytes(4, "big") + frame)
        sink.flush()
        verdicts = source.read(len(checks))
        if len(verdicts) != len(checks):
            raise BrokenPipeError("worker ended")
        return [verdict == 1 for verdict in verdicts]

    def _end_process(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:  # unsent bytes to a process that is gone
                    continue
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
