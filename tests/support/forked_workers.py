"""Worker processes that are forked from one process in which all libraries are loaded.

A worker spends most of its time on loading libraries when its table is small. Here that is paid
once: a parent loads them and forks for every request; the child runs the worker's own `main` on
pipes like those a node gives it, so everything but the loading is as in `WorkerProcess`.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import os
import pkgutil
import signal
import socket
import subprocess
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, cast

import msgspec

from hanse.compute.rehearsal import Rehearsal
from hanse.compute.worker import WorkerProcess, WorkerRequest, scratch
from hanse.compute.worker.process import MAX_LINE_BYTES

_PID_BYTES = 8
_LOADED = 1  # the first byte the parent says


class Forge:
    """The parent, seen from the test."""

    def __init__(self, folder: Path) -> None:
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs, (folder / "forge.log").open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | {"JAX_PLATFORMS": "cpu", "PYTHONUNBUFFERED": "1"},
            )
        self._line.settimeout(120)
        assert self._line.recv(1) == bytes([_LOADED])

    def fork(self, stdin: int, stdout: int, stderr: int) -> int:
        """A worker on these descriptors; its process id."""
        socket.send_fds(self._line, [b"f"], [stdin, stdout, stderr])
        return int.from_bytes(self._line.recv(_PID_BYTES, socket.MSG_WAITALL), "big")

    def close(self) -> None:
        self._line.close()
        self._process.wait(30)


@contextmanager
def forge(folder: Path) -> Iterator[Forge]:
    """A parent, ended on leaving."""
    made = Forge(folder)
    try:
        yield made
    finally:
        made.close()


class _Child:
    """What `WorkerProcess` uses of a process, of one that is another's child."""

    def __init__(self, pid: int, stdin: Any, stdout: asyncio.StreamReader) -> None:
        self.pid, self.stdin, self.stdout = pid, stdin, stdout
        self.returncode: int | None = None

    def send_signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    async def wait(self) -> int:
        """It has ended when its output has; the parent alone learns the status."""
        self.returncode = 0
        return 0


class ForkedWorker(WorkerProcess):
    """A worker forked by a `Forge`."""

    def __init__(self, made: Forge) -> None:
        super().__init__()
        self._forge = made

    async def start(self, request: WorkerRequest) -> None:
        """As `WorkerProcess.start`."""
        self._work_dir = Path(request.work_dir)
        scratch.prepare(self._work_dir)
        (ask, asked), (say, said) = os.pipe(), os.pipe()
        with (self._work_dir / scratch.LOG).open("ab") as log:
            pid = self._forge.fork(ask, said, log.fileno())
        os.close(ask)
        os.close(said)
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=MAX_LINE_BYTES)
        await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(say, "rb")
        )
        transport, protocol = await loop.connect_write_pipe(
            asyncio.streams.FlowControlMixin, os.fdopen(asked, "wb")
        )
        writer = asyncio.StreamWriter(transport, protocol, None, loop)
        self._process = cast(Process, _Child(pid, writer, reader))
        handed = msgspec.json.encode(request) + b"\n"
        self._reader = asyncio.create_task(self._read(handed, stays=False))


class ForkedRehearsal(Rehearsal):
    """A rehearsal with such workers."""

    def __init__(self, folder: Path, made: Forge, **limits: Any) -> None:
        super().__init__(folder, **limits)
        self._forge = made

    @asynccontextmanager
    async def started(self, *given: Any, **changes: Any) -> AsyncIterator[dict[str, WorkerProcess]]:
        """The workers of a step, started; killed on leaving."""
        requests = self.requests(*given, **changes)
        workers: dict[str, WorkerProcess] = {alias: ForkedWorker(self._forge) for alias in requests}
        try:
            for alias, request in requests.items():
                await workers[alias].start(request)
            yield workers
        finally:
            await asyncio.gather(*(worker.kill() for worker in workers.values()))


def _load() -> None:
    """Load what operators load, start nothing: threads do not survive a fork."""
    import hanse.compute
    from hanse.compute.engines import library

    for load in (library.libpsi, library.spu_api, library.spu_frontend):
        load()
    for found in pkgutil.walk_packages(hanse.compute.__path__, "hanse.compute."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)


def _serve(line: socket.socket) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how they ended
    line.sendall(bytes([_LOADED]))
    while True:
        word, descriptors, _, _ = socket.recv_fds(line, 1, 3)
        if not word:
            return
        pid = os.fork()
        if pid == 0:
            _become_worker(line, descriptors)
        for number in descriptors:
            os.close(number)
        line.sendall(pid.to_bytes(_PID_BYTES, "big"))


def _become_worker(line: socket.socket, descriptors: list[int]) -> None:
    from hanse.compute.worker.main import main

    line.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for place, number in enumerate(descriptors):
        os.dup2(number, place)
        os.close(number)
    os.setsid()
    with contextlib.suppress(SystemExit):
        main()
    os._exit(1)


if __name__ == "__main__":
    _load()
    _serve(socket.socket(fileno=int(sys.argv[1])))
