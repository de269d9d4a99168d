"""Workers made for tests of failure handling: they crash, hang, refuse, or just copy rows.

`CopyWorker` stands in where a test is about the engine's crash safety and runs hundreds of
steps: it keeps the first rows of each input instead of computing anything.
"""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec

from hanse.collaboration.ports import Worker
from hanse.compute.worker import WorkerProcess, scratch
from hanse.compute.worker.request import (
    Failure,
    FirstByte,
    OutputRef,
    Progress,
    WorkerEvent,
    WorkerRequest,
    WorkerResult,
)
from hanse.crypto.suite import get_suite
from hanse.data.digest import content_digest
from hanse.data.encrypted_file import EncryptedWriter
from hanse.data.tables import Table, TableWriter

SCRIPTS = {
    "crash": "sys.exit(3)",
    "hang": "time.sleep(600)",
    "killed": "os.kill(os.getpid(), 9)",
    "refuse": (
        'say(kind="error", code="compute.no_common_rows", message="nothing in common",'
        ' phase="match"); sys.exit(1)'
    ),
    "blame": (
        'say(kind="error", code="compute.peer_lost", message="merchant stopped answering",'
        ' phase="connect", blamed="merchant"); sys.exit(1)'
    ),
}
PRELUDE = """
import json, os, sys, time
request = json.load(sys.stdin)
def say(**line):
    print(json.dumps(line), flush=True)
say(kind="progress", phase="odd", done=1, total=2)
say(kind="first_byte")
"""


class OddWorker(WorkerProcess):
    """A real process that runs a small script instead of the worker."""

    def __init__(self, behaviour: str) -> None:
        super().__init__()
        self._script = PRELUDE + SCRIPTS[behaviour]

    async def start(self, request: WorkerRequest) -> None:
        self._work_dir = Path(request.work_dir)
        scratch.prepare(self._work_dir)
        (self._work_dir / scratch.SCRATCH / "left").write_bytes(b"scratch")
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            self._script,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        self._reader = asyncio.create_task(self._read(msgspec.json.encode(request), stays=False))


def first(*behaviours: str) -> Callable[[], Worker]:
    """Odd workers for the first attempts, real ones afterwards."""
    left = list(behaviours)

    def make() -> Worker:
        return OddWorker(left.pop(0)) if left else WorkerProcess()

    return make


class CopyWorker:
    """Keeps the first 40 rows of its input; as quick as it gets."""

    def __init__(self) -> None:
        self.failure: Failure | None = None
        self.pid: int | None = None
        self._result: WorkerResult | None = None

    async def start(self, request: WorkerRequest) -> None:
        scratch.prepare(Path(request.work_dir))
        outputs = {"align": {"table": 40}, "split": {"train": 28, "test": 12}}
        wanted = outputs[request.manifest.operator]
        self._result = WorkerResult(
            outputs={port: self._copy(request, port, rows) for port, rows in wanted.items()},
            measures={"seconds": {"copy": 0.001}},
        )

    def _copy(self, request: WorkerRequest, port: str, rows: int) -> OutputRef:
        suite = get_suite(request.suite)
        source = next(iter(request.inputs.values()))
        table = Table(source.path, bytes.fromhex(source.key), suite)
        assert content_digest(suite, table).hex() == source.digest
        key = secrets.token_bytes(suite.key_bytes)
        path = Path(request.work_dir) / scratch.OUT / f"{port}.data"
        path.unlink(missing_ok=True)
        with EncryptedWriter(path, key, suite) as sink, TableWriter(sink, table.columns) as writer:
            writer.write(next(table.batches(size=rows)))
        digest = content_digest(suite, Table(path, key, suite)).hex()
        return OutputRef(path=str(path), key=key.hex(), kind="table", rows=rows, digest=digest)

    async def events(self) -> AsyncIterator[WorkerEvent]:
        yield Progress("copy", 1, 1)
        yield FirstByte()

    async def wait(self) -> WorkerResult:
        assert self._result is not None
        return self._result

    async def cancel(self) -> None:
        return

    async def kill(self) -> None:
        return
