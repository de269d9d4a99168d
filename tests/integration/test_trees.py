"""Boosted trees between real workers, beside the same trees in plaintext."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv

from hanse.compute.errors import (
    BadInput,
    BadLabel,
    BadParameter,
    NoFeatures,
    NoSuchColumn,
    OneClassLabel,
    RowsDiffer,
)
from hanse.compute.operators import Role, get_operator, metrics, validate_parameters
from hanse.compute.operators.trees import plain
from hanse.compute.operators.trees.buckets import indicators, learn
from hanse.compute.operators.trees.settings import read_settings
from hanse.compute.rehearsal import Outcome, Rehearsal, outputs_of
from hanse.data.batches import ArrowTable

DATA = Path(__file__).parents[2].parent / "shared" / "data"
CREDIT_LABEL = "default.payment.next.month"
THREE: dict[str, list[Role]] = {
    "bank": ["owner", "compute", "receiver"],
    "partner": ["owner", "compute"],
    "helper": ["compute"],
}
TWO: dict[str, list[Role]] = {
    "bank": ["owner", "compute", "receiver"],
    "partner": ["owner", "compute"],
}
SMALL = {"label": "y", "n_estimators": 2, "max_depth": 2, "max_bin": 6}


def made(rows: int = 200, *, binary: bool = True) -> dict[str, Any]:
    """Two owners' tables with gaps and Chinese values."""
    rng = np.random.default_rng(1)
    ours, theirs = rng.normal(size=(rows, 2)), rng.normal(size=(rows, 2))
    theirs[rng.random(rows) < 0.1, 0] = np.nan
    score = ours[:, 0] * 1.5 + np.nan_to_num(theirs[:, 0], nan=1.0) - theirs[:, 1]
    score += rng.normal(size=rows) * 0.5
    label = (score > 0).astype(np.int64) if binary else score * 1e6 + 5e6
    return {
        "bank": pa.table({"a": ours[:, 0], "b": ours[:, 1], "y": label}),
        "partner": pa.table(
            {"c": theirs[:, 0], "d": theirs[:, 1], "城市": rng.choice(["北京", "上海"], rows)}
        ),
    }


def expected(
    operator: str, tables: dict[str, Any], parameters: dict[str, Any]
) -> tuple[Any, Any, Any]:
    """Plaintext model, its predictions of the training rows, and the label."""
    checked = validate_parameters(get_operator(operator), parameters)
    settings, name = read_settings(checked), str(checked["label"])
    held = [
        ArrowTable(table.drop([name]) if name in table.column_names else table)
        for table in tables.values()
    ]
    recipes = [learn(table, table.columns, int(str(checked["max_bin"])), 10) for table in held]
    blocks = [indicators(recipe, table) for recipe, table in zip(recipes, held, strict=True)]
    label = np.asarray(tables["bank"][name]).astype(np.float64)
    mean, deviation = label.mean(), label.std()
    start = float(np.log(mean / (1 - mean))) if settings.binary else 0.0
    scaled = label if settings.binary else (label - mean) / deviation
    sizes = [size for recipe in recipes for size in recipe.sizes]
    model = plain.fit(blocks, sizes, scaled, settings, start=start)
    scores = plain.scores(model, blocks)
    predictions = metrics.logistic(scores) if settings.binary else scores * deviation + mean
    return model, predictions, label


async def trained_and_scored(
    rehearsal: Rehearsal,
    operator: str,
    roles: dict[str, list[Role]],
    tables: dict[str, Any],
    parameters: dict[str, Any],
) -> tuple[dict[str, Outcome], Any]:
    inputs = {"table": {alias: rehearsal.enter(table) for alias, table in tables.items()}}
    if parameters.get("early_stopping_rounds"):
        inputs["validation"] = inputs["table"]
    trained = await rehearsal.run(operator, roles, inputs, parameters)
    both = {"model": outputs_of(trained, "model"), "table": inputs["table"]}
    scored = await rehearsal.run("predict", roles, both, {})
    table = rehearsal.table(scored["bank"].outputs["scores"]).to_arrow(["score"])
    return trained, np.asarray(table["score"])


@pytest.mark.long
async def test_trees_on_shares_are_the_plaintext_ones_and_importance_is_each_owners(
    tmp_path: Path,
) -> None:
    tables, rehearsal = made(), Rehearsal(tmp_path)
    parameters = SMALL | {"importance": True}
    trained, scores = await trained_and_scored(
        rehearsal, "boosted_trees", THREE, tables, parameters
    )
    model, predictions, _ = expected("boosted_trees", tables, parameters)
    assert np.abs(scores - predictions).max() < 2e-3
    reports = [
        json.loads(rehearsal.data(trained[alias].outputs["importance"]))["gain"]
        for alias in ("bank", "partner")
    ]
    assert [set(report) for report in reports] == [{"a", "b"}, {"c", "d", "城市"}]
    total = sum(sum(report.values()) for report in reports)
    assert total == pytest.approx(float(model.gains.sum()), rel=1e-3)


