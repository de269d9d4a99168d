"""Engines of two parties align and split their tables with real workers over mutual TLS."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from engine_network import Town


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    town = Town(tmp_path)
    yield town
    await town.stop()


async def test_flow_runs_to_completion_and_everybody_is_paid_once(town: Town) -> None:
    await town.start()
    flow = town.deploy()
    record = await town.ended(flow)
    assert (record.state, record.cause) == ("COMPLETED", "completed"), record
    assert town.balance("merchant") == 100
    assert town.balance("bank") == 900
    for name in ("bank", "merchant"):
        engine = town.parties[name].engine
        assert engine is not None
        kept = {(info.step, info.output): info for info in engine.results.list(flow)}
        assert kept["align", "table"].rows == town.common
        assert kept["split", "train"].rows + kept["split", "test"].rows == town.common
        assert not any(info.opened for info in kept.values())
