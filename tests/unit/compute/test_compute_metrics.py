"""Metrics against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as reference

from hanse.compute.operators import metrics


@pytest.mark.parametrize("ties", [False, True])
def test_metrics_equal_scikit_learn(ties: bool) -> None:
    rng = np.random.default_rng(4)
    linear = rng.normal(size=500)
    if ties:
        linear = np.round(linear)
    labels = (rng.random(500) < metrics.logistic(linear)).astype(float)
    report = metrics.evaluate(labels, linear, 0.5)
    false_rates, true_rates, _ = reference.roc_curve(labels, linear)
    chances = metrics.logistic(linear)
    assert report["auc"] == pytest.approx(reference.roc_auc_score(labels, linear))
    assert report["ks"] == pytest.approx(np.max(true_rates - false_rates))
    gaps = [abs(true - false) for _, true, false in report["ks_curve"]]
    assert max(gaps) == pytest.approx(report["ks"], abs=0.01)
    assert report["ks_curve"][0] == [0.0, 0.0, 0.0]
    assert report["ks_curve"][-1] == [1.0, 1.0, 1.0]
    assert report["log_loss"] == pytest.approx(reference.log_loss(labels, chances))
    table = reference.confusion_matrix(labels, chances >= 0.5)
    assert report["confusion"] == {
        "true_negative": table[0, 0],
        "false_positive": table[0, 1],
        "false_negative": table[1, 0],
        "true_positive": table[1, 1],
    }
    assert report["roc"][0] == [0.0, 0.0]
    assert report["roc"][-1] == [1.0, 1.0]
    assert len(report["roc"]) <= 101


def test_logistic_is_finite_at_the_ends() -> None:
    assert metrics.logistic(np.array([-1e4, 0.0, 1e4])).tolist() == [0.0, 0.5, 1.0]
