"""A small table with a huge one: the list is made once, kept sealed, and answers the next time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from hanse.compute.errors import DuplicateKeys, NoCommonRows
from hanse.compute.operators import Role
from hanse.compute.rehearsal import Outcome, Rehearsal

OWNERS: dict[str, list[Role]] = {"bank": ["owner", "receiver"], "registry": ["owner"]}
KEYS: dict[str, object] = {"left_key": "id", "right_key": "no", "case": "lower"}
HUGE = 3000


@pytest.fixture
def rehearsal(tmp_path: Path) -> Rehearsal:
    return Rehearsal(tmp_path)


def huge(rehearsal: Rehearsal, **more: Any) -> Any:
    numbers = np.random.default_rng(4).permutation(HUGE)
    keys = [None if n == 7 else f" 客C{n}" for n in numbers]
    return rehearsal.enter(pa.table({"no": keys, "m": numbers}), **more)


def small(rehearsal: Rehearsal, start: int) -> Any:
    numbers = [*range(start, start + 40), 7]
    return rehearsal.enter(pa.table({"id": [f"客c{n}" for n in numbers], "n": numbers}))


async def run(
    rehearsal: Rehearsal, operator: str, left: Any, right: Any, **changed: object
) -> dict[str, Outcome]:
    inputs = {"left": {"bank": left}, "right": {"registry": right}}
    done = await rehearsal.run(operator, OWNERS, inputs, KEYS | changed, protocol="ecdh_unbalanced")
    for outcome in done.values():
        if outcome.error is not None:
            raise outcome.error
    return done


def column(rehearsal: Rehearsal, outcome: Outcome, name: str) -> list[int]:
    values: list[int] = rehearsal.table(outcome.outputs["table"]).to_arrow()[name].to_pylist()
    return values


def made(done: dict[str, Outcome]) -> bool:
    return any("list_made" in o.result.measures for o in done.values() if o.result)


async def test_the_list_is_made_once_and_only_the_receiver_learns(rehearsal: Rehearsal) -> None:
    right = huge(rehearsal)
    first = await run(rehearsal, "intersect", small(rehearsal, HUGE - 20), right)
    assert sorted(column(rehearsal, first["bank"], "n")) == list(range(HUGE - 20, HUGE))
    assert not first["registry"].outputs
    assert first["registry"].result
    assert first["registry"].result.measures["rows_entered"] == HUGE - 1
    assert "rows_common" not in first["registry"].result.measures
    second = await run(rehearsal, "intersect", small(rehearsal, 100), right)
    assert sorted(column(rehearsal, second["bank"], "n")) == list(range(100, 140))
    assert (made(first), made(second)) == (True, False)
    kept = [path for path in (rehearsal.folder / "lists").rglob("*") if path.is_file()]
    assert sorted(path.parent.name for path in kept) == ["bank", "registry"]


async def test_a_list_that_is_lost_or_spoilt_is_made_or_sent_again(rehearsal: Rehearsal) -> None:
    right, left = huge(rehearsal), small(rehearsal, 100)
    await run(rehearsal, "intersect", left, right)
    (asked,) = (rehearsal.folder / "lists" / "bank").iterdir()
    asked.unlink()
    again = await run(rehearsal, "intersect", left, right)
    assert len(column(rehearsal, again["bank"], "n")) == 40
    assert not made(again)
    (held,) = (rehearsal.folder / "lists" / "registry").iterdir()
    held.write_bytes(held.read_bytes()[:-1] + b"\0")
    anew = await run(rehearsal, "intersect", left, right)
    assert len(column(rehearsal, anew["bank"], "n")) == 40
    assert made(anew)


@pytest.mark.long
async def test_another_content_key_column_or_reading_makes_another_list(
    rehearsal: Rehearsal,
) -> None:
    right, left = huge(rehearsal), small(rehearsal, 100)
    assert made(await run(rehearsal, "intersect", left, right))
    assert made(await run(rehearsal, "intersect", left, right, case="exact"))
    numbers = range(100, 110)
    other = rehearsal.enter(pa.table({"no": [f"客C{n}" for n in numbers], "m": list(numbers)}))
    done = await run(rehearsal, "intersect", left, other)
    assert made(done)
    assert sorted(column(rehearsal, done["bank"], "n")) == list(numbers)


async def test_align_gives_both_the_same_rows_in_one_order(rehearsal: Rehearsal) -> None:
    left, right = small(rehearsal, 500), huge(rehearsal)
    done = await run(rehearsal, "align", left, right)
    found = column(rehearsal, done["bank"], "n")
    assert sorted(found) == list(range(500, 540))
    assert column(rehearsal, done["registry"], "m") == found
    balanced = await rehearsal.run(
        "align", OWNERS, {"left": {"bank": left}, "right": {"registry": right}}, KEYS
    )
    assert column(rehearsal, balanced["registry"], "m") == found


async def test_no_common_key_is_an_error_at_both_and_an_empty_table_for_one(
    rehearsal: Rehearsal,
) -> None:
    left, right = small(rehearsal, 2 * HUGE), huge(rehearsal)
    with pytest.raises(NoCommonRows):
        await run(rehearsal, "align", left, right)
    done = await run(rehearsal, "intersect", left, right)
    assert column(rehearsal, done["bank"], "n") == []


async def test_repeated_keys_are_refused_or_the_first_is_taken(rehearsal: Rehearsal) -> None:
    right = rehearsal.enter(pa.table({"no": ["a", "b", "A", "c"], "m": [1, 2, 3, 4]}))
    left = rehearsal.enter(pa.table({"id": ["A", "c", "d"], "n": [1, 4, 9]}))
    with pytest.raises(DuplicateKeys):
        await run(rehearsal, "align", left, right)
    done = await run(rehearsal, "align", left, right, duplicates="first")
    assert column(rehearsal, done["bank"], "n") == column(rehearsal, done["registry"], "m")
    assert sorted(column(rehearsal, done["registry"], "m")) == [1, 4]
