"""Shapley values of owners with real workers, beside the plaintext twin."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import roc_auc_score

from hanse.compute import plaintext
from hanse.compute.errors import BadInput, NoSuchColumn, OneClassLabel
from hanse.compute.operators import Role, preparation
from hanse.compute.operators.models.shapley import coalitions, shapley
from hanse.compute.rehearsal import Outcome, Rehearsal, outputs_of
from hanse.data.batches import ArrowTable

ROWS = 600
THREE: dict[str, list[Role]] = {
    "bank": ["owner", "compute", "receiver"],
    "shop": ["owner", "compute"],
    "phone": ["owner", "compute"],
}
TWO: dict[str, list[Role]] = {alias: THREE[alias] for alias in ("bank", "shop")}
TRAINING = {"label": "y", "epochs": 5, "batch_size": 100}


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    rehearsal = Rehearsal(tmp_path_factory.mktemp("contribution"), deadline_ms=400_000)
    yield rehearsal
    rehearsal.clear()


def tables() -> dict[str, pa.Table]:
    rng = np.random.default_rng(5)
    x = rng.normal(size=(ROWS, 4))
    odds = 1.2 * x[:, 0] + 0.8 * x[:, 1] - 0.4 * x[:, 2] - 1.0
    flag = (rng.random(ROWS) < 1.0 / (1.0 + np.exp(-odds))).astype(np.int64)
    kind = np.array(["a", "b", "c"])[np.digitize(odds, [-1.5, 0.0])]
    return {
        "bank": pa.table({"one": x[:, 0], "y": flag, "kind": kind, "number": odds * 1e6}),
        "shop": pa.table({"two": x[:, 1], "three": x[:, 2]}),
        "phone": pa.table({"four": x[:, 3]}),
    }


def report_of(rehearsal: Rehearsal, done: dict[str, Outcome]) -> dict[str, Any]:
    for alias, outcome in done.items():
        assert outcome.error is None, (alias, outcome.error)
    assert [alias for alias in done if done[alias].outputs] == ["bank"]
    content: dict[str, Any] = json.loads(rehearsal.data(done["bank"].outputs["report"]))
    return content


def refused(done: dict[str, Outcome], error: type[Exception]) -> None:
    assert {type(outcome.error) for outcome in done.values()} == {error}


def twin(held: dict[str, pa.Table], wanted: list[tuple[str, ...]]) -> dict[frozenset[str], float]:
    """AUC of every coalition, the others' columns at their mean."""
    model = plaintext.fit(held, TRAINING | {"exclude": ["kind", "number"]})
    blocks = {a: preparation.apply(r, ArrowTable(held[a])) for a, r in model.recipes.items()}
    truth = held["bank"]["y"].to_numpy()
    out = {frozenset[str](): 0.5}
    for chosen in wanted:
        parts = [block if a in chosen else block * 0.0 for a, block in blocks.items()]
        scores = np.concatenate(parts, axis=1) @ np.asarray(model.weights[:-1])
        out[frozenset(chosen)] = float(roc_auc_score(truth, scores))
    return out


async def check(rehearsal: Rehearsal, roles: dict[str, list[Role]]) -> None:
    held = {alias: table for alias, table in tables().items() if alias in roles}
    inputs = {alias: rehearsal.enter(table) for alias, table in held.items()}
    trained = await rehearsal.run(
        "logistic_regression", roles, {"table": inputs}, TRAINING | {"exclude": ["kind", "number"]}
    )
    both = {"model": outputs_of(trained, "model"), "table": inputs}
    report = report_of(rehearsal, await rehearsal.run("contribution", roles, both, {"label": "y"}))
    known = twin(held, coalitions(list(roles)))
    assert report["metric"] == "auc"
    assert len(report["coalitions"]) == 2 ** len(roles)
    for line in report["coalitions"]:
        assert line["value"] == pytest.approx(known[frozenset(line["owners"])], abs=0.005)
    parts = {line["owner"]: line["value"] for line in report["contributions"]}
    assert parts == pytest.approx(shapley(list(roles), known), abs=0.005)
    assert parts["bank"] > parts["shop"] > 0.03

    one = dict(inputs, bank=rehearsal.enter(held["bank"].set_column(1, "y", [[1] * ROWS])))
    done = await rehearsal.run("contribution", roles, both | {"table": one}, {"label": "y"})
    refused(done, OneClassLabel)
    refused(await rehearsal.run("contribution", roles, both, {"label": "z"}), NoSuchColumn)


@pytest.mark.long
async def test_shapley_values_of_three_owners_equal_the_plaintext_twin(
    rehearsal: Rehearsal,
) -> None:
    await check(rehearsal, THREE)


@pytest.mark.slow
async def test_shapley_values_of_two_owners_between_two_nodes(rehearsal: Rehearsal) -> None:
    await check(rehearsal, TWO)


@pytest.mark.slow
async def test_numbers_count_by_r2_and_classes_are_refused(rehearsal: Rehearsal) -> None:
    inputs = {alias: rehearsal.enter(table) for alias, table in tables().items()}
    given = {"label": "number", "exclude": ["y", "kind"]}
    trained = await rehearsal.run("linear_regression", THREE, {"table": inputs}, given)
    both = {"model": outputs_of(trained, "model"), "table": inputs}
    done = await rehearsal.run("contribution", THREE, both, {"label": "number"})
    report = report_of(rehearsal, done)
    assert report["metric"] == "r2"
    parts = [line["value"] for line in report["contributions"]]
    assert sum(parts) == pytest.approx(1.0, abs=0.01)
    given = {"label": "kind", "exclude": ["y", "number"], "epochs": 1}
    trained = await rehearsal.run("multinomial_regression", THREE, {"table": inputs}, given)
    both = {"model": outputs_of(trained, "model"), "table": inputs}
    refused(await rehearsal.run("contribution", THREE, both, {"label": "kind"}), BadInput)
