"""Three owners, another key for each pair, between worker processes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml

from hanse.compute.errors import DuplicateKeys
from hanse.compute.rehearsal import Outcome, Rehearsal

ROLES: Any = {"shop": ["owner", "receiver"], "carrier": ["owner"], "bank": ["owner", "receiver"]}
PAGE = (Path(__file__).parents[2] / "docs" / "sets.md").read_text("utf-8")
STEP = re.search(r"```yaml\n(  - id: same_people\n.*?)```", PAGE, re.DOTALL)


def parameters() -> dict[str, object]:
    """Those of the step on the page."""
    assert STEP is not None
    (step,) = yaml.safe_load(STEP[1])
    assert step["operator"] == "linked_intersection"
    found: dict[str, object] = step["parameters"]
    return found


def tables() -> dict[str, Any]:
    """The shop knows phones 0 to 39, the carrier 10 to 59 with residents, the bank residents."""
    known = range(10, 60)
    return {
        "shop": {"phone": [f"13{n:09d}" for n in range(40)], "s": list(range(40))},
        "carrier": {
            "手机": [f" 13{n:09d}" for n in known][::-1],
            "resident": [None if n == 12 else f"{n:017d}X" for n in known][::-1],
        },
        "bank": {
            "resident": [f"{n:017d}X" for n in range(30, 0, -1)],
            "b": list(range(30, 0, -1)),
            "kind": ["甲"] * 30,
        },
    }


async def run(rehearsal: Rehearsal, held: dict[str, Any], **changed: object) -> dict[str, Outcome]:
    inputs = {
        f"table_{place}": {alias: rehearsal.enter(pa.table(table))}
        for place, (alias, table) in enumerate(held.items(), 1)
    }
    return await rehearsal.run("linked_intersection", ROLES, inputs, parameters() | changed)


def rows_at(rehearsal: Rehearsal, done: dict[str, Outcome], alias: str, name: str) -> list[int]:
    table = rehearsal.table(done[alias].outputs["table"])
    values: list[int] = table.to_arrow()[name].to_pylist()
    return values


async def test_rows_that_hang_together_are_shown_to_receivers(tmp_path: Path) -> None:
    rehearsal = Rehearsal(tmp_path)
    done = await run(rehearsal, tables())
    found = rows_at(rehearsal, done, "shop", "s")
    assert sorted(found) == [n for n in range(10, 31) if n != 12]
    assert rows_at(rehearsal, done, "bank", "b") == found
    assert done["carrier"].outputs == {}
    receipt = json.loads(rehearsal.data(done["bank"].outputs["receipt"]))
    assert (receipt["rows_entered"], receipt["rows_common"]) == (30, 20)
    assert receipt["by"]["kind"]["values"] == [{"value": "甲", "rows": 20}]


async def test_a_key_that_repeats_is_refused_or_its_first_row_taken(tmp_path: Path) -> None:
    rehearsal = Rehearsal(tmp_path)
    held = tables()
    held["shop"]["phone"][11] = held["shop"]["phone"][10]
    done = await run(rehearsal, held)
    with pytest.raises(DuplicateKeys):
        _ = done["shop"].outputs
    done = await run(rehearsal, held, duplicates="first")
    found = rows_at(rehearsal, done, "shop", "s")
    assert 10 in found
    assert 11 not in found
