"""Tasks over a shaped line beside the same tasks over loopback, in the same run.

Usage: ``python bench/shaped.py [--mbit 100] [--delay-ms 10] [--rows 10000] [--columns 20]
[--only NAME]``

Every ordered pair of parties has a line of its own: so many megabits a second, and every byte
arrives so much later. Kernels without ``netem`` cannot delay packets, so each worker is given the
addresses of relays that do it in this process, between the workers' TCP connections; TLS runs
through them unopened. *Bytes* are what went through the relays, both directions, all parties.
Compiled programs are kept from a first run that is not counted.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from hanse.compute.rehearsal import Rehearsal
from hanse.compute.worker import Party, WorkerRequest

CHUNK_BYTES = 16 << 10
AHEAD_S = 0.02  # what a sender may hand over before the line is free: a small socket buffer
PATIENCE_S = 30.0
LABEL = {"label": "y"}
TWO: Any = {"bank": ["owner", "compute", "receiver"], "shop": ["owner", "compute"]}
THREE: Any = TWO | {"helper": ["compute"]}
OWNERS: Any = {"bank": ["owner", "receiver"], "shop": ["owner", "receiver"]}
TASKS: dict[str, tuple[str, Any, dict[str, Any]]] = {
    "align, RR22": ("align", OWNERS, {"left_key": "id", "right_key": "id"}),
    "align, KKRT": ("align", OWNERS, {"left_key": "id", "right_key": "id"}),
    "correlation, ABY3": ("correlation", THREE, {"exclude": ["id", "y"]}),
    "correlation, CHEETAH": ("correlation", TWO, {"exclude": ["id", "y"]}),
    "logistic_regression, ABY3": (
        "logistic_regression",
        THREE,
        {**LABEL, "exclude": ["id"], "epochs": 2, "batch_size": 1024},
    ),
    "logistic_regression, CHEETAH": (
        "logistic_regression",
        TWO,
        {**LABEL, "exclude": ["id"], "epochs": 1, "batch_size": 4096},
    ),
}


class Line:
    """One direction between two parties."""

    def __init__(self, mbit: float, delay_s: float) -> None:
        self._rate, self._delay_s = mbit * 1e6 / 8, delay_s
        self._free = 0.0
        self.bytes = 0

    async def enter(self, size: int) -> float:
        """Wait until the line takes so many bytes; returns when they arrive."""
        now = time.monotonic()
        if self._free - now > AHEAD_S:
            await asyncio.sleep(self._free - now - AHEAD_S)
        self._free = max(self._free, time.monotonic()) + size / self._rate
        self.bytes += size
        return self._free + self._delay_s


class ShapedRehearsal(Rehearsal):
    """Every party reaches its peers through relays."""

    def __init__(self, folder: Path, mbit: float, delay_s: float) -> None:
        super().__init__(folder)
        self._lines: dict[tuple[str, str], Line] = defaultdict(lambda: Line(mbit, delay_s))
        self._tasks: list[asyncio.Task[Any]] = []

    def requests(self, operator: str, *given: Any, **changes: Any) -> dict[str, WorkerRequest]:
        """The requests of a step, with relays in place of the peers."""
        asked = super().requests(operator, *given, **changes)
        out = {}
        for me, request in asked.items():
            parties = [self._behind(me, party) for party in request.manifest.parties]
            manifest = msgspec.structs.replace(request.manifest, parties=parties)
            out[me] = msgspec.structs.replace(request, manifest=manifest)
        return out

    def bytes_sent(self) -> int:
        """Through all lines since it was last asked."""
        total = sum(line.bytes for line in self._lines.values())
        for line in self._lines.values():
            line.bytes = 0
        return total

    def close(self) -> None:
        """Stop all relays."""
        for task in self._tasks:
            task.cancel()

    def _behind(self, me: str, party: Party) -> Party:
        if party.alias == me:
            return party
        endpoints = {
            link: self._relay(me, party.alias, endpoint)
            for link, endpoint in party.endpoints.items()
        }
        return msgspec.structs.replace(party, endpoints=endpoints)

    def _relay(self, caller: str, callee: str, endpoint: str) -> str:
        host, _, port = endpoint.rpartition(":")
        there, back = self._lines[caller, callee], self._lines[callee, caller]

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                far_reader, far_writer = await _connected(host, int(port))
                await asyncio.gather(
                    _carry(reader, far_writer, there), _carry(far_reader, writer, back)
                )
            except (OSError, asyncio.CancelledError):  # the worker has gone, or the bench ends
                writer.close()

        held = socket.socket()
        held.bind(("127.0.0.1", 0))
        started = asyncio.start_server(serve, sock=held)
        self._tasks.append(asyncio.get_running_loop().create_task(started))
        return f"127.0.0.1:{held.getsockname()[1]}"


async def _connected(host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection to a peer as soon as it listens, as a firewall that lets through would give."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return await asyncio.open_connection(host, port)
        except OSError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.02)


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: Line) -> None:
    """One direction of one connection: in order, each chunk at its time."""
    waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def deliver() -> None:
        while True:
            due, data = await waiting.get()
            await asyncio.sleep(due - time.monotonic())
            if not data:
                break
            writer.write(data)
            await writer.drain()
        writer.close()

    out = asyncio.create_task(deliver())
    try:
        while data := await reader.read(CHUNK_BYTES):
            await waiting.put((await line.enter(len(data)), data))
    except OSError:
        pass
    await waiting.put((await line.enter(0), b""))
    await asyncio.gather(out, return_exceptions=True)


def tables(rows: int, columns: int) -> dict[str, pa.Table]:
    """Both with the same ids; a label that half of the columns explain."""
    rng = np.random.default_rng(1)
    table = rng.normal(size=(rows, columns))
    labels = (table[:, ::2].sum(axis=1) + rng.normal(size=rows) > 0).astype(np.int64)
    ids, half = pa.array([f"id-{number:09d}" for number in range(rows)]), columns // 2
    bank = {f"b{number}": table[:, number] for number in range(half)}
    shop = {f"s{number}": table[:, half + number] for number in range(columns - half)}
    return {
        "bank": pa.table({"id": ids, "y": labels, **bank}),
        "shop": pa.table({"id": ids, **shop}),
    }


async def measure(stage: Rehearsal, name: str, held: dict[str, pa.Table]) -> float:
    """Seconds of a task, from start to the last party's end.

    Raises:
        SystemExit: when it fails.
    """
    operator, roles, given = TASKS[name]
    entered = {alias: stage.enter(table) for alias, table in held.items()}
    inputs: Any = {"table": entered}
    if operator == "align":
        inputs = {"left": {"bank": entered["bank"]}, "right": {"shop": entered["shop"]}}
    changes = {"protocol": name.rpartition(" ")[2].lower()}
    started = time.perf_counter()
    done = await stage.run(operator, roles, inputs, given, **changes)
    seconds = time.perf_counter() - started
    failed = [str(outcome.error) for outcome in done.values() if outcome.error]
    if failed:
        raise SystemExit(f"{name}: {failed[0]}")
    return seconds


async def compare(options: argparse.Namespace, folder: Path) -> None:
    """Every task over loopback, then shaped."""
    held = tables(options.rows, options.columns)
    near = Rehearsal(folder)
    far = ShapedRehearsal(folder, options.mbit, options.delay_ms / 1000)
    print(f"{'':32}{'loopback, s':>12}{'shaped, s':>11}{'ratio':>7}{'MB':>9}")
    for name in [options.only] if options.only else list(TASKS):
        await measure(near, name, held)  # compiles
        quick = await measure(near, name, held)
        far.bytes_sent()
        slow = await measure(far, name, held)
        sent = far.bytes_sent() / 1e6
        print(f"{name:32}{quick:12.2f}{slow:11.2f}{slow / quick:7.1f}{sent:9.1f}", flush=True)
    far.close()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mbit", type=float, default=100.0)
    parser.add_argument("--delay-ms", type=float, default=10.0)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--columns", type=int, default=20)
    parser.add_argument("--only", default="", choices=["", *TASKS])
    options = parser.parse_args()
    print(
        f"{options.rows} x {options.columns}, {options.mbit:g} Mbit/s, {options.delay_ms:g} ms, "
        f"load {os.getloadavg()[0]:.1f}"
    )
    with tempfile.TemporaryDirectory() as place:
        asyncio.run(compare(options, Path(place)))


if __name__ == "__main__":
    main()
