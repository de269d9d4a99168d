"""Private retrieval between worker processes: hits, misses, set-ups, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from hanse.compute.rehearsal import Outcome, Rehearsal, outputs_of

HOLDER, ASKER = "bank", "shop"
ROLES: Any = {HOLDER: ["owner"], ASKER: ["owner", "receiver"]}
SETUP_ROLES: Any = {HOLDER: ["owner"], ASKER: ["receiver"]}
ROWS = 300


def held_table() -> Any:
    return pa.table(
        {
            "证件": [f"客户{i}" for i in range(ROWS)] + ["客户5"],
            "limit": [None if i % 7 == 0 else i * 1.5 for i in range(ROWS)] + [99.5],
            "grade": [f"级{i % 5}" for i in range(ROWS)] + ["第二"],
        }
    )


def asked_table(keys: list[str | None]) -> Any:
    return pa.table({"id": pa.array(keys, pa.string()), "x": list(range(len(keys)))})


def rows_of(rehearsal: Rehearsal, done: dict[str, Outcome]) -> list[tuple[Any, ...]]:
    table = rehearsal.table(done[ASKER].outputs["table"])
    batches = [batch.to_pydict() for batch in table.batches()]
    return [row for batch in batches for row in zip(*batch.values(), strict=True)]


@pytest.fixture
def rehearsal(tmp_path: Path) -> Rehearsal:
    return Rehearsal(tmp_path)


async def test_hits_misses_repeated_and_missing_keys(rehearsal: Rehearsal) -> None:
    keys = ["客户5", "nobody", "客户7", None, " 客户299", "客户7"]
    inputs = {
        "table": {HOLDER: rehearsal.enter(held_table())},
        "keys": {ASKER: rehearsal.enter(asked_table(keys))},
    }
    parameters = {"key": "id", "table_key": "证件", "matches": 2}
    done = await rehearsal.run("retrieve", ROLES, inputs, parameters)
    assert rows_of(rehearsal, done) == [
        ("客户5", 7.5, "级0"),
        ("客户5", 99.5, "第二"),
        ("客户7", None, "级2"),
        (" 客户299", 448.5, "级4"),
        ("客户7", None, "级2"),
    ]
    assert set(done[HOLDER].outputs) == set()


async def test_a_set_up_serves_several_steps(rehearsal: Rehearsal) -> None:
    table = {"table": {HOLDER: rehearsal.enter(held_table().slice(0, ROWS))}}
    parameters = {"table_key": "证件", "payload": ["grade"]}
    made = await rehearsal.run("retrieval_setup", SETUP_ROLES, table, parameters)
    service = outputs_of(made, "service")
    sent = []
    asked = (["客户1", "客户1"], [("客户1", "级1")] * 2), (["absent", "gone"], [])
    for keys, wanted in asked:
        inputs = {"service": service, "keys": {ASKER: rehearsal.enter(asked_table(keys))}}
        done = await rehearsal.run("retrieve", ROLES, inputs, {"key": "id"})
        assert rows_of(rehearsal, done) == wanted
        sent.append([done[a].result.measures["bytes_sent"] for a in ROLES])  # type: ignore[union-attr]
    assert sent[0] == sent[1]  # hits, misses and repeated keys look alike


async def test_parts_of_two_set_ups_do_not_mix(rehearsal: Rehearsal) -> None:
    table = {"table": {HOLDER: rehearsal.enter(pa.table({"k": ["a", "b"], "v": [1, 2]}))}}
    first, second = [
        outputs_of(
            await rehearsal.run("retrieval_setup", SETUP_ROLES, table, {"table_key": "k"}),
            "service",
        )
        for _ in range(2)
    ]
    mixed = {HOLDER: first[HOLDER], ASKER: second[ASKER]}
    inputs = {"service": mixed, "keys": {ASKER: rehearsal.enter(asked_table(["a"]))}}
    done = await rehearsal.run("retrieve", ROLES, inputs, {"key": "id"})
    assert [o.failure.code for o in done.values() if o.failure] == ["compute.bad_input"] * 2


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"table_key": "证件"}, "compute.too_many_matches"),
        ({"table_key": ["证件", "grade"], "matches": 2}, "compute.bad_input"),
        ({"table_key": "nothing"}, "compute.no_such_column"),
        ({"table_key": "证件", "payload": ["nothing"], "matches": 2}, "compute.bad_input"),
    ],
)
async def test_what_does_not_fit_is_refused_before_anything_leaves(
    rehearsal: Rehearsal, parameters: dict[str, Any], code: str
) -> None:
    inputs = {
        "table": {HOLDER: rehearsal.enter(held_table())},
        "keys": {ASKER: rehearsal.enter(asked_table(["客户1"]))},
    }
    done = await rehearsal.run("retrieve", ROLES, inputs, {"key": "id", **parameters})
    assert [o.failure.code for o in done.values() if o.failure] == [code, code]
