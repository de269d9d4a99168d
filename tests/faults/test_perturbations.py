"""Four validators under load, struck in every way a machine can be: no fork, nothing lost."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from bft_network import BftNetwork, require_engine
from namespaces import hosts_apart
from patience import PATIENCE_S
from skewed_engine import skewed_engine
from small_disk import fill, small_disk
from validator_load import Load, check_promises, under_load
from validator_process import ValidatorProcess, validator_processes

pytestmark = pytest.mark.faults

PAUSE_S = 30.0
AN_HOUR_S = 3_600
STEP = 12


@asynccontextmanager
async def struck(folder: Path) -> AsyncIterator[tuple[Load, list[ValidatorProcess]]]:
    """Four validators at work; the promises are checked afterwards."""
    require_engine()
    network = BftNetwork()
    async with validator_processes(network, folder) as nodes:
        async with under_load(network, nodes) as load:
            yield load, nodes
            await load.more(STEP)
        await check_promises(load, nodes)


async def test_engines_killed_one_after_the_other(tmp_path: Path) -> None:
    async with struck(tmp_path) as (load, nodes):
        for node in nodes:
            await node.kill_engine()
            await load.more(STEP)


async def test_nodes_killed_one_after_the_other(tmp_path: Path) -> None:
    async with struck(tmp_path) as (load, nodes):
        for node in nodes:
            await node.kill()
            await load.more(STEP)
            await node.start()
            await caught_up(node, nodes)


async def test_node_and_engine_killed_in_one_moment(tmp_path: Path) -> None:
    async with struck(tmp_path) as (load, nodes):
        for node in nodes:
            await node.kill_both()
            await load.more(STEP)
            await node.start()
            await caught_up(node, nodes)


async def test_all_four_killed_at_once(tmp_path: Path) -> None:
    async with struck(tmp_path) as (load, nodes):
        for _ in range(3):
            await asyncio.gather(*[node.kill_both() for node in nodes])
            await asyncio.gather(*[node.start() for node in nodes])
            await load.more(STEP)


async def test_all_four_stopped_in_order_and_started(tmp_path: Path) -> None:
    async with struck(tmp_path) as (load, nodes):
        await asyncio.gather(*[node.stop() for node in nodes])
        await asyncio.gather(*[node.start() for node in nodes])
        await load.more(STEP)


async def test_one_paused(tmp_path: Path) -> None:
    async with struck(tmp_path) as (load, nodes):
        nodes[1].signal(signal.SIGSTOP)
        await asyncio.gather(asyncio.sleep(PAUSE_S), load.more(STEP))
        nodes[1].signal(signal.SIGCONT)
        await caught_up(nodes[1], nodes)


async def test_only_an_engine_paused(tmp_path: Path) -> None:
    async with struck(tmp_path) as (load, nodes):
        engine = nodes[2].engine_pid
        os.kill(engine, signal.SIGSTOP)
        await asyncio.gather(asyncio.sleep(PAUSE_S), load.more(STEP))
        os.kill(engine, signal.SIGCONT)
        await caught_up(nodes[2], nodes)


async def test_clock_of_one_is_an_hour_ahead(tmp_path: Path) -> None:
    """The node's and its engine's alike, as on a machine whose clock is wrong."""
    wrong = clock_off(tmp_path, AN_HOUR_S)
    async with struck(tmp_path) as (load, nodes):
        await nodes[3].stop()
        await nodes[3].start(**wrong)
        await load.more(STEP)
        await caught_up(nodes[3], nodes)
        await votes_from_the_future(nodes[0])
        await nodes[3].stop()
        await nodes[3].start()


async def test_clock_of_one_is_an_hour_behind(tmp_path: Path) -> None:
    """Its engine takes no block that seems to come from the future: it is as if it were away."""
    wrong = clock_off(tmp_path, -AN_HOUR_S)
    async with struck(tmp_path) as (load, nodes):
        await nodes[3].stop()
        await nodes[3].start(**wrong)
        async with asyncio.timeout(PATIENCE_S):
            while (await nodes[3].ask("status"))["failure"] != "ledger.engine_clock_behind":
                await asyncio.sleep(0.2)
        await load.more(STEP)
        await nodes[3].stop()
        await nodes[3].start()
        await caught_up(nodes[3], nodes)


def clock_off(folder: Path, seconds: int) -> dict[str, Any]:
    """How a validator is started whose machine's clock is wrong."""
    require_engine()
    program = skewed_engine(folder)
    return {"skew_ms": 1000 * seconds, "engine_skew_s": seconds, "binary": str(program)}


async def votes_from_the_future(node: ValidatorProcess) -> None:
    """Wait for a block whose commit has a vote of another hour, and whose time has none."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            answer = json.loads(bytes.fromhex(await node.ask("ask_engine", method="commit")))
            signed = answer["result"]["signed_header"]
            block = datetime.fromisoformat(signed["header"]["time"])
            votes = [datetime.fromisoformat(v["timestamp"]) for v in signed["commit"]["signatures"]]
            if max(votes) - block > timedelta(minutes=50):
                return
            await asyncio.sleep(0.1)


async def test_cable_of_one_pulled_and_put_back(tmp_path: Path) -> None:
    require_engine()
    network = BftNetwork()
    with hosts_apart(4) as hosts:
        network.hosts[:4] = hosts.addresses
        prefixes = [hosts.prefix(i) for i in range(4)]
        async with validator_processes(network, tmp_path, prefixes) as nodes:
            async with under_load(network, nodes) as load:
                hosts.cut(2)
                await asyncio.gather(asyncio.sleep(PAUSE_S), load.more(STEP))
                hosts.heal(2)
                await caught_up(nodes[2], nodes)
                for index in (0, 1, 3):  # cut in halves: nobody has two thirds
                    hosts.cut(index)
                await asyncio.sleep(5.0)
                for index in (0, 1, 3):
                    hosts.heal(index)
                await load.more(STEP)
            await check_promises(load, nodes)


@pytest.mark.parametrize("part", [".", "engine"])
async def test_disk_of_one_full_and_freed(tmp_path: Path, part: str) -> None:
    """Also the engine's alone, so that the application may get ahead of it."""
    with small_disk(tmp_path / "v1" / part) as disk:
        async with struck(tmp_path) as (load, nodes):
            ballast = fill(disk)
            async with asyncio.timeout(PATIENCE_S):
                while not (await nodes[1].ask("status"))["failure"]:
                    await asyncio.sleep(0.2)
            await load.more(STEP)
            ballast.unlink()
            await caught_up(nodes[1], nodes)


async def caught_up(node: ValidatorProcess, nodes: list[ValidatorProcess]) -> None:
    """Wait until a node has the block that was newest anywhere when it was asked."""
    newest = max([(await other.ask("status"))["height"] for other in nodes])
    async with asyncio.timeout(2 * PATIENCE_S):
        while (await node.ask("status"))["height"] < newest:
            await asyncio.sleep(0.2)
