"""New nodes join a network that has run for long: by replaying every block, and by a snapshot.

``HANSE_LONG_CHAIN`` sets another length. The figures are printed (``pytest -s``).
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from pathlib import Path

import msgspec
import psutil
import pytest
from bft_network import BftNetwork, require_engine
from ledger_network import Add
from patience import PATIENCE_S, until
from validator_process import ValidatorProcess

from hanse.ledger.bft.engine.questions import EngineQuestion
from hanse.node.snapshot_start import SnapshotGiver, SnapshotStart

pytestmark = pytest.mark.slow

BLOCKS = int(os.environ.get("HANSE_LONG_CHAIN", "50000"))
STALLED_S = 10 * PATIENCE_S
READING_S = 60 * PATIENCE_S
LANES = 3
MIB = 1 << 20
FAST = {"commit": 0}
FIRST, REPLAYING, BEGINNING = range(3)


async def test_new_nodes_join_a_long_chain(tmp_path: Path) -> None:
    require_engine()
    network = BftNetwork(seats=1, members=3)
    file = tmp_path / "network.json"
    network.save(file)
    # Memory stands in for the disk of the node that makes the blocks: each writes through a
    # dozen times, which is what the pace of one validator hangs on. Newcomers have a real disk.
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else tmp_path) as folder:
        first = ValidatorProcess(file, FIRST, Path(folder) / "v0")
        try:
            await first.start(timeouts=FAST, snapshot_interval=BLOCKS // 10)
            begun = time.monotonic()
            sent = await grow(network, first)
            report("generated", BLOCKS, time.monotonic() - begun, memory_of(first))
            await joins_by_replay(network, file, first, tmp_path / "replaying", sent)
            await joins_by_snapshot(network, first, tmp_path / "beginning")
        finally:
            await first.discard()


async def grow(network: BftNetwork, node: ValidatorProcess) -> int:
    """Send transactions, a few at a time, until the chain is so long; how many."""
    sent = height = 0

    async def lane() -> None:
        nonlocal sent, height
        while height < BLOCKS:
            sent += 1
            tx = await node.ask("submit", raw=network.transaction(Add("x", 1)).hex())
            height, _ = (await node.ask("receipt", tx=tx, seconds=PATIENCE_S))["height"]

    await asyncio.gather(*[lane() for _ in range(LANES)])
    return sent


async def joins_by_replay(
    network: BftNetwork, file: Path, first: ValidatorProcess, home: Path, sent: int
) -> None:
    """Every block is executed again, and is the same."""
    newcomer = ValidatorProcess(file, REPLAYING, home)
    try:
        begun = time.monotonic()
        await newcomer.start()
        height = (await first.ask("status"))["height"]
        await reached(newcomer, height)
        report("replayed", height, time.monotonic() - begun, memory_of(newcomer))
        theirs = await first.ask("chain", READING_S)
        own = await newcomer.ask("chain", READING_S)
        assert own == theirs
        assert len(own["receipts"]) == sent == await newcomer.ask("value", name="x")
        raw = network.transaction(Add("x", 1), REPLAYING).hex()
        tx = await newcomer.ask("submit", raw=raw)
        receipt = await newcomer.ask("receipt", tx=tx, seconds=PATIENCE_S)
        assert receipt["code"] == ""
    finally:
        await newcomer.discard()


async def joins_by_snapshot(network: BftNetwork, first: ValidatorProcess, folder: Path) -> None:
    """The state is taken over; of the blocks only those after it."""

    async def prove() -> bytes:
        return bytes.fromhex(await first.ask("prove_snapshot"))

    async def ask(question: EngineQuestion) -> bytes:
        content = msgspec.to_builtins(question)
        return bytes.fromhex(await first.ask("ask_engine", **content))

    height = (await first.ask("status"))["height"]
    begun, before = time.monotonic(), psutil.Process().memory_info().rss
    newcomer = await network.open(
        BEGINNING,
        folder,
        start=SnapshotStart(network.genesis, [SnapshotGiver("first", prove, ask)]),
    )
    try:
        await newcomer.begun()
        await until(lambda: newcomer.height >= height)
        grown = psutil.Process().memory_info().rss - before
        report("joined by a snapshot", height, time.monotonic() - begun, (grown, 0))
        assert newcomer.base > BLOCKS // 2
        raw = network.transaction(Add("x", 1), BEGINNING)
        assert (await newcomer.wait_receipt(await newcomer.submit(raw), PATIENCE_S)).ok
        await until(lambda: newcomer.status().pending == 0)
        await newcomer.verify_store()
    finally:
        await newcomer.close()


async def reached(node: ValidatorProcess, height: int) -> None:
    """Wait for a height as long as the node moves towards it."""
    at = 0
    while at < height:
        before = at
        async with asyncio.timeout(STALLED_S):
            while at == before:
                await asyncio.sleep(0.2)
                at = (await node.ask("status"))["height"]


def memory_of(node: ValidatorProcess) -> tuple[int, int]:
    """Resident memory of a node's process and of its engine, bytes."""
    node_bytes, engine_bytes = (
        psutil.Process(pid).memory_info().rss for pid in (node.pid, node.engine_pid)
    )
    return node_bytes, engine_bytes


def report(what: str, blocks: int, seconds: float, memory: tuple[int, int]) -> None:
    node, engine = (each / MIB for each in memory)
    print(
        f"\n{what}: {blocks} blocks in {seconds:.0f} s, {blocks / seconds:.0f}/s; "
        f"memory of the node {node:.0f} MiB, of the engine {engine:.0f} MiB"
    )
