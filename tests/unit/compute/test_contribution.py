"""Quality of scores and Shapley values, in plaintext."""

from __future__ import annotations

import itertools

import jax
import numpy as np
import pytest
from sklearn.metrics import r2_score, roc_auc_score

from hanse.compute.operators.models import quality
from hanse.compute.operators.models.shapley import coalitions, shapley


@pytest.mark.parametrize("rate", [0.5, 0.02])
@pytest.mark.parametrize("scale", [0.05, 1.0, 20.0])
def test_auc_at_places_is_near_scikit_learn(rate: float, scale: float) -> None:
    rng = np.random.default_rng(1)
    truth = (rng.random(5000) < rate).astype(np.float32)
    scores = ((rng.normal(size=5000) + truth) * scale - 3.0).astype(np.float32)
    found = float(jax.jit(quality.auc)(truth, scores))
    assert found == pytest.approx(roc_auc_score(truth, scores), abs=0.002)


def test_scores_that_say_nothing_have_an_area_of_one_half() -> None:
    truth = (np.arange(100) % 3 == 0).astype(np.float32)
    same = np.full(100, -1.5, np.float32)
    assert float(jax.jit(quality.auc)(truth, same)) == pytest.approx(0.5, abs=1e-5)


def test_r2_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(2)
    truth = rng.normal(size=700).astype(np.float32) + 2.0
    scores = truth + rng.normal(size=700).astype(np.float32)
    assert float(quality.r2(truth, scores)) == pytest.approx(r2_score(truth, scores), abs=1e-4)


@pytest.mark.parametrize("count", [2, 3, 4])
def test_shapley_values_are_the_mean_over_all_orders(count: int) -> None:
    rng = np.random.default_rng(count)
    players = [f"p{number}" for number in range(count)]
    values = {frozenset(chosen): float(rng.random()) for chosen in [(), *coalitions(players)]}
    assert len(values) == 2**count
    sums = dict.fromkeys(players, 0.0)
    orders = list(itertools.permutations(players))
    for order in orders:
        for at, player in enumerate(order):
            before = frozenset(order[:at])
            sums[player] += (values[before | {player}] - values[before]) / len(orders)
    found = shapley(players, values)
    assert found == pytest.approx(sums)
    whole = values[frozenset(players)] - values[frozenset()]
    assert sum(found.values()) == pytest.approx(whole)
