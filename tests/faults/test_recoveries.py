"""Failures others met in operation: lost blocks, other hashes, conflicts, stalls, full maps."""

from __future__ import annotations

import asyncio
import random
import shutil
from pathlib import Path

import pytest
from bft_network import BftNetwork, require_engine
from ledger_network import Add
from patience import PATIENCE_S
from validator_load import check_promises, settled, under_load
from validator_process import Gone, Refused, ValidatorProcess, validator_processes

pytestmark = pytest.mark.faults

STEP = 12
MANY = 4_000
RESTARTS = 6


@pytest.mark.parametrize("snapshot_interval", [0, 5])
async def test_engine_that_lost_its_newest_blocks(tmp_path: Path, snapshot_interval: int) -> None:
    """The node steps back by itself, to a snapshot or the beginning, and catches up."""
    require_engine()
    network = BftNetwork()
    async with validator_processes(network, tmp_path) as nodes:
        await nodes[1].stop()
        await nodes[1].start(snapshot_interval=snapshot_interval)
        async with under_load(network, nodes) as load:
            await load.more(STEP)
            await nodes[1].stop()
            data, older = nodes[1].engine_home.path / "data", tmp_path / "older"
            shutil.copytree(data, older)
            await nodes[1].start(snapshot_interval=snapshot_interval)
            await load.more(4 * STEP)
            await nodes[1].stop()
            # Votes signed are written through before they are sent: they survive a power cut.
            shutil.copyfile(nodes[1].engine_home.sign_state, older / "priv_validator_state.json")
            shutil.rmtree(data)
            older.rename(data)
            await nodes[1].start(snapshot_interval=snapshot_interval)
            await load.more(STEP)
        await check_promises(load, nodes)
        assert "ledger.stepped_back" in (nodes[1].home / "process.log").read_text("utf-8")


async def test_engine_that_lost_everything_but_its_record_of_votes(tmp_path: Path) -> None:
    require_engine()
    network = BftNetwork()
    async with validator_processes(network, tmp_path) as nodes:
        async with under_load(network, nodes) as load:
            await load.more(STEP)
            await nodes[2].kill_both()
            forget_blocks(nodes[2])
            await nodes[2].start()
            await load.more(STEP)
        await check_promises(load, nodes)


async def test_application_with_another_hash_is_named_and_alone(tmp_path: Path) -> None:
    """Its node stands still and says why; the others go on. From the beginning it recovers."""
    require_engine()
    network = BftNetwork()
    async with validator_processes(network, tmp_path) as nodes:
        others = [nodes[0], nodes[1], nodes[3]]
        await nodes[2].stop()
        await nodes[2].start(mischief="computes another state")
        async with under_load(network, others) as load:
            await load.more(2 * STEP)
            await nodes[2].stop()
            await nodes[2].start()
            await failing(nodes[2], "ledger.application_diverged")
            await load.more(STEP)
            await nodes[2].stop()
            shutil.rmtree(nodes[2].home / "ledger")
            forget_blocks(nodes[2])
            await nodes[2].start()
        await check_promises(load, nodes)


async def test_conflicting_orders_and_random_restarts(tmp_path: Path) -> None:
    """Two versions of one order go to different nodes at once, which are killed at random."""
    require_engine()
    network = BftNetwork()
    seed = random.randrange(2**32)
    dice = random.Random(seed)
    async with validator_processes(network, tmp_path) as nodes:
        async with under_load(network, nodes) as load:
            for number in range(RESTARTS):
                victim = dice.choice(nodes)
                nonce = f"{dice.getrandbits(128):032x}"
                versions = [
                    network.transaction(Add(f"order{number}", amount), 4, nonce=nonce)
                    for amount in (1, 2)
                ]
                for raw in versions:
                    load.note(raw, 4)
                places = dice.sample([node for node in nodes if node is not victim], 2)
                await asyncio.gather(
                    *[handed_in(node, raw) for node, raw in zip(places, versions, strict=True)],
                    victim.kill_both(),
                )
                await asyncio.sleep(dice.uniform(0, 1))
                await victim.start()
                await load.more(4)
        try:
            await check_promises(load, nodes)
            for number in range(RESTARTS):
                values = [await node.ask("value", name=f"order{number}") for node in nodes]
                assert values in ([1] * 4, [2] * 4)
        except AssertionError as error:
            error.add_note(f"seed {seed}")
            raise


async def test_none_of_four_stalls_after_many_transactions(tmp_path: Path) -> None:
    require_engine()
    network = BftNetwork()
    async with validator_processes(network, tmp_path) as nodes:

        async def feed(member: int) -> None:
            for _ in range(MANY // 4):
                raw = network.transaction(Add(f"counter{member}", 1), member).hex()
                await nodes[member].ask("submit", raw=raw)

        await asyncio.gather(*[feed(member) for member in range(4)])
        await settled(nodes)
        for member in range(4):
            values = [await node.ask("value", name=f"counter{member}") for node in nodes]
            assert values == [MANY // 4] * 4
        async with under_load(network, nodes):
            pass
        await settled(nodes)


async def test_map_of_the_database_grows_under_validators(tmp_path: Path) -> None:
    """It begins with 256 KiB, which the first blocks fill."""
    require_engine()
    network = BftNetwork()
    async with validator_processes(network, tmp_path) as nodes:
        await nodes[0].stop()
        shutil.rmtree(nodes[0].home / "ledger")
        await nodes[0].start(map_bytes=256 << 10)
        async with under_load(network, nodes) as load:
            await load.more(10 * STEP)
        await check_promises(load, nodes)
        assert (nodes[0].home / "ledger" / "data.mdb").stat().st_size > 256 << 10


async def handed_in(node: ValidatorProcess, raw: bytes) -> None:
    """One of two versions may be refused where the other is known already."""
    try:
        await node.ask("submit", raw=raw.hex())
    except (Refused, Gone):
        return


async def failing(node: ValidatorProcess, code: str) -> None:
    """Wait until a node names this as what keeps it from moving."""
    async with asyncio.timeout(PATIENCE_S):
        while (await node.ask("status"))["failure"] != code:
            await asyncio.sleep(0.2)


def forget_blocks(node: ValidatorProcess) -> None:
    """Remove all the engine has but its record of votes."""
    for part in (node.engine_home.path / "data").iterdir():
        if part.is_dir():
            shutil.rmtree(part)
        elif part != node.engine_home.sign_state:
            part.unlink()
