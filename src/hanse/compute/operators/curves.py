"""Curves of a binary classifier as series of points, ready to be drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[Any]
POINTS = 101
BINS = 10


def precision_recall(labels: Floats, scores: Floats) -> tuple[Floats, Floats]:
    """Precision and recall at every distinct score, highest first."""
    _, truth, last = _ranked(labels, scores)
    hits = np.cumsum(truth)[last]
    return hits / (last + 1), hits / hits[-1]


def average_precision(labels: Floats, scores: Floats) -> float:
    """Sum of precision over the steps of recall (scikit-learn's `average_precision_score`)."""
    precision, recall = precision_recall(labels, scores)
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def precision_recall_points(labels: Floats, scores: Floats) -> list[list[float]]:
    """At most 101 points (recall, precision)."""
    precision, recall = precision_recall(labels, scores)
    return thinned(recall, precision)


def gains(labels: Floats, scores: Floats) -> list[list[float]]:
    """Share of all positives among the best-scored share of rows; from (0, 0) to (1, 1)."""
    _, truth, last = _ranked(labels, scores)
    hits = np.concatenate([[0.0], np.cumsum(truth)[last] / truth.sum()])
    return thinned(np.concatenate([[0.0], (last + 1) / len(truth)]), hits)


def ks_points(labels: Floats, scores: Floats) -> list[list[float]]:
    """Share of rows so far, best-scored first, with true and false positive rate: the gap between
    the two is the KS statistic where it is widest."""
    _, truth, last = _ranked(labels, scores)
    hits, places = np.cumsum(truth)[last], last + 1.0
    share = np.concatenate([[0.0], places / len(truth)])
    true = np.concatenate([[0.0], hits / truth.sum()])
    false = np.concatenate([[0.0], (places - hits) / (len(truth) - truth.sum())])
    pairs = zip(thinned(share, true), thinned(share, false), strict=True)
    return [[at, one, other] for (at, one), (_, other) in pairs]


def lift(labels: Floats, scores: Floats) -> list[list[float]]:
    """Rate of positives among the best-scored tenth, two tenths …, over the overall rate."""
    _, truth, _ = _ranked(labels, scores)
    found, rate = np.cumsum(truth), truth.mean()
    ends = [max(round(len(truth) * (number + 1) / BINS), 1) for number in range(BINS)]
    return [[end / len(truth), float(found[end - 1] / end / rate)] for end in ends]


def calibration(labels: Floats, chances: Floats) -> list[list[float]]:
    """Mean predicted and observed rate in ten equal bins of probability, empty ones left out
    (scikit-learn's `calibration_curve`)."""
    place = np.clip(np.ceil(np.asarray(chances) * BINS).astype(int) - 1, 0, BINS - 1)
    return [
        [float(np.mean(chances[place == number])), float(np.mean(labels[place == number]))]
        for number in range(BINS)
        if np.any(place == number)
    ]


def thinned(x: Floats, y: Floats) -> list[list[float]]:
    """At most 101 of the points, evenly spaced, both ends among them."""
    chosen = np.unique(np.linspace(0, len(x) - 1, POINTS).round().astype(int))
    return [[float(x[number]), float(y[number])] for number in chosen]


def _ranked(labels: Floats, scores: Floats) -> tuple[Floats, Floats, npt.NDArray[np.int64]]:
    """Scores and labels, highest score first, and the last place of every distinct score."""
    order = np.argsort(-np.asarray(scores, np.float64), kind="stable")
    ranked, truth = np.asarray(scores, np.float64)[order], np.asarray(labels, np.float64)[order]
    return ranked, truth, np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
