"""Operators on sets of three owners, between worker processes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from hanse.compute.rehearsal import Outcome, Rehearsal

ROLES: Any = {"a": ["owner", "receiver"], "b": ["owner"], "c": ["owner", "receiver"]}
KEYS = {"key_1": "id", "key_2": "编号", "key_3": ["id"]}
A = [f"客户{i}" for i in range(0, 40)]
B = [f"客户{i}" for i in range(10, 50)]
C = [f"客户{i}" for i in range(20, 60)]


@pytest.fixture
def rehearsal(tmp_path: Path) -> Rehearsal:
    return Rehearsal(tmp_path)


def inputs_of(rehearsal: Rehearsal) -> Any:
    tables = {
        "a": {"id": [*A, None], "x": [i / 2 for i in range(41)], "g": ["甲", "乙"] * 20 + ["丙"]},
        "b": {"编号": [f" {key}" for key in B], "y": list(range(40))},
        "c": {"id": C[::-1], "z": [key.upper() for key in C[::-1]]},
    }
    return {
        f"table_{place}": {alias: rehearsal.enter(pa.table(table))}
        for place, (alias, table) in enumerate(tables.items(), 1)
    }


def rows_at(rehearsal: Rehearsal, done: dict[str, Outcome], alias: str) -> list[dict[str, Any]]:
    table = rehearsal.table(done[alias].outputs["table"])
    return [row for batch in table.batches() for row in batch.to_pylist()]


async def test_intersection_shows_receivers_the_same_rows(rehearsal: Rehearsal) -> None:
    parameters = {**KEYS, "count_by": ["g"], "minimum_group": 5}
    done = await rehearsal.run("intersection", ROLES, inputs_of(rehearsal), parameters)
    first, third = rows_at(rehearsal, done, "a"), rows_at(rehearsal, done, "c")
    assert [row["id"] for row in first] == [row["id"] for row in third]
    assert {row["id"] for row in first} == set(A) & set(B) & set(C)
    assert all(row["z"] == row["id"] for row in third)
    assert done["b"].outputs == {}
    receipt = json.loads(rehearsal.data(done["a"].outputs["receipt"]))
    assert receipt["rows_entered"] == 40
    assert receipt["rows_common"] == 20
    assert {value["rows"] for value in receipt["by"]["g"]["values"]} == {10}


async def test_union_lays_rows_side_by_side(rehearsal: Rehearsal) -> None:
    done = await rehearsal.run("union", ROLES, inputs_of(rehearsal), KEYS)
    first, third = rows_at(rehearsal, done, "a"), rows_at(rehearsal, done, "c")
    assert len(first) == len(third) == 60
    assert {row["id"] for row in first} == {*A, None}
    assert {row["id"] for row in third} == {*C, None}
    for one, other in zip(first, third, strict=True):
        assert one["id"] is None or other["id"] is None or one["id"] == other["id"]
    both = [
        one["id"]
        for one, other in zip(first, third, strict=True)
        if one == other or (one["id"] and other["id"])
    ]
    assert set(both) == set(A) & set(C)


async def test_difference_keeps_what_nobody_else_has(rehearsal: Rehearsal) -> None:
    done = await rehearsal.run("difference", ROLES, inputs_of(rehearsal), KEYS)
    assert {row["id"] for row in rows_at(rehearsal, done, "a")} == set(A) - set(B) - set(C)
    assert {row["id"] for row in rows_at(rehearsal, done, "c")} == set(C) - set(A) - set(B)


async def test_count_goes_to_a_receiver_that_owns_nothing(rehearsal: Rehearsal) -> None:
    roles: Any = {"a": ["owner"], "b": ["owner"], "c": ["owner"], "d": ["receiver"]}
    done = await rehearsal.run("intersection_count", roles, inputs_of(rehearsal), KEYS)
    assert json.loads(rehearsal.data(done["d"].outputs["report"])) == {"common": 20}
    assert [done[alias].outputs for alias in "abc"] == [{}, {}, {}]


async def test_repeated_keys_are_refused_or_the_first_is_taken(rehearsal: Rehearsal) -> None:
    inputs = {
        "table_1": {"a": rehearsal.enter(pa.table({"id": ["p", "q", "p"], "n": [1, 2, 3]}))},
        "table_2": {"b": rehearsal.enter(pa.table({"id": ["r", "p"]}))},
    }
    roles: Any = {"a": ["owner", "receiver"], "b": ["owner"]}
    refused = await rehearsal.run("intersection", roles, inputs, {"key_1": "id"})
    codes = [o.failure.code for o in refused.values() if o.failure]
    assert codes == ["compute.duplicate_keys"] * 2
    parameters = {"key_1": "id", "duplicates": "first"}
    done = await rehearsal.run("intersection", roles, inputs, parameters)
    assert rows_at(rehearsal, done, "a") == [{"id": "p", "n": 1}]


@pytest.mark.parametrize("protocol", ["kkrt", "ecdh_sm2"])
async def test_two_tables_are_aligned_under_other_protocols(
    rehearsal: Rehearsal, protocol: str
) -> None:
    inputs = {
        "left": {"a": rehearsal.enter(pa.table({"id": A}))},
        "right": {"b": rehearsal.enter(pa.table({"id": B}))},
    }
    roles: Any = {"a": ["owner"], "b": ["owner"]}
    parameters = {"left_key": "id", "right_key": "id"}
    done = await rehearsal.run("align", roles, inputs, parameters, protocol=protocol)
    first, second = rows_at(rehearsal, done, "a"), rows_at(rehearsal, done, "b")
    assert first == second
    assert {row["id"] for row in first} == set(A) & set(B)
