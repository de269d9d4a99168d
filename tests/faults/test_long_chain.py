"""A new node joins a network that has run for long."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from bft_network import BftNetwork, require_engine, running_validators
from ledger_network import Add, value_of
from patience import PATIENCE_S

from hanse.ledger.bft.engine.settings import Timeouts
from hanse.ledger.ledger import Ledger

pytestmark = pytest.mark.slow

BLOCKS = int(os.environ.get("HANSE_LONG_CHAIN", "50000"))
STALLED_S = 10 * PATIENCE_S
FAST = Timeouts(commit=0)


async def test_new_node_replays_a_long_chain(tmp_path: Path) -> None:
    require_engine()
    network = BftNetwork(seats=1, members=2)
    async with running_validators(network, tmp_path, [0], timeouts=FAST) as (first,):
        sent = 0
        while first.height < BLOCKS:  # a block each, and an empty one between
            raw = network.transaction(Add("x", 1))
            await first.wait_receipt(await first.submit(raw), PATIENCE_S)
            sent += 1
        async with running_validators(network, tmp_path, [1]) as (second,):
            await reached(second, first.height)
            for height in range(1, first.height, max(BLOCKS // 100, 1)):
                assert second.header(height) == first.header(height)
            assert value_of(second.state, "x") == sent
            assert (await second.verify_store()).transactions == sent
            raw = network.transaction(Add("x", 1), 1)
            assert (await second.wait_receipt(await second.submit(raw), PATIENCE_S)).ok


async def reached(ledger: Ledger, height: int) -> None:
    """Wait for a height as long as the ledger moves towards it."""
    while ledger.height < height:
        before = ledger.height
        async with asyncio.timeout(STALLED_S):
            while ledger.height == before:
                await asyncio.sleep(0.2)
