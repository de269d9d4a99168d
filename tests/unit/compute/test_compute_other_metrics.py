"""Curves, regression and class metrics against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as reference
from sklearn.calibration import calibration_curve

from hanse.compute.operators import curves, metrics, other_metrics
from hanse.compute.operators.family import LINKS, softmax


@pytest.mark.parametrize("ties", [False, True])
def test_curves_of_a_binary_classifier_equal_scikit_learn(ties: bool) -> None:
    rng = np.random.default_rng(8)
    linear = np.round(rng.normal(size=800)) if ties else rng.normal(size=800)
    labels = (rng.random(800) < metrics.logistic(linear)).astype(float)
    report = metrics.evaluate(labels, linear, 0.6)
    chances = metrics.logistic(linear)
    said = chances >= 0.6
    assert report["average_precision"] == pytest.approx(
        reference.average_precision_score(labels, linear)
    )
    precision, recall, _ = reference.precision_recall_curve(labels, linear)
    own_precision, own_recall = curves.precision_recall(labels, linear)
    np.testing.assert_allclose(own_precision[::-1], precision[:-1])
    np.testing.assert_allclose(own_recall[::-1], recall[:-1])
    assert report["precision"] == pytest.approx(reference.precision_score(labels, said))
    assert report["recall"] == pytest.approx(reference.recall_score(labels, said))
    assert report["f1"] == pytest.approx(reference.f1_score(labels, said))
    assert report["brier"] == pytest.approx(reference.brier_score_loss(labels, chances))
    observed, expected = calibration_curve(labels, chances, n_bins=10)
    np.testing.assert_allclose(report["calibration"], np.stack([expected, observed], axis=1))


def test_gains_and_lift_of_a_perfect_score() -> None:
    labels = np.array([1.0] * 20 + [0.0] * 80)
    report = metrics.evaluate(labels, labels - 0.5, 0.5)
    assert report["gains"] == [[0.0, 0.0], [0.2, 1.0], [1.0, 1.0]]
    assert [point[1] for point in report["lift"][:3]] == pytest.approx([5.0, 5.0, 10 / 3])
    assert report["lift"][-1] == [1.0, 1.0]


def test_regression_metrics_equal_scikit_learn() -> None:
    rng = np.random.default_rng(2)
    truth = rng.normal(size=300) * 1e6
    said = truth + rng.normal(size=300) * 1e5
    report = other_metrics.regression(truth, said)
    assert report["rmse"] == pytest.approx(reference.root_mean_squared_error(truth, said))
    assert report["mae"] == pytest.approx(reference.mean_absolute_error(truth, said))
    assert report["r2"] == pytest.approx(reference.r2_score(truth, said))


def test_class_metrics_equal_scikit_learn_and_a_class_nobody_predicts_counts_nothing() -> None:
    rng = np.random.default_rng(3)
    scores = rng.normal(size=(400, 4))
    scores[:, 3] = -50.0
    truth = rng.integers(0, 4, 400)
    chances = softmax(scores)
    report = other_metrics.classes(truth, chances, ["a", "b", "c", "d"])
    said = chances.argmax(axis=1)
    assert report["confusion"] == reference.confusion_matrix(truth, said).tolist()
    assert report["log_loss"] == pytest.approx(reference.log_loss(truth, chances), rel=1e-6)
    expected = reference.precision_recall_fscore_support(truth, said, zero_division=0)
    for name, values in zip(("precision", "recall", "f1"), expected, strict=False):
        np.testing.assert_allclose(report[name], values)


def test_links_stay_finite_at_the_ends() -> None:
    wild = np.array([[-1e9, 0.0, 1e9]])
    for link in LINKS.values():
        assert np.isfinite(link(wild)).all()
