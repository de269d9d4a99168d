"""Garbage over what is reachable from outside: the port of the engine, and handed-in bytes."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest
from bft_network import BftNetwork, require_engine
from ledger_network import Add, Network
from patience import until
from validator_load import check_promises, under_load
from validator_process import Refused, ValidatorProcess, validator_processes

pytestmark = pytest.mark.faults

LINKS = 200
LARGEST = 1 << 20


async def test_bytes_at_the_port_of_an_engine_change_nothing(tmp_path: Path) -> None:
    """Nothing at all, a few bytes, a frame that promises gigabytes, a megabyte of noise."""
    require_engine()
    network = BftNetwork()
    dice = random.Random(11)
    async with validator_processes(network, tmp_path) as nodes:
        async with under_load(network, nodes) as load:
            await until(lambda: all(node.engine_pid for node in nodes))
            engines = [node.engine_pid for node in nodes]
            for _ in range(LINKS // 10):
                shapes = [
                    b"",
                    dice.randbytes(dice.randrange(1, 64)),
                    b"\xff" * 9 + b"\x01" + dice.randbytes(64),
                    dice.randbytes(LARGEST),
                    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
                ]
                await asyncio.gather(
                    *[thrown(network.ports[dice.randrange(4)], each) for each in 2 * shapes]
                )
            await load.more(12)
        await check_promises(load, nodes)
        assert [node.engine_pid for node in nodes] == engines, "an engine fell"


async def test_bytes_handed_in_are_refused_by_name(tmp_path: Path) -> None:
    require_engine()
    network = BftNetwork()
    dice = random.Random(12)
    async with validator_processes(network, tmp_path) as nodes:
        async with under_load(network, nodes) as load:
            await until(lambda: all(node.engine_pid for node in nodes))
            engines = [node.engine_pid for node in nodes]
            good = network.transaction(Add("x", 1))
            stranger = Network(members=1).transaction(Add("x", 1))
            for number in range(LINKS):
                node = nodes[number % 4]
                assert (await refusal(node, dice.randbytes(dice.randrange(1, 5_000)))).startswith(
                    "ledger."
                )
                assert (await refusal(node, altered(dice, good))).startswith("ledger.")
            assert await refusal(nodes[0], b"") == "ledger.bad_transaction"
            assert await refusal(nodes[0], stranger) == "ledger.wrong_chain"
            oversized = b"x" * (8 << 20)
            assert await refusal(nodes[0], oversized) == "ledger.transaction_too_large"
            await load.more(12)
        await check_promises(load, nodes)
        assert [node.engine_pid for node in nodes] == engines, "an engine fell"


async def thrown(port: int, data: bytes) -> None:
    """Connect, write, and see the other side end it, or end it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(data)
        async with asyncio.timeout(5.0):
            await writer.drain()
            while await reader.read(1 << 16):
                continue
    except (ConnectionError, TimeoutError):
        pass
    finally:
        writer.close()


def altered(dice: random.Random, raw: bytes) -> bytes:
    """One byte is another."""
    at = dice.randrange(len(raw))
    return raw[:at] + bytes([raw[at] ^ dice.randrange(1, 256)]) + raw[at + 1 :]


async def refusal(node: ValidatorProcess, raw: bytes) -> str:
    """The name of the error a node refuses bytes with."""
    with pytest.raises(Refused) as refused:
        await node.ask("submit", raw=raw.hex())
    return refused.value.code
