"""Large tables are compared in parts; a step that broke off goes on after the last whole one."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from hanse.compute.operators import Role
from hanse.compute.rehearsal import Outcome, Rehearsal
from hanse.compute.worker import Progress, Resumed
from hanse.core.errors import HanseError

OWNERS: dict[str, list[Role]] = {"bank": ["owner", "receiver"], "merchant": ["owner"]}
KEYS: dict[str, object] = {"left_key": "id", "right_key": "no", "part_keys": 1000}
ROWS = 12_000  # in sixteen parts
LONG_S = 240  # for a loaded machine; nothing waits this long where all is well


def tables() -> dict[str, Any]:
    rng = np.random.default_rng(5)
    left, right = rng.permutation(ROWS), rng.permutation(ROWS) + ROWS // 2
    return {
        "bank": pa.table({"id": [f"客{n}" for n in left], "n": left}),
        "merchant": pa.table({"no": [f"客{n}" for n in right], "m": right}),
    }


def entered(rehearsal: Rehearsal) -> dict[str, Any]:
    held = {alias: rehearsal.enter(table) for alias, table in tables().items()}
    return {"left": {"bank": held["bank"]}, "right": {"merchant": held["merchant"]}}


def column(rehearsal: Rehearsal, outcome: Outcome, name: str) -> list[int]:
    values: list[int] = rehearsal.table(outcome.outputs["table"]).to_arrow()[name].to_pylist()
    return values


async def test_parts_give_the_rows_and_the_order_of_the_whole(tmp_path: Path) -> None:
    rehearsal = Rehearsal(tmp_path, deadline_ms=LONG_S * 1000)
    inputs = entered(rehearsal)
    whole = await rehearsal.run("align", OWNERS, inputs, KEYS | {"part_keys": ROWS})
    parted = await rehearsal.run("align", OWNERS, inputs, KEYS)
    found = column(rehearsal, parted["bank"], "n")
    assert sorted(found) == list(range(ROWS // 2, ROWS))
    assert column(rehearsal, parted["merchant"], "m") == found
    assert column(rehearsal, whole["bank"], "n") == found


@pytest.mark.parametrize("operator", ["align", pytest.param("intersect", marks=pytest.mark.long)])
async def test_a_killed_party_does_not_make_all_begin_again(tmp_path: Path, operator: str) -> None:
    rehearsal = Rehearsal(tmp_path, deadline_ms=LONG_S * 1000, checkpoints=True)
    inputs = entered(rehearsal)
    async with rehearsal.started(operator, OWNERS, inputs, KEYS) as workers:
        async for event in workers["bank"].events():
            if isinstance(event, Progress) and event.phase == "intersect" and event.done >= 200:
                break
        pid = workers["merchant"].pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        for worker in workers.values():
            with pytest.raises(HanseError):
                await asyncio.wait_for(worker.wait(), LONG_S)
    kept = [path for path in (tmp_path / "checkpoints").rglob("*") if path.is_file()]
    assert kept
    assert not any(b"key,place" in path.read_bytes() for path in kept)
    done = await rehearsal.run(operator, OWNERS, inputs, KEYS, attempt=2)
    told = {
        alias: [event.number for event in outcome.events if isinstance(event, Resumed)]
        for alias, outcome in done.items()
    }
    assert told["bank"] == told["merchant"]
    assert told["bank"][0] >= 1
    found = column(rehearsal, done["bank"], "n")
    assert sorted(found) == list(range(ROWS // 2, ROWS))
    if operator == "align":
        assert column(rehearsal, done["merchant"], "m") == found
    else:
        assert not done["merchant"].outputs
