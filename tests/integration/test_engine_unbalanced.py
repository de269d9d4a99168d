"""Two flows of two nodes, one after the other: the second finds the list of keys the first made."""

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


async def test_the_list_outlives_the_flow(town: Town, tmp_path: Path) -> None:
    for name, party in town.parties.items():
        party.settings |= {
            "lists_dir": tmp_path / "lists" / name,
            "lists_key": name[0].encode() * 32,
        }
    await town.start()
    seen = []
    for _ in range(2):
        text = town.text(town.grant()).replace(
            "operator: align", "operator: align\n    protocol: ecdh_unbalanced", 1
        )
        flow = town.deploy(text)
        record = await town.ended(flow)
        assert (record.state, record.cause) == ("COMPLETED", "completed"), town.failures()
        for name in ("bank", "merchant"):
            engine = town.parties[name].engine
            assert engine is not None
            kept = {(i.step, i.output): i.rows for i in engine.results.list(flow)}
            assert kept["align", "table"] == town.common
        files = sorted(path for path in (tmp_path / "lists").rglob("*") if path.is_file())
        seen.append([(path, path.read_bytes()) for path in files])
    assert [path.parent.name for path, _ in seen[0]] == ["bank", "merchant"]
    assert seen[0] == seen[1]
