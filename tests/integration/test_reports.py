"""Reports in whole sessions: real workers over real links, results against plaintext."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
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
UNDER_BOTH = pytest.mark.parametrize(
    ("roles", "receiver"),
    [
        pytest.param(THREE, "bank", id="aby3"),
        pytest.param(APART, "reader", id="cheetah", marks=pytest.mark.slow),
    ],
)


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


@UNDER_BOTH
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


@UNDER_BOTH
async def test_groups_over_keys_of_two_owners(
    rehearsal: Rehearsal, roles: dict[str, list[Role]], receiver: str
) -> None:
    tables = make_tables()
    parameters = {
        "by": ["学历", "segment"],
        "columns": ["income", "spend"],
        "aggregates": ["sum", "mean", "variance", "minimum", "maximum"],
        "minimum_group": 8,
    }
    done = await rehearsal.run("group_by", roles, {"table": enter(rehearsal, tables)}, parameters)
    for alias, outcome in done.items():
        assert outcome.error is None, (alias, outcome.error)
    report = report_of(rehearsal, done[receiver])
    frame = pd.concat([table.to_pandas() for table in tables.values()], axis=1)
    groups = frame.groupby(["学历", "segment"])
    sizes = groups.size()
    shown = {tuple(group["key"]): group for group in report["groups"]}
    assert ("本科", "a") in shown
    assert all(sizes[key] >= 8 for key in shown)
    assert not any(key[0] == "其他" for key in shown), "fewer rows than the minimum"
    for key, group in shown.items():
        assert group["count"] == sizes[key]
        for name in ("income", "spend"):
            expected = groups[name].agg(["sum", "mean", "var", "min", "max"]).loc[key]
            found = group["columns"][name]
            assert list(found.values()) == pytest.approx(list(expected), rel=1e-7), (key, name)
    for alias in set(roles) - {receiver}:
        assert done[alias].outputs == {}


@pytest.mark.parametrize(
    "roles",
    [pytest.param(THREE, id="aby3"), pytest.param(TWO, id="cheetah", marks=pytest.mark.slow)],
)
async def test_calculation_over_columns_of_two_owners(
    rehearsal: Rehearsal, roles: dict[str, list[Role]]
) -> None:
    tables = make_tables()
    expressions = [
        "bank.income + 2 * shop.spend AS total",
        "income * spend AS product",
        "CASE WHEN income > spend OR segment = 'a' THEN income ELSE spend END AS chosen",
        "income >= spend AND spend IS NOT NULL AS more",
    ]
    done = await rehearsal.run(
        "calculate", roles, {"table": enter(rehearsal, tables)}, {"expressions": expressions}
    )
    for alias, outcome in done.items():
        assert outcome.error is None, (alias, outcome.error)
    found = rehearsal.table(done["bank"].outputs["result"]).to_arrow().to_pandas()
    frame = pd.concat([table.to_pandas() for table in tables.values()], axis=1)
    income, spend = frame["income"], frame["spend"]
    assert list(found["id"]) == list(frame["id"])
    size = income.max() * spend.abs().max()
    assert np.allclose(found["total"], income + 2 * spend, rtol=1e-9, equal_nan=True)
    assert np.allclose(found["product"], income * spend, atol=size * 2**-27, equal_nan=True)
    chosen = np.where((income > spend) | (frame["segment"] == "a"), income, spend)
    assert np.allclose(found["chosen"], chosen, rtol=1e-9, equal_nan=True)
    assert list(found["more"]) == list(income >= spend), "a gap makes the second part false"


@UNDER_BOTH
async def test_query_over_aligned_tables(
    rehearsal: Rehearsal, roles: dict[str, list[Role]], receiver: str
) -> None:
    tables = make_tables()
    inputs = {
        "bank": rehearsal.enter(tables["bank"], key_columns=["id"]),
        "shop": rehearsal.enter(
            tables["shop"].append_column("no", tables["bank"]["id"]), key_columns=["no"]
        ),
    }
    query = (
        "SELECT segment, count(*) AS n, avg(income - spend) AS rest, sum(income) / count(*) AS m "
        "FROM bank JOIN shop ON bank.id = shop.no "
        "WHERE 学历 <> '其他' AND income < spend * 1000 AND spend > -1e6 "
        "GROUP BY segment HAVING count(*) > 3 ORDER BY n DESC, segment LIMIT 2"
    )
    done = await rehearsal.run(
        "sql", roles, {"table": inputs}, {"query": query, "encrypted_only": "学历"}
    )
    for alias, outcome in done.items():
        assert outcome.error is None, (alias, outcome.error)
    found = rehearsal.table(done[receiver].outputs["result"]).to_arrow().to_pylist()
    frame = pd.concat([table.to_pandas() for table in tables.values()], axis=1)
    kept = frame[
        (frame["学历"] != "其他")
        & (frame["income"] < frame["spend"] * 1000)
        & (frame["spend"] > -1e6)
    ]
    assert {row["segment"] for row in found} == {"a", "b"}
    for row in found:
        group = kept[kept["segment"] == row["segment"]]
        assert row["n"] == len(group)
        assert row["rest"] == pytest.approx((group["income"] - group["spend"]).mean(), rel=1e-7)
        assert row["m"] == pytest.approx(group["income"].mean(), rel=1e-7)
    for alias in set(roles) - {receiver}:
        assert done[alias].outputs == {}


async def test_query_that_a_rule_forbids_ends_at_all_parties(rehearsal: Rehearsal) -> None:
    done = await rehearsal.run(
        "sql",
        TWO,
        {"table": enter(rehearsal, make_tables())},
        {"query": "SELECT max(income) AS m FROM bank", "open": "segment"},
    )
    for outcome in done.values():
        assert outcome.error is not None
        assert outcome.error.code == "compute.undisclosed"
        assert "bank.income" in outcome.error.message
        assert outcome.result is None
