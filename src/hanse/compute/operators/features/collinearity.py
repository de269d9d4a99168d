"""Variance inflation factors from a correlation matrix."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
DETERMINED = 1e-8


def variance_inflation(matrix: Floats) -> list[float | None]:
    """VIF of each column: 1/(1 - R²) of its regression on all others.

    Args:
        matrix: correlations, (columns, columns).

    Returns:
        None for a column the others determine (R² over 1 - 10^-8).
    """
    out: list[float | None] = []
    for number in range(len(matrix)):
        others = np.delete(np.arange(len(matrix)), number)
        slope = matrix[others, number]
        inner = matrix[np.ix_(others, others)]
        explained = float(slope @ np.linalg.pinv(inner, hermitian=True) @ slope)
        out.append(1.0 / (1.0 - explained) if explained < 1.0 - DETERMINED else None)
    return out


def without_collinear(matrix: Floats, limit: float) -> list[int]:
    """Columns left when the one with the largest VIF is taken out until none exceeds the limit."""
    left = list(range(len(matrix)))
    while len(left) > 1:
        factors = variance_inflation(matrix[np.ix_(left, left)])
        sizes = [np.inf if factor is None else factor for factor in factors]
        # Among columns that determine each other the last goes.
        worst = len(sizes) - 1 - int(np.argmax(sizes[::-1]))
        if sizes[worst] <= limit:
            break
        del left[worst]
    return left


def without_correlated(matrix: Floats, order: Sequence[int], limit: float) -> list[int]:
    """Columns kept in this order, each unless it correlates with one kept before."""
    kept: list[int] = []
    for number in order:
        if all(abs(matrix[number, other]) <= limit for other in kept):
            kept.append(number)
    return sorted(kept)
