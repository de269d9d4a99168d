"""Reports in whole sessions: real workers over real links, results against plaintext."""

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
TWO: dict[str, list[Role]] = {
    "bank": ["owner", "compute", "receiver"],
    "shop": ["owner", "compute"],
}
APART: dict[str, list[Role]] = {
    "bank": ["owner"],
    "shop": ["owner"],
    "one": ["compute"],
    "two": ["compute"],
    "reader": ["receiver"],
}


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    yield Rehearsal(tmp_path_factory.mktemp("reports"), deadline_ms=240_000)


def make_tables(rows: int = 200) -> dict[str, pa.Table]:
    rng = np.random.default_rng(8)
    hidden = rng.normal(size=rows)
    bank = {
        "id": [f"u{number:04d}" for number in range(rows)],
        "学历": np.where(hidden > 0.5, "本科", np.where(hidden > -2.0, "高中", "其他")),
        "income": np.round(np.exp(10 + hidden), 2),
    }
    shop = {
        "segment": rng.choice(["a", "b", "c"], rows, p=[0.5, 0.45, 0.05]),
        "spend": pa.array(1e6 * (hidden + rng.normal(size=rows)), mask=rng.random(rows) < 0.1),
    }
    return {"bank": pa.table(bank), "shop": pa.table(shop)}


def enter(rehearsal: Rehearsal, tables: dict[str, pa.Table]) -> dict[str, Any]:
    return {
        "bank": rehearsal.enter(tables["bank"], key_columns=["id"]),
        "shop": rehearsal.enter(tables["shop"]),
    }


def report_of(rehearsal: Rehearsal, outcome: Outcome) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(rehearsal.data(outcome.outputs["report"]))
    return report


@pytest.mark.parametrize(
    ("roles", "receiver"), [(THREE, "bank"), (APART, "reader")], ids=["aby3", "cheetah"]
)
async def test_statistics_across_owners(
    rehearsal: Rehearsal, roles: dict[str, list[Role]], receiver: str
) -> None:
    tables = make_tables()
    done = await rehearsal.run("statistics", roles, {"table": enter(rehearsal, tables)})
    for alias, outcome in done.items():
        assert outcome.error is None, (alias, outcome.error)
    report = report_of(rehearsal, done[receiver])
    assert [line["column"] for line in report["columns"]] == ["income", "spend"]
    income = np.asarray(tables["bank"]["income"])
    spend = np.asarray(tables["shop"]["spend"].to_pandas())
    both = ~np.isnan(spend)
    expected = np.cov(income[both], spend[both])
    assert report["covariance"][0][1] == pytest.approx(expected[0, 1], rel=1e-6)
    assert report["correlation"][0][1] == pytest.approx(
        expected[0, 1] / np.sqrt(expected[0, 0] * expected[1, 1]), rel=1e-6
    )
    assert report["columns"][0]["variance"] == pytest.approx(income.var(ddof=1), rel=1e-6)
    assert report["columns"][1]["quantiles"]["0.5"] == np.median(spend[both])
    for alias in set(roles) - {receiver}:
        assert done[alias].outputs == {}
