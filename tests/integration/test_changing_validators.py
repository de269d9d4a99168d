"""Nodes with real engines join a running network, begin to vote, and stop voting."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

from bft_network import BftNetwork, require_engine, running_validators
from ledger_network import Add
from patience import PATIENCE_S

from hanse.ledger.certificates import decode_certificate
from hanse.ledger.clock import system_clock
from hanse.ledger.ledger import Ledger


async def send(node: Ledger, raw: bytes) -> int:
    """The height at which a transaction took effect."""
    receipt = await node.wait_receipt(await node.submit(raw), PATIENCE_S)
    assert receipt.ok, receipt.code
    place = node.find(receipt.tx)
    assert place is not None
    return place[0]


async def add(network: BftNetwork, node: Ledger) -> int:
    return await send(node, network.transaction(Add("x", 1), now_ms=system_clock()))


async def change(network: BftNetwork, node: Ledger, seats: Iterable[int]) -> int:
    chosen = [network.seats[index] for index in seats]
    return await send(node, network.change(chosen, now_ms=system_clock()))


async def reached(node: Ledger, height: int) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while node.height < height:
            await asyncio.sleep(0.02)


async def signers(node: Ledger, height: int) -> set[str]:
    """Who signed the certificate of a block."""
    async with asyncio.timeout(PATIENCE_S):
        while (encoded := node.certificate(height)) is None:
            await asyncio.sleep(0.02)
    return {item.did for item in decode_certificate(encoded).signatures}


async def test_observer_replays_votes_and_observes_again(tmp_path: Path) -> None:
    require_engine()
    network = BftNetwork(seats=4, members=5)
    dids = [seat.member.did for seat in network.seats]
    async with running_validators(network, tmp_path, range(4)) as nodes:
        for _ in range(5):
            await add(network, nodes[0])

        # Joins late: replays, and its transactions reach the validators.
        newcomer = await network.open(4, tmp_path)
        try:
            await reached(newcomer, nodes[0].height)
            observed = await add(network, newcomer)
            assert dids[4] not in await signers(newcomer, observed)

            # Begins to vote two blocks after the one that decides it.
            decided = await change(network, newcomer, range(5))
            assert {v.did for v in newcomer.validators(decided + 1)} == set(dids[:4])
            assert {v.did for v in newcomer.validators(decided + 2)} == set(dids)

            # With one of the five away, nothing moves without the newcomer's vote.
            await nodes[3].close()
            # An idle network stops one block after a change: only a change makes the next one sure.
            while (voted := await add(network, nodes[0])) < decided + 2:
                pass
            await reached(nodes[0], voted + 1)
            assert await signers(nodes[0], voted) == {*dids[:3], dids[4]}

            # One that is voted out keeps following; the rest go on without it.
            await change(network, nodes[0], [0, 1, 3, 4])
            nodes[3] = await network.open(3, tmp_path)
            left = await add(network, nodes[0])
            await reached(nodes[2], left)
            await reached(nodes[3], left)
            assert dids[2] not in await signers(nodes[3], left)
            last = await add(network, nodes[2])
            for node in (*nodes, newcomer):
                await reached(node, last)
            roots = set()
            for node in (*nodes, newcomer):
                header = node.header(last)
                assert header is not None
                roots.add(header.state_root)
            assert len(roots) == 1
        finally:
            await newcomer.close()
            await nodes[3].close()
