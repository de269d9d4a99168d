"""Class weights and seeds of logistic regression, in plaintext, against scikit-learn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import csv
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from hanse.compute import plain_models, plaintext
from hanse.compute.errors import BadParameter, OneClassLabel
from hanse.compute.operators import preparation
from hanse.compute.operators.models.generalised import logistic_method
from hanse.data.batches import ArrowTable

CREDIT = Path(__file__).parents[3].parent / "shared" / "data" / "credit_default.csv"
LABEL = "default.payment.next.month"
L2 = 0.01
METHOD = logistic_method({"class_weight": "none", "positive_weight": "1"})


@pytest.fixture(scope="module")
def credit() -> Any:
    if not CREDIT.exists():
        pytest.skip("../shared/data/credit_default.csv is not here")
    return csv.read_csv(CREDIT).drop_columns(["ID"])


@pytest.mark.parametrize("solver", ["descent", "newton"])
@pytest.mark.parametrize(
    ("given", "known"),
    [
        ({}, None),
        ({"class_weight": "balanced"}, "balanced"),
        ({"class_weight": "given", "positive_weight": "3"}, {0: 1.0, 1: 3.0}),
    ],
    ids=["none", "balanced", "given"],
)
def test_credit_default_is_within_one_percent_of_scikit_learn(
    credit: Any, given: dict[str, object], known: Any, solver: str
) -> None:
    names = [name for name in credit.column_names if name != LABEL]
    tables = {"bank": credit.select([*names[:10], LABEL]), "partner": credit.select(names[10:])}
    descent = {"epochs": 30, "batch_size": 4096, "learning_rate": "0.5", "l2": str(L2)}
    settings = descent if solver == "descent" else {"solver": "newton", "l2": str(L2)}
    model = plaintext.fit(tables, {"label": LABEL, **settings, **given})
    held = [
        preparation.apply(recipe, ArrowTable(tables[owner]))
        for owner, recipe in model.recipes.items()
    ]
    table, truth = np.concatenate(held, axis=1).astype(float), credit[LABEL].to_numpy()
    other = LogisticRegression(
        C=1.0 / (L2 * len(truth)), max_iter=5000, tol=1e-8, class_weight=known
    ).fit(table, truth)
    weights, best = np.asarray(model.weights), np.append(other.coef_[0], other.intercept_)
    limit = 0.01 if solver == "descent" else 0.001
    assert np.linalg.norm(weights - best) < limit * np.linalg.norm(best)
    found, expected = (roc_auc_score(truth, table @ each[:-1]) for each in (weights, best))
    assert found == pytest.approx(expected, abs=0.001)


def small(labels: Any) -> dict[str, Any]:
    rng = np.random.default_rng(3)
    return {"bank": pa.table({"a": rng.normal(size=64), "y": labels})}


def test_the_seed_fixes_the_model() -> None:
    tables = small(np.arange(64) % 3 == 0)
    one, same, other = (
        plaintext.fit(tables, {"label": "y", "batch_size": 8, "seed": seed}) for seed in (5, 5, 6)
    )
    assert one.weights == same.weights
    assert one.weights != other.weights


def test_one_class_only_and_weights_out_of_range_are_refused() -> None:
    with pytest.raises(OneClassLabel):
        plaintext.fit(small(np.ones(64, np.int64)), {"label": "y"})
    for weight in ("0", "1000"):
        with pytest.raises(BadParameter):
            plaintext.fit(small(np.arange(64) % 2), {"label": "y", "positive_weight": weight})


@pytest.mark.parametrize("rate", [0.5, 0.01])
def test_newton_comes_to_rest_for_rare_events_and_any_number_of_owners(rate: float) -> None:
    rng = np.random.default_rng(4)
    table = rng.normal(size=(6000, 6)) @ rng.normal(size=(6, 6))
    table = ((table - table.mean(axis=0)) / table.std(axis=0)).astype(np.float32)
    chances = 1.0 / (1.0 + np.exp(-(table[:, 0] + np.log(rate / (1.0 - rate)))))
    labels = (rng.random(6000) < chances).astype(np.float32)
    best = LogisticRegression(C=np.inf, max_iter=5000, tol=1e-9).fit(table, labels)
    for owners in (1, 3):
        blocks = np.array_split(table, owners, axis=1)
        found = plain_models.newton(METHOD, blocks, labels, rounds=5).prepared()
        np.testing.assert_allclose(found[:-1], best.coef_[0], atol=0.002)
        assert found[-1] == pytest.approx(float(best.intercept_[0]), abs=0.002)


def test_newton_stays_finite_where_owners_repeat_each_other_or_classes_are_apart() -> None:
    rng = np.random.default_rng(5)
    column = rng.normal(size=(500, 1))
    column = ((column - column.mean()) / column.std()).astype(np.float32)
    apart = (column[:, 0] > 0).astype(np.float32)
    model = plain_models.newton(METHOD, [column, column], apart, rounds=5)
    assert np.isfinite(model.weights).all()
    assert roc_auc_score(apart, model.scores([column, column])) == 1.0
