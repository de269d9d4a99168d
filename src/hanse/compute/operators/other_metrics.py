"""Metrics of regressions and of classifiers with several classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from hanse.compute.operators.curves import thinned

Floats = npt.NDArray[Any]
_SMALLEST = float(np.finfo(np.float64).eps)  # as in scikit-learn


def regression(truth: Floats, said: Floats) -> dict[str, Any]:
    """The report of predicted numbers."""
    error = np.asarray(said, np.float64) - np.asarray(truth, np.float64)
    return {
        "rows": len(truth),
        "rmse": float(np.sqrt(np.mean(error**2))),
        "mae": float(np.mean(np.abs(error))),
        "r2": r2(truth, said),
        "mean_error": float(error.mean()),
        "residual_quantiles": _quantiles(error),
    }


def r2(truth: Floats, said: Floats) -> float:
    """Coefficient of determination (scikit-learn's `r2_score`)."""
    wide = np.asarray(truth, np.float64)
    return float(1.0 - np.sum((wide - said) ** 2) / np.sum((wide - wide.mean()) ** 2))


def classes(truth: Floats, chances: Floats, names: Sequence[str]) -> dict[str, Any]:
    """The report of class probabilities.

    Args:
        truth: number of each row's class.
        chances: shape (rows, classes).
        names: of the classes.
    """
    said = chances.argmax(axis=1)
    table = np.zeros((len(names), len(names)), np.int64)
    np.add.at(table, (truth, said), 1)
    right = np.diag(table)
    with np.errstate(invalid="ignore", divide="ignore"):
        recall, precision = right / table.sum(axis=1), right / table.sum(axis=0)
        f1 = 2.0 * right / (table.sum(axis=0) + table.sum(axis=1))
    own = np.clip(chances[np.arange(len(truth)), truth], _SMALLEST, 1.0)
    return {
        "rows": len(truth),
        "classes": list(names),
        "accuracy": float(right.sum() / len(truth)),
        "log_loss": float(-np.mean(np.log(own))),
        "confusion": table.tolist(),
        "precision": np.nan_to_num(precision).tolist(),
        "recall": np.nan_to_num(recall).tolist(),
        "f1": np.nan_to_num(f1).tolist(),
    }


def _quantiles(error: Floats) -> list[list[float]]:
    ranks = np.linspace(0.0, 1.0, 101)
    return thinned(ranks, np.quantile(error, ranks))
