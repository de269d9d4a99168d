"""Private reports in whole sessions: noise made jointly, results near plaintext, nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from hanse.compute.operators import Role
from hanse.compute.rehearsal import Outcome, Rehearsal

THREE: dict[str, list[Role]] = {
    "bank": ["owner", "compute", "receiver"],
    "shop": ["owner", "compute"],
    "helper": ["compute"],
}
APART: dict[str, list[Role]] = {
    "bank": ["owner"],
    "shop": ["owner"],
    "one": ["compute"],
    "two": ["compute"],
    "reader": ["receiver"],
}
ROWS = 400
PARAMETERS = {
    "epsilon": "60",
    "columns": ["spend:-1000:1000", "income:0:50000"],
    "by": ["city:北京,上海", "level:1,2"],
}


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    yield Rehearsal(tmp_path_factory.mktemp("private"), deadline_ms=400_000)


def make_tables() -> dict[str, Any]:
    rng = np.random.default_rng(12)
    bank = {
        "city": rng.choice(["北京", "上海", "广州"], ROWS),
        "income": np.round(rng.uniform(-5_000, 60_000, ROWS), 2),
    }
    shop = {"level": rng.choice([1, 2, 3], ROWS), "spend": rng.normal(0, 400, ROWS)}
    return {"bank": pa.table(bank), "shop": pa.table(shop)}


async def run(
    rehearsal: Rehearsal, roles: dict[str, list[Role]], parameters: dict[str, Any]
) -> dict[str, Outcome]:
    inputs = {"table": {o: rehearsal.enter(table) for o, table in make_tables().items()}}
    return await rehearsal.run("private_report", roles, inputs, parameters)


@pytest.mark.parametrize(
    ("roles", "receiver", "nodes"),
    [
        pytest.param(THREE, "bank", 3, id="aby3"),
        pytest.param(APART, "reader", 2, id="cheetah", marks=pytest.mark.slow),
    ],
)
async def test_report_over_two_owners_is_within_its_errors(
    rehearsal: Rehearsal, roles: dict[str, list[Role]], receiver: str, nodes: int
) -> None:
    """36 values within 16 errors each: fails by chance less than once in 10^7 (Laplace tails)."""
    done = await run(rehearsal, roles, PARAMETERS)
    for alias, outcome in done.items():
        assert outcome.error is None, (alias, outcome.error)
        assert (outcome.outputs == {}) is (alias != receiver)
    report = json.loads(rehearsal.data(done[receiver].outputs["report"]))
    assert report["rows"] == ROWS
    assert [(part["of"], part["nodes"]) for part in report["noise"]] == [
        ("rows", nodes),
        ("income", nodes),
        ("spend", nodes),
    ]
    frame = {
        n: np.asarray(c)
        for t in make_tables().values()
        for n, c in zip(t.column_names, t, strict=True)
    }
    city = np.where(np.isin(frame["city"], ["北京", "上海"]), frame["city"], "other")
    level = np.where(frame["level"] < 3, frame["level"].astype(str), "other")
    bounds = {"income": (0, 50_000), "spend": (-1_000, 1_000)}
    assert len(report["groups"]) == 9
    for group in report["groups"]:
        inside = (city == group["key"]["city"]) & (level == group["key"]["level"])
        near(group["count"], inside.sum())
        for name, limits in bounds.items():
            near(group["columns"][name]["sum"], np.clip(frame[name][inside], *limits).sum())


def near(figure: dict[str, float], expected: float) -> None:
    assert abs(figure["value"] - expected) <= 16 * figure["standard_error"] + 1.0


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"columns": ["income:0:nothing"]}, "compute.bad_parameter"),
        ({"columns": ["nobody:0:1"]}, "compute.no_such_column"),
        ({"columns": ["city:0:1"]}, "compute.no_such_column"),
    ],
)
async def test_questions_that_cannot_be_answered_end_the_step_for_everybody(
    rehearsal: Rehearsal, parameters: dict[str, Any], code: str
) -> None:
    done = await run(rehearsal, THREE, {"epsilon": "1", **parameters})
    for outcome in done.values():
        assert outcome.error is not None
        assert outcome.error.code == code
        assert outcome.result is None
