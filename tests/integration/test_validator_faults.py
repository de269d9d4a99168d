"""Four validators as processes, struck while they work: the short part of `make test-faults`."""

import asyncio
from pathlib import Path

import pytest
from bft_network import BftNetwork, require_engine
from patience import PATIENCE_S
from validator_load import Load, check_promises, settled, under_load
from validator_process import ValidatorProcess, validator_processes

STILL_S = 3.0
STALL_S = 2.0


@pytest.mark.long
async def test_an_engine_a_node_and_two_of_four_are_killed(tmp_path: Path) -> None:
    require_engine()
    network = BftNetwork()
    async with validator_processes(network, tmp_path, stall_seconds=STALL_S) as nodes:
        async with under_load(network, nodes) as load:
            await nodes[1].kill_engine()
            await load.more(8)
            await nodes[2].kill()
            await load.more(8)
            await nodes[2].start()
            await load.more(4)
        await check_promises(load, nodes)
        await stand_still_without_two(load, nodes)
        await check_promises(load, nodes)


async def stand_still_without_two(load: Load, nodes: list[ValidatorProcess]) -> None:
    """Two of four can decide nothing; once one returns, what waited is executed."""
    before = await settled(nodes)
    await asyncio.gather(*[node.kill_both() for node in nodes[2:]])
    waiting = asyncio.create_task(load.send(0))
    await asyncio.sleep(STILL_S)
    heights = [(await node.ask("status"))["height"] for node in nodes[:2]]
    assert heights == [before, before]
    assert not waiting.done()
    # The one that took a transaction knows; so does the other, which it was passed on to.
    await until_stalled("ledger.no_quorum", nodes[:2])
    await nodes[2].start()
    await waiting
    await until_stalled("", nodes[:2])
    await nodes[3].start()


async def until_stalled(code: str, nodes: list[ValidatorProcess]) -> None:
    """What these nodes say of progress."""
    async with asyncio.timeout(PATIENCE_S):
        while {(await node.ask("status"))["stalled"] for node in nodes} != {code}:
            await asyncio.sleep(0.2)