@pytest.mark.long
async def test_secure_boost_on_a_number_stops_early_and_predicts_as_in_plaintext(
    tmp_path: Path,
) -> None:
    tables = made(binary=False)
    parameters = SMALL | {"objective": "reg:squarederror", "early_stopping_rounds": 3}
    trained, scores = await trained_and_scored(
        Rehearsal(tmp_path), "secure_boost", THREE, tables, parameters
    )
    _, predictions, label = expected("secure_boost", tables, parameters)
    assert np.abs(scores - predictions).max() < 2e-3 * label.std()
    assert trained["bank"].result is not None
    assert trained["bank"].result.measures["trees"] == 2


@pytest.mark.slow
@pytest.mark.parametrize("operator", ["boosted_trees", "secure_boost"])
async def test_trees_between_two_computing_nodes(tmp_path: Path, operator: str) -> None:
    tables = made(100)
    _, scores = await trained_and_scored(Rehearsal(tmp_path), operator, TWO, tables, SMALL)
    _, predictions, _ = expected(operator, tables, SMALL)
    assert np.abs(scores - predictions).max() < 5e-3


@pytest.mark.slow
@pytest.mark.skipif(not DATA.exists(), reason="../shared/data is not here")
@pytest.mark.parametrize("operator", ["boosted_trees", "secure_boost"])
async def test_credit_default_joint_auc_is_that_of_xgboost(tmp_path: Path, operator: str) -> None:
    import xgboost

    table = csv.read_csv(DATA / "credit_default.csv").drop(["ID"])
    bank = ["LIMIT_BAL", "PAY_0", "PAY_2", "PAY_3", CREDIT_LABEL]
    partner = [name for name in table.column_names if name not in bank]
    tables = {"bank": table.select(bank), "partner": table.select(partner)}
    parameters = {"label": CREDIT_LABEL, "n_estimators": 5, "max_depth": 4}
    _, scores = await trained_and_scored(Rehearsal(tmp_path), operator, THREE, tables, parameters)
    columns = np.column_stack(
        [np.asarray(table[name]) for name in table.column_names if name != CREDIT_LABEL]
    )
    label = np.asarray(table[CREDIT_LABEL])
    rival = xgboost.XGBClassifier(
        n_estimators=5, max_depth=4, tree_method="hist", max_bin=16, n_jobs=1
    ).fit(columns, label)
    wanted = metrics.auc(label, rival.predict_proba(columns)[:, 1])
    assert metrics.auc(label, scores) == pytest.approx(wanted, abs=0.005)


def without(tables: dict[str, Any], alias: str, **columns: Any) -> dict[str, Any]:
    """The tables with columns of one owner replaced."""
    table = tables[alias]
    for name, values in columns.items():
        if name in table.column_names:
            table = table.set_column(table.column_names.index(name), name, pa.array(values))
    return tables | {alias: table}


BAD: list[tuple[str, dict[str, Any], dict[str, Any], type[Exception]]] = [
    ("one class", without(made(), "bank", y=[1] * 200), {}, OneClassLabel),
    ("label with other values", without(made(), "bank", y=[2, 1] * 100), {}, BadLabel),
    ("no such label", made(), {"label": "z"}, NoSuchColumn),
    ("rows differ", made() | {"partner": made(150)["partner"]}, {}, RowsDiffer),
    (
        "nothing to learn from",
        {
            "bank": pa.table({"y": [0, 1] * 100, "same": [1.0] * 200}),
            "partner": pa.table({"none": pa.array([None] * 200, pa.float64())}),
        },
        {},
        NoFeatures,
    ),
    ("base score", made(), {"base_score": "1.5"}, BadParameter),
    ("no validation", made(), {"early_stopping_rounds": 2}, BadInput),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("tables", "changes", "error"), [b[1:] for b in BAD], ids=[b[0] for b in BAD]
)
async def test_bad_input_is_refused_by_name(
    tmp_path: Path, tables: dict[str, Any], changes: dict[str, Any], error: type[Exception]
) -> None:
    rehearsal = Rehearsal(tmp_path)
    inputs = {"table": {alias: rehearsal.enter(table) for alias, table in tables.items()}}
    ended = await rehearsal.run("boosted_trees", THREE, inputs, SMALL | changes)
    assert {type(outcome.error) for outcome in ended.values()} == {error}
