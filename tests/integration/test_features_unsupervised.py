"""Correlation, tests, filters, k-means and PCA with real workers, beside other libraries."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv
from scipy.stats import chi2_contingency
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA

from hanse.compute.operators import Role, preparation
from hanse.compute.operators.features.clustering import start_rows
from hanse.compute.rehearsal import Outcome, Rehearsal, outputs_of
from hanse.data.batches import ArrowTable

DATA = Path(__file__).parents[2].parent / "shared" / "data"
HERE = pytest.mark.skipif(not DATA.exists(), reason="../shared/data is not here")
OWNERS: dict[str, list[Role]] = {"guest": ["owner", "receiver"], "host": ["owner"]}
TWO: dict[str, list[Role]] = {
    "guest": ["owner", "compute", "receiver"],
    "host": ["owner", "compute"],
}
THREE: dict[str, list[Role]] = {**TWO, "helper": ["compute"]}


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    rehearsal = Rehearsal(tmp_path_factory.mktemp("unsupervised"), deadline_ms=400_000)
    yield rehearsal
    rehearsal.clear()


def tables(rows: int | None = None) -> dict[str, pa.Table]:
    """Breast cancer data, split by columns; `y` stays away."""
    guest = csv.read_csv(DATA / "breast_guest.csv").drop_columns(["id", "y"])
    host = csv.read_csv(DATA / "breast_host.csv").drop_columns(["id"])
    return {"guest": guest.slice(0, rows), "host": host.slice(0, rows)}


def side_by_side(parts: dict[str, pa.Table]) -> np.ndarray:
    return np.column_stack([np.asarray(c) for part in parts.values() for c in part.columns])


async def done(
    rehearsal: Rehearsal, operator: str, roles: Any, inputs: Any, **parameters: object
) -> dict[str, Outcome]:
    outcomes = await rehearsal.run(operator, roles, inputs, parameters)
    for alias, outcome in outcomes.items():
        assert outcome.error is None, (alias, outcome.error, outcome.failure)
    return outcomes


def report_of(rehearsal: Rehearsal, outcomes: dict[str, Outcome]) -> Any:
    return json.loads(rehearsal.data(outcomes["guest"].outputs["report"]))


@HERE
@pytest.mark.parametrize("roles", [THREE, TWO], ids=["aby3", "cheetah"])
async def test_correlation_and_vif_on_breast_data(rehearsal: Rehearsal, roles: Any) -> None:
    parts = tables()
    inputs = {"table": {a: rehearsal.enter(part) for a, part in parts.items()}}
    operator = "correlation" if "helper" in roles else "vif"
    found = report_of(rehearsal, await done(rehearsal, operator, roles, inputs))
    expected = np.corrcoef(side_by_side(parts).T)
    names = [line["column"] for line in found["columns"]]
    assert names == [name for part in parts.values() for name in part.column_names]
    if operator == "correlation":
        assert np.array(found["matrix"]) == pytest.approx(expected, abs=1e-8)
    else:
        factors = [line["vif"] for line in found["columns"]]
        assert factors == pytest.approx(np.diag(np.linalg.inv(expected)).tolist(), rel=1e-4)


@HERE
@pytest.mark.parametrize(
    ("roles", "rows"),
    [
        pytest.param(THREE, None, id="aby3"),
        pytest.param(TWO, 120, id="cheetah", marks=pytest.mark.slow),
    ],
)
async def test_kmeans_finds_scikit_learns_clusters(
    rehearsal: Rehearsal, roles: Any, rows: int | None
) -> None:
    parts = tables(rows)
    inputs = {"table": {a: rehearsal.enter(part) for a, part in parts.items()}}
    outcomes = await done(rehearsal, "kmeans", roles, inputs, clusters=3, iterations=5, seed=2)
    found = report_of(rehearsal, outcomes)
    blocks = []
    for part in parts.values():
        held = ArrowTable(part)
        blocks.append(preparation.apply(preparation.learn(held, held.columns, 10), held))
    table = np.concatenate(blocks, axis=1)
    first = table[start_rows(len(table), 3, 2)]
    expected = KMeans(3, init=first, n_init=1, max_iter=5, tol=0).fit(table)
    nearest = expected.predict(table)
    assert found["clusters"] == np.bincount(nearest).tolist()
    assert found["inertia"] == pytest.approx(expected.inertia_, rel=0.01)
    assert 0 < found["silhouette"] < 1
    both = {**inputs, "model": outputs_of(outcomes, "model")}
    scored = await done(rehearsal, "predict", roles, both)
    told = rehearsal.table(scored["guest"].outputs["scores"]).to_arrow()
    assert told["cluster"].to_pylist() == nearest.tolist()


@HERE
@pytest.mark.parametrize(
    ("roles", "settings"),
    [
        pytest.param(THREE, {"components": 3}, id="aby3"),
        pytest.param(
            TWO, {"components": 1, "iterations": 10}, id="cheetah", marks=pytest.mark.slow
        ),
    ],
)
async def test_components_are_scikit_learns(
    rehearsal: Rehearsal, roles: Any, settings: dict[str, int]
) -> None:
    parts = tables()
    inputs = {"table": {a: rehearsal.enter(part) for a, part in parts.items()}}
    outcomes = await done(rehearsal, "pca", roles, inputs, **settings)
    found = report_of(rehearsal, outcomes)
    table = side_by_side(parts)
    table = (table - table.mean(axis=0)) / table.std(axis=0)
    expected = PCA(settings["components"]).fit(table)
    assert found["shares"] == pytest.approx(expected.explained_variance_ratio_.tolist(), rel=0.01)
    if settings["components"] > 1:
        both = {**inputs, "model": outputs_of(outcomes, "model")}
        scored = await done(rehearsal, "predict", roles, both)
        told = rehearsal.table(scored["guest"].outputs["scores"]).to_arrow()
        for number, theirs in enumerate(expected.transform(table).T):
            ours = np.asarray(told[f"component_{number + 1}"])
            within = np.abs(table).max(axis=1) < 10
            assert abs(np.corrcoef(ours[within], theirs[within])[0, 1]) > 0.9999


@HERE
async def test_tests_filters_and_stability(rehearsal: Rehearsal) -> None:
    guest = csv.read_csv(DATA / "breast_guest.csv").drop_columns(["id"])
    host = csv.read_csv(DATA / "breast_host.csv").drop_columns(["id"])
    host = host.append_column("empty", pa.array([None] * host.num_rows, pa.float64()))
    labels = np.asarray(guest["y"])
    inputs = {"table": {"guest": rehearsal.enter(guest), "host": rehearsal.enter(host)}}
    known: dict[str, list[Role]] = {**TWO, "host": ["owner", "compute", "receiver"]}
    tested = await done(rehearsal, "chi_square", known, inputs, label="y", bins=4)
    found = report_of(rehearsal, tested)
    assert found["left_out"] == {"host": ["empty"]}
    for line in (found["columns"][0], found["columns"][-1]):
        values = np.asarray({"guest": guest, "host": host}[line["owner"]][line["column"]])
        bins = np.searchsorted(np.quantile(values, [0.25, 0.5, 0.75]), values, "right")
        table = np.array([np.bincount(bins[labels == each]) for each in (0, 1)])
        expected = chi2_contingency(table, correction=False)
        assert line["statistic"] == pytest.approx(expected.statistic, rel=1e-9)
        assert line["p_value"] == pytest.approx(expected.pvalue, rel=1e-6)

    matrix = await done(rehearsal, "correlation", TWO, inputs, exclude=["y"])
    assert report_of(rehearsal, matrix)["constant"] == [{"owner": "host", "column": "empty"}]
    both = {**inputs, "correlation": outputs_of(matrix, "report")}
    rules = {"keep": ["y"], "max_correlation": "0.8"}
    chosen = await done(rehearsal, "select_features", OWNERS, both, **rules)
    decided = report_of(rehearsal, chosen)
    assert {"owner": "host", "column": "empty", "rule": "missing"} in decided["dropped"]
    kept = {a: rehearsal.table(o.outputs["table"]).to_arrow() for a, o in chosen.items()}
    assert "y" in kept["guest"].column_names
    assert "empty" not in kept["host"].column_names
    left = side_by_side({"guest": kept["guest"].drop_columns(["y"]), "host": kept["host"]})
    apart = np.abs(np.corrcoef(left.T)) - np.eye(left.shape[1])
    assert apart.max() <= 0.8
    assert 3 < left.shape[1] < 20
    outcomes = await rehearsal.run("select_features", OWNERS, inputs, {"min_iv": "0.1"})
    assert {o.error.code for o in outcomes.values() if o.error} == {"compute.bad_parameter"}

    early = {"guest": rehearsal.enter(guest.slice(0, 200)), "host": rehearsal.enter(
        host.slice(0, 200))}  # fmt: skip
    pair = {"base": early, "current": inputs["table"]}
    moved = report_of(rehearsal, await done(rehearsal, "psi_stability", OWNERS, pair))
    assert {line["owner"] for line in moved["columns"]} == {"guest", "host"}
    assert moved["columns"][-1] == {
        "owner": "host", "column": "empty", "psi": 0.0, "verdict": "stable",
    }  # fmt: skip
    lone = {"base": early, "current": {"guest": inputs["table"]["guest"]}}
    outcomes = await rehearsal.run("psi_stability", OWNERS, lone, {})
    assert {o.error.code for o in outcomes.values() if o.error} == {"compute.bad_input"}
