"""Metrics of a binary classifier, from opened scores and the label, at one party."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from hanse.compute.operators import curves

Floats = npt.NDArray[Any]
_SMALLEST = 1e-15


def logistic(z: Floats) -> npt.NDArray[np.float64]:
    """Probabilities of linear scores, without overflow."""
    wide = np.asarray(z, np.float64)
    shrunk = np.exp(-np.abs(wide))
    return np.where(wide >= 0, 1.0 / (1.0 + shrunk), shrunk / (1.0 + shrunk))


def roc(labels: Floats, scores: Floats) -> tuple[Floats, Floats, Floats]:
    """False and true positive rates at every distinct score, highest first.

    Returns:
        False positive rates, true positive rates and scores, from (0, 0) to (1, 1); equal
        scores make one point, so that ties count half in the area.
    """
    order = np.argsort(-np.asarray(scores, np.float64), kind="stable")
    truth, ranked = np.asarray(labels, np.float64)[order], np.asarray(scores, np.float64)[order]
    last = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
    hits = np.cumsum(truth)[last]
    alarms = (last + 1) - hits
    true_rates = np.concatenate([[0.0], hits / hits[-1]])
    false_rates = np.concatenate([[0.0], alarms / alarms[-1]])
    return false_rates, true_rates, np.concatenate([[np.inf], ranked[last]])


def auc(labels: Floats, scores: Floats) -> float:
    """Area under the ROC curve by trapezoids; both classes must be present."""
    false_rates, true_rates, _ = roc(labels, scores)
    return float(np.sum(np.diff(false_rates) * (true_rates[1:] + true_rates[:-1]) / 2.0))


def ks(labels: Floats, scores: Floats) -> float:
    """Kolmogorov–Smirnov: the largest gap between true and false positive rate."""
    false_rates, true_rates, _ = roc(labels, scores)
    return float(np.max(true_rates - false_rates))


def log_loss(labels: Floats, probabilities: Floats) -> float:
    """Mean negative log-likelihood."""
    sure = np.clip(np.asarray(probabilities, np.float64), _SMALLEST, 1.0 - _SMALLEST)
    truth = np.asarray(labels, np.float64)
    return float(-np.mean(truth * np.log(sure) + (1.0 - truth) * np.log(1.0 - sure)))


def evaluate(labels: Floats, linear: Floats, threshold: float) -> dict[str, Any]:
    """The whole report of linear scores against labels."""
    probabilities = logistic(linear)
    said, truth = probabilities >= threshold, np.asarray(labels) == 1.0
    confusion = {
        "true_positive": int(np.sum(said & truth)),
        "false_positive": int(np.sum(said & ~truth)),
        "false_negative": int(np.sum(~said & truth)),
        "true_negative": int(np.sum(~said & ~truth)),
    }
    return {
        "rows": len(truth),
        "positives": int(truth.sum()),
        "auc": auc(labels, linear),
        "ks": ks(labels, linear),
        "average_precision": curves.average_precision(labels, linear),
        "log_loss": log_loss(labels, probabilities),
        "accuracy": float(np.mean(said == truth)),
        "threshold": threshold,
        "precision": _part(confusion["true_positive"], said.sum()),
        "recall": _part(confusion["true_positive"], truth.sum()),
        "f1": _part(2 * confusion["true_positive"], said.sum() + truth.sum()),
        "brier": float(np.mean((probabilities - truth) ** 2)),
        "confusion": confusion,
        "roc": roc_points(labels, linear),
        "precision_recall": curves.precision_recall_points(labels, linear),
        "ks_curve": curves.ks_points(labels, linear),
        "gains": curves.gains(labels, linear),
        "lift": curves.lift(labels, linear),
        "calibration": curves.calibration(labels, probabilities),
    }


def roc_points(labels: Floats, scores: Floats) -> list[list[float]]:
    """At most 101 points of the ROC curve, evenly spaced among its own."""
    false_rates, true_rates, _ = roc(labels, scores)
    return curves.thinned(false_rates, true_rates)


def _part(count: float, of: float) -> float:
    return float(count / of) if of else 0.0
