"""Validators as processes of their own, to be killed, paused and started again by a test."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from bft_network import BftNetwork
from patience import PATIENCE_S, until

from hanse.ledger.bft.engine.home import EngineHome
from hanse.ledger.bft.engine.orphan import is_engine_of

SCRIPT = Path(__file__).parent / "validator_child.py"
LINE_BYTES = 64 << 20


class Refused(Exception):
    """The validator answered with an error, which `code` names."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Gone(Exception):
    """The validator's process ended before it answered."""


class ValidatorProcess:
    """One seat of a saved network."""

    def __init__(self, network_file: Path, seat: int, home: Path, *prefix: str) -> None:
        self.seat = seat
        self.home = home
        self.engine_home = EngineHome(home / "engine")
        self._network_file = network_file
        self._prefix = prefix
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._numbers = itertools.count()
        self._asked: dict[int, asyncio.Future[Any]] = {}

    async def start(self, **options: Any) -> None:
        """Start the process; returns when its ledger is open."""
        self.home.mkdir(parents=True, exist_ok=True)
        command = (self._network_file, str(self.seat), self.home, json.dumps(options))
        with (self.home / "process.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._prefix,
                sys.executable,
                SCRIPT,
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                limit=LINE_BYTES,
            )
        self._reading = asyncio.create_task(self._read(self._process))
        await self.ask("status")

    @property
    def pid(self) -> int:
        """Process id of the node, 0 when none runs."""
        return self._process.pid if self._process is not None and self.is_running else 0

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def engine_pid(self) -> int:
        """Process id of the engine, 0 when none runs."""
        with suppress(OSError, ValueError):
            pid = int(self.engine_home.pid_file.read_text())
            if is_engine_of(self.engine_home, pid):
                return pid
        return 0

    async def ask(self, do: str, within: float = PATIENCE_S, **arguments: Any) -> Any:
        """Ask and wait for the answer; see `validator_child.Desk`.

        Raises:
            Refused, Gone
            TimeoutError: no answer; the process may be paused.
        """
        process = self._process
        if process is None or process.stdin is None or process.returncode is not None:
            raise Gone()
        number = next(self._numbers)
        answer = self._asked[number] = asyncio.get_running_loop().create_future()
        try:
            process.stdin.write(json.dumps({"id": number, "do": do, **arguments}).encode() + b"\n")
            async with asyncio.timeout(within):
                return await answer
        except ConnectionError as error:
            raise Gone() from error
        finally:
            self._asked.pop(number, None)

    async def kill(self) -> None:
        """kill -9 of the node's process; the kernel ends the engine with it."""
        assert self._process is not None
        self._process.kill()
        await self._ended()

    async def kill_both(self) -> None:
        """kill -9 of node and engine in one moment."""
        engine = self.engine_pid
        assert self._process is not None
        self._process.kill()
        if engine:
            with suppress(ProcessLookupError):
                os.kill(engine, signal.SIGKILL)
        await self._ended()

    async def kill_engine(self) -> None:
        """kill -9 of the engine; returns once the node runs another."""
        await until(lambda: self.engine_pid > 0)
        before = self.engine_pid
        os.kill(before, signal.SIGKILL)
        await until(lambda: self.engine_pid not in (0, before))

    def signal(self, number: int) -> None:
        """Send a signal to node and engine."""
        assert self._process is not None
        for pid in (self._process.pid, self.engine_pid):
            if pid:
                with suppress(ProcessLookupError):
                    os.kill(pid, number)

    async def stop(self) -> None:
        """End the input: the ledger is closed in order."""
        if self.is_running and self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
        await self._ended()

    async def discard(self) -> None:
        """End it, whatever state it is in."""
        if self.is_running:
            self.signal(signal.SIGCONT)
            await self.kill_both()

    async def _ended(self) -> None:
        if self._process is not None:
            async with asyncio.timeout(PATIENCE_S):
                await self._process.wait()
        if self._reading is not None:
            await self._reading
        await until(lambda: self.engine_pid == 0)

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while (line := await process.stdout.readline()).endswith(b"\n"):
            answer = json.loads(line)
            asked = self._asked.get(answer["id"])
            if asked is None or asked.done():
                continue
            if "error" in answer:
                asked.set_exception(Refused(answer["error"]))
            else:
                asked.set_result(answer["ok"])
        for asked in self._asked.values():
            if not asked.done():
                asked.set_exception(Gone())


@asynccontextmanager
async def validator_processes(
    network: BftNetwork,
    folder: Path,
    prefixes: Sequence[Sequence[str]] = (),
    seats: int = 4,
    **options: Any,
) -> AsyncIterator[list[ValidatorProcess]]:
    """Started validators, ended at the end."""
    network_file = folder / "network.json"
    network.save(network_file)
    nodes = [
        ValidatorProcess(
            network_file, seat, folder / f"v{seat}", *(prefixes[seat] if prefixes else ())
        )
        for seat in range(seats)
    ]
    try:
        await asyncio.gather(*[node.start(**options) for node in nodes])
        yield nodes
    finally:
        await asyncio.gather(*[node.discard() for node in nodes])
