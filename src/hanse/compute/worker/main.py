"""The worker process: read the request, run the operator, say what came of it, wipe, end.

Standard output carries JSON lines for the node and nothing else; libraries that print are sent
to the log. The operator runs on a thread of its own, because signals must be answered while
library code blocks.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import BinaryIO, Never

import msgspec

from hanse.compute.errors import BadInput, Cancelled, Located, MemoryExceeded, NotAParty
from hanse.compute.operators.registry import implementation
from hanse.compute.services import service
from hanse.compute.services.desk import Desk
from hanse.compute.worker import scratch
from hanse.compute.worker.manifest import check_manifest
from hanse.compute.worker.request import (
    Failure,
    Result,
    WorkerEvent,
    WorkerRequest,
    encode_event,
)
from hanse.compute.worker.task import Task
from hanse.compute.worker.watch import Watch, peak_bytes
from hanse.core.errors import HanseError, InternalError

log = logging.getLogger("hanse.worker")
EXIT_FAILED = 1
# Peers may still wait for the acknowledgement of their last message, which library threads of
# this process send. The node has been told already.
LINGER_S = 0.3


class Worker:
    """One task, from request to end of process.

    Args:
        request: what to do.
        output: descriptor of the pipe to the node.
        folder: where temporary files go.
        lines: what the node says afterwards, to a worker that serves.
    """

    def __init__(self, request: WorkerRequest, output: int, folder: Path, lines: BinaryIO) -> None:
        self._request, self._lines = request, lines
        self._output, self._folder = output, folder
        self._work_dir = Path(request.work_dir)
        self._said = threading.Lock()
        self._ending = threading.Lock()
        self._task: Task | None = None
        self._watch = Watch(
            self._end_failed,
            memory_limit_bytes=request.memory_limit_bytes,
            deadline_ms=request.deadline_ms,
        )

    def run(self) -> Never:
        """Run to the end and leave the process."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        self._watch.start()
        thread = threading.Thread(target=self._operate, name="operator", daemon=True)
        thread.start()
        while True:
            thread.join(3600)  # in the main thread: returns to answer signals

    def _stop(self, _number: int, _frame: object) -> None:
        self._end_failed(Cancelled("the task was stopped"))

    def _operate(self) -> None:
        try:
            result = self._result()
        except HanseError as error:
            self._end_failed(error)
        except MemoryError:
            self._end_failed(MemoryExceeded("the task could not get the memory it needed"))
        except BaseException as error:
            # The text of foreign errors may quote values: types and places only.
            _log_places(error)
            self._end_failed(InternalError(f"the worker failed with {type(error).__name__}"))
        self._end(result)

    def _result(self) -> Result:
        request = self._request
        spec = check_manifest(request.manifest)
        request.manifest.party(request.alias)
        task = Task(request, spec, self._say, self._watch, self._folder)
        self._task = task
        if request.alias in task.participants:
            _check_certificate(request)
            self._run(spec.name, task)
        task.phase("end")
        seconds = {name: round(value, 3) for name, value in task.seconds.items()}
        used = {"cpu_seconds": cpu_seconds(), "peak_mib": peak_bytes() >> 20}
        return Result(task.outputs, {**task.measures, "seconds": seconds, **used})

    def _run(self, operator: str, task: Task) -> None:
        kind = self._request.serves
        if kind is None:
            implementation(operator)(task)
        else:
            service(kind)(task, Desk(self._say, self._lines))

    def _say(self, event: WorkerEvent) -> None:
        line = encode_event(event)
        with self._said:
            try:
                os.write(self._output, line)
            except BrokenPipeError:  # the node died: nobody is left to work for
                scratch.wipe_task(self._work_dir, succeeded=False)
                os._exit(EXIT_FAILED)

    def _end_failed(self, error: HanseError) -> None:
        phase, blamed = "", ""
        if isinstance(error, Located):
            phase, blamed = error.phase, error.blamed
        if self._task is not None:
            phase = phase or self._task.phase_name
        log.error("failed: %s in phase %s %s", error.code, phase, error.debug)
        self._end(Failure(error.code, error.message, phase, blamed))

    def _end(self, event: Result | Failure) -> Never:
        """Whoever comes first decides how the task ended; nobody comes back."""
        self._ending.acquire()
        self._watch.stop()
        succeeded = isinstance(event, Result)
        scratch.wipe_task(self._work_dir, succeeded)
        self._say(event)
        sys.stderr.flush()
        time.sleep(LINGER_S)
        os._exit(0 if succeeded else EXIT_FAILED)


def main() -> None:
    """Read the request and run it."""
    output = _claim_output()
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )
    try:
        request = msgspec.json.decode(sys.stdin.buffer.readline(), type=WorkerRequest)
    except msgspec.DecodeError as error:
        problem = BadInput("the request to the worker does not decode")
        os.write(output, encode_event(Failure(problem.code, problem.message, "start")))
        raise SystemExit(EXIT_FAILED) from error
    _keep_to_cores(request.cores)
    work_dir = Path(request.work_dir)
    scratch.prepare(work_dir)
    Worker(request, output, scratch.enter(work_dir), sys.stdin.buffer).run()


def _keep_to_cores(cores: int) -> None:
    """Before any library starts threads: they count the cores they are allowed."""
    allowed = sorted(os.sched_getaffinity(0))
    if 0 < cores < len(allowed):
        os.sched_setaffinity(0, allowed[:cores])


def cpu_seconds() -> float:
    """Processor time of this process and of the helpers libraries started."""
    used = os.times()
    return round(used.user + used.system + used.children_user + used.children_system, 3)


def _claim_output() -> int:
    """Keep the pipe for ourselves and let anything that prints write to the log."""
    pipe = os.dup(1)
    os.set_inheritable(pipe, False)
    os.dup2(2, 1)
    return pipe


def _check_certificate(request: WorkerRequest) -> None:
    if request.manifest.party(request.alias).certificate != request.certificate:
        raise NotAParty("the session names another certificate for this party")


def _log_places(error: BaseException) -> None:
    places = traceback.extract_tb(error.__traceback__)
    steps = " < ".join(f"{Path(p.filename).name}:{p.lineno}" for p in reversed(places))
    log.error("%s at %s", type(error).__name__, steps)
