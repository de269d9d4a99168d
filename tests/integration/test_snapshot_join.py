"""A node joins by a snapshot that its engine takes from others, verified from the genesis on."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from bft_network import BftNetwork, require_engine, running_validators
from ledger_network import Add
from patience import PATIENCE_S, until

from hanse.ledger.bft.engine.questions import EngineQuestion
from hanse.ledger.clock import system_clock
from hanse.ledger.ledger import Ledger
from hanse.ledger.light.header_proof import decode_header_proof, encode_header_proof
from hanse.ledger.snapshots.shelf import Shelf
from hanse.node.snapshot_start import SnapshotGiver, SnapshotStart

INTERVAL = 20
LANES = 4


async def grow(network: BftNetwork, node: Ledger, height: int) -> None:
    """Send transactions, one after the other, until the chain is so long."""

    async def lane() -> None:
        while node.height < height:
            raw = network.transaction(Add("x", 1), now_ms=system_clock())
            receipt = await node.wait_receipt(await node.submit(raw), PATIENCE_S)
            assert receipt.ok

    async with asyncio.TaskGroup() as group:
        for _ in range(LANES):
            group.create_task(lane())


def giver(node: Ledger) -> SnapshotGiver:
    async def prove() -> bytes:
        return encode_header_proof(await asyncio.to_thread(node.prove_snapshot))

    return SnapshotGiver("other", prove, node.ask_engine)


def start_from(*nodes: Ledger) -> SnapshotStart:
    return SnapshotStart(nodes[0].genesis, [giver(node) for node in nodes])


async def follows(network: BftNetwork, newcomer: Ledger, nodes: list[Ledger]) -> None:
    """What the newcomer sends is executed everywhere, with one outcome."""
    await grow(network, newcomer, nodes[0].height + 3)
    await until(
        lambda: len({node.status().state_root for node in (*nodes, newcomer)}) == 1, PATIENCE_S
    )
    await newcomer.verify_store()


@pytest.mark.long
async def test_newcomer_begins_with_a_snapshot_and_goes_on(tmp_path: Path) -> None:
    require_engine()
    network = BftNetwork(seats=2, members=3)
    running = running_validators(network, tmp_path, range(2), snapshot_interval=INTERVAL)
    async with running as nodes:
        await grow(network, nodes[0], 10 * INTERVAL + 5)
        newcomer = await network.open(2, tmp_path, start=start_from(*nodes))
        try:
            await newcomer.begun()
            base = newcomer.base
            assert base == 10 * INTERVAL + 1
            await follows(network, newcomer, nodes)
        finally:
            await newcomer.close()

        # Started again, it goes on from what it has.
        newcomer = await network.open(2, tmp_path, start=start_from(nodes[0]))
        try:
            await follows(network, newcomer, nodes)
            assert newcomer.base == base
        finally:
            await newcomer.close()


@pytest.mark.faults
async def test_lies_of_the_node_asked_lead_to_replay(tmp_path: Path) -> None:
    require_engine()
    network = BftNetwork(seats=2, members=3)
    running = running_validators(network, tmp_path, range(2), snapshot_interval=INTERVAL)
    async with running as nodes:
        await grow(network, nodes[0], INTERVAL + 5)
        honest = giver(nodes[0])

        async def forged_header() -> bytes:
            proof = decode_header_proof(await honest.prove())
            return encode_header_proof(msgspec.structs.replace(proof, block_id="00" * 32))

        async def forged_commits(question: EngineQuestion) -> bytes:
            answer = await honest.ask(question)
            return re.sub(rb'"app_hash":"[0-9A-F]*"', b'"app_hash":"%s"' % (b"AB" * 32), answer)

        for number, lie in enumerate(
            (replace(honest, prove=forged_header), replace(honest, ask=forged_commits))
        ):
            start = SnapshotStart(nodes[0].genesis, [lie])
            newcomer = await network.open(2, tmp_path / str(number), start=start)
            try:
                await newcomer.begun()
                assert newcomer.base <= 1
                await follows(network, newcomer, nodes)
            finally:
                await newcomer.close()


@pytest.mark.faults
async def test_altered_snapshot_is_refused(tmp_path: Path) -> None:
    require_engine()
    network = BftNetwork(seats=2, members=3)
    running = running_validators(network, tmp_path, range(2), snapshot_interval=INTERVAL)
    async with running as nodes:
        await grow(network, nodes[0], INTERVAL + 5)
        both = [tmp_path / f"n{index}" / "snapshots" for index in range(2)]
        await until(lambda: all(Shelf(folder).has(INTERVAL) for folder in both))

        # One of two peers has an altered chunk: it is taken from the other.
        alter(both[1])
        newcomer = await network.open(2, tmp_path / "one", start=start_from(nodes[0]))
        try:
            await newcomer.begun()
            assert newcomer.base == INTERVAL + 1
        finally:
            await newcomer.close()

        # Both have: nothing of it is taken over, every block is replayed.
        alter(both[0])
        newcomer = await network.open(
            2, tmp_path / "both", start=start_from(nodes[0]), start_seconds=15.0
        )
        try:
            await newcomer.begun()
            assert newcomer.base <= 1
            await follows(network, newcomer, nodes)
        finally:
            await newcomer.close()


def alter(folder: Path) -> None:
    """Flip a bit in every chunk."""
    for path in folder.glob("*/chunk-*"):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
