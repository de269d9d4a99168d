"""Models of gradient descent and least squares, in plaintext, against scikit-learn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyarrow import csv
from sklearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor, Ridge
from sklearn.metrics import roc_auc_score
from sklearn.utils.class_weight import compute_sample_weight

from hanse.compute import plain_models
from hanse.compute.errors import BadParameter
from hanse.compute.operators import get_operator, validate_parameters
from hanse.compute.operators.family import softmax
from hanse.compute.operators.models import layers, networks, powers, whitening
from hanse.compute.operators.models.descending import class_weights
from hanse.compute.operators.models.generalised import glm_method, multinomial_method

DATA = Path(__file__).parents[3].parent / "shared" / "data"
HERE = pytest.mark.skipif(not DATA.exists(), reason="../shared/data is not here")


def standardised(table: Any) -> Any:
    return ((table - table.mean(axis=0)) / table.std(axis=0)).astype(np.float32)


def columns(name: str, *without: str) -> Any:
    table = csv.read_csv(DATA / name)
    kept = [table[c].to_numpy() for c in table.column_names if c not in without]
    return standardised(np.stack(kept, axis=1).astype(float))


@HERE
@pytest.mark.parametrize("l2", [0.0, 0.01, 1.0])
def test_linear_regression_on_motor_data_is_within_one_percent_of_scikit_learn(l2: float) -> None:
    blocks = [columns("motor_guest.csv", "idx", "motor_speed"), columns("motor_host.csv", "idx")]
    truth = csv.read_csv(DATA / "motor_guest.csv")["motor_speed"].to_numpy()
    scaled = (truth - truth.mean()) / truth.std()
    model = plain_models.fit_linear(blocks, scaled.astype(np.float32), l2)
    table = np.concatenate(blocks, axis=1)
    other = Ridge(alpha=l2 * len(truth)) if l2 else LinearRegression()
    expected = other.fit(table, scaled)
    own = np.concatenate(
        [
            np.asarray(white.matrix) @ part
            for white, part in zip(model.white, np.split(model.weights[:-1], [4]), strict=True)
        ]
    )
    largest = np.abs(expected.coef_).max()
    np.testing.assert_allclose(own, expected.coef_, atol=0.01 * largest)
    error = np.sqrt(np.mean((model.scores(blocks) - scaled) ** 2))
    known = np.sqrt(np.mean((expected.predict(table) - scaled) ** 2))
    assert error == pytest.approx(known, rel=0.001)


@pytest.mark.parametrize("owners", [1, 3, 16])
def test_least_squares_for_one_to_sixteen_owners(owners: int) -> None:
    rng = np.random.default_rng(owners)
    common = rng.normal(size=(500, 1))
    table = standardised(rng.normal(size=(500, 16)) + common)
    truth = standardised(table @ rng.normal(size=16) + rng.normal(size=500))
    model = plain_models.fit_linear(np.array_split(table, owners, axis=1), truth)
    expected = LinearRegression().fit(table, truth).predict(table)
    found = model.scores(np.array_split(table, owners, axis=1))
    assert np.sqrt(np.mean((found - expected) ** 2)) < 0.01 * np.std(expected)


def test_columns_that_repeat_each_other_are_counted_once() -> None:
    rng = np.random.default_rng(5)
    one = standardised(rng.normal(size=(300, 2)))
    block = np.concatenate([one, one], axis=1)
    white = whitening.learn(block)
    assert white.width == 2
    truth = standardised(one.sum(axis=1))
    assert np.abs(plain_models.fit_linear([block], truth).scores([block]) - truth).max() < 1e-3
    assert whitening.learn(np.zeros((9, 0), np.float32)).width == 0


def test_whitened_columns_are_uncorrelated_and_bounded_on_wild_rows() -> None:
    rng = np.random.default_rng(6)
    block = standardised(rng.normal(size=(400, 5)) @ rng.normal(size=(5, 5)))
    white = whitening.learn(block)
    inside = whitening.apply(white, block)
    np.testing.assert_allclose(inside.T @ inside / 400, np.eye(5), atol=1e-4)
    assert np.abs(whitening.apply(white, block * 1e6)).max() <= whitening.LIMIT


def counts(rows: int) -> tuple[list[Any], Any, Any, Any]:
    rng = np.random.default_rng(0)
    table = standardised(rng.normal(size=(rows, 8)) + 0.7 * rng.normal(size=(rows, 1)))
    exposure = rng.uniform(0.2, 2.0, rows)
    means = np.exp(table @ rng.normal(size=8) * 0.15 - 1.0) * exposure
    return np.split(table, 2, axis=1), exposure, rng.poisson(means).astype(float), table


def test_poisson_regression_with_exposure_is_within_one_percent_of_scikit_learn() -> None:
    blocks, exposure, truth, table = counts(4000)
    white = [whitening.learn(block) for block in blocks]
    shared = [whitening.apply(each, b) for each, b in zip(white, blocks, strict=True)]
    offset = np.log(exposure / exposure.mean()).astype(np.float32)
    settings = {"epochs": 30, "batch_size": 256, "learning_rate": 0.1}
    weights = plain_models.descend(
        glm_method(1.0),
        shared,
        (truth / truth.mean()).astype(np.float32),
        offset=offset,
        **settings,
    )["weights"]
    scores = plain_models.Linear(white, weights).scores(blocks)
    found = np.exp(scores + offset) * truth.mean()
    expected = PoissonRegressor(alpha=0, max_iter=1000, tol=1e-7).fit(
        table, truth / exposure, sample_weight=exposure
    )
    known = expected.predict(table) * exposure
    assert np.sqrt(np.mean((found / known - 1.0) ** 2)) < 0.01


def test_tweedie_regression_comes_near_the_deviance_of_scikit_learn() -> None:
    from sklearn.linear_model import TweedieRegressor
    from sklearn.metrics import mean_tweedie_deviance

    blocks, _, numbers, table = counts(3000)
    rng = np.random.default_rng(1)
    truth = np.array([rng.gamma(2.0, 500.0, int(number)).sum() for number in numbers])
    white = [whitening.learn(block) for block in blocks]
    shared = [whitening.apply(each, b) for each, b in zip(white, blocks, strict=True)]
    scaled = (truth / truth.mean()).astype(np.float32)
    settings = {"epochs": 20, "batch_size": 512, "learning_rate": 0.1}
    weights = plain_models.descend(glm_method(1.5), shared, scaled, **settings)["weights"]
    found = np.exp(plain_models.Linear(white, weights).scores(blocks))
    other = TweedieRegressor(power=1.5, alpha=0, link="log", max_iter=2000).fit(table, scaled)
    best = mean_tweedie_deviance(scaled, other.predict(table), power=1.5)
    assert mean_tweedie_deviance(scaled, found, power=1.5) < best * 1.01


def test_multinomial_regression_with_class_weights_is_near_scikit_learn() -> None:
    rng = np.random.default_rng(3)
    table = standardised(rng.normal(size=(3000, 6)))
    truth = (table @ rng.normal(size=(6, 3)) + [1.5, 0, 0] + rng.gumbel(size=(3000, 3))).argmax(1)
    np.testing.assert_allclose(
        class_weights(truth), compute_sample_weight("balanced", truth), rtol=1e-6
    )
    settings = {"epochs": 20, "batch_size": 256, "learning_rate": 0.1, "l2": 0.001}
    weights = plain_models.descend(
        multinomial_method(weighted=True),
        np.split(table, 2, axis=1),
        truth,
        classes=["a", "b", "c"],
        **settings,
    )["weights"]
    found = softmax(table @ weights[:-1] + weights[-1])
    other = LogisticRegression(C=1 / (3000 * 0.001), max_iter=500, class_weight="balanced")
    known = other.fit(table, truth).predict_proba(table)
    assert np.abs(found - known).mean() < 0.01


@HERE
@pytest.mark.parametrize("activation", ["relu", "square"])
def test_a_network_on_breast_data_is_within_half_a_point_of_logistic_regression(
    activation: str,
) -> None:
    blocks = [columns("breast_guest.csv", "id", "y"), columns("breast_host.csv", "id")]
    truth = csv.read_csv(DATA / "breast_guest.csv")["y"].to_numpy().astype(np.float32)
    method = networks.method_of(
        validate_parameters(
            get_operator("neural_network"),
            {"label": "y", "hidden": 8, "hidden_2": 4, "activation": activation},
        )
    )
    settings = {"epochs": 15, "batch_size": 64, "learning_rate": 0.05}
    values = plain_models.descend(method, blocks, truth, **settings)
    scores = layers.scores(*blocks, *values.values(), layers=3, activation=activation)
    table = np.concatenate(blocks, axis=1)
    linear = LogisticRegression(max_iter=500).fit(table, truth).decision_function(table)
    assert roc_auc_score(truth, scores) > roc_auc_score(truth, linear) - 0.005


def test_backpropagation_equals_automatic_slopes() -> None:
    import jax
    import jax.numpy as jnp

    from hanse.compute.operators.regression import with_ones

    rng = np.random.default_rng(1)
    rows = with_ones([rng.normal(size=(16, 3)).astype(np.float32)])
    truth = np.eye(3, dtype=np.float32)[rng.integers(0, 3, 16)]
    values = tuple(
        rng.normal(size=shape).astype(np.float32) * 0.5 for shape in ((4, 5), (6, 4), (5, 3))
    )

    def mean_loss(values: Any) -> Any:
        out = layers._forward(rows, values, "relu")[-1]
        return -jnp.mean(jnp.sum(truth * jax.nn.log_softmax(out), axis=1))

    found = layers.slopes(rows, truth, [], values, activation="relu", output="classes")
    for own, known in zip(found, jax.grad(mean_loss)(values), strict=True):
        np.testing.assert_allclose(own, known, atol=2e-3)


def test_a_third_layer_needs_a_second() -> None:
    given = validate_parameters(get_operator("neural_network"), {"label": "y", "hidden_3": 4})
    with pytest.raises(BadParameter, match="hidden_2"):
        networks.method_of(given)


def test_the_exponential_on_shares_is_accurate_in_its_range_and_flat_beyond() -> None:
    inside = np.linspace(-6, 6, 101).astype(np.float32)
    np.testing.assert_allclose(powers.exp(inside), np.exp(inside), rtol=3e-4)
    wild = np.asarray(powers.exp(np.array([-1e6, 1e6], np.float32)))
    np.testing.assert_allclose(wild, np.exp([-6.0, 6.0]), rtol=3e-4)
