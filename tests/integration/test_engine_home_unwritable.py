"""An engine that cannot be started for whatever reason leaves a ledger that says so."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bft_network import BftNetwork, require_engine
from ledger_network import Add
from patience import PATIENCE_S


async def test_engine_whose_home_is_in_the_way_is_named_and_tried_again(tmp_path: Path) -> None:
    require_engine()
    network = BftNetwork(seats=1, members=3)
    obstacle = tmp_path / "n0" / "engine" / "config"
    obstacle.parent.mkdir(parents=True)
    obstacle.write_text("a file where a folder belongs")
    ledger = await network.open(0, tmp_path)
    try:
        async with asyncio.timeout(PATIENCE_S):
            while ledger.status().failure != "ledger.halted":
                await asyncio.sleep(0.05)
        waiting = await ledger.submit(network.transaction(Add("x", 1)))
        obstacle.unlink()
        assert (await ledger.wait_receipt(waiting, PATIENCE_S)).ok
        assert ledger.status().failure == ""
    finally:
        await ledger.close()
