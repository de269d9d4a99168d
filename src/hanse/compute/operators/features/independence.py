"""Pearson's chi-square test of a column against a label, from counts by bin."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from hanse.compute.operators.features.merging import chi_square

Counts = npt.NDArray[np.int64]


def independence(events: Counts, others: Counts) -> tuple[float, int, float]:
    """Statistic, degrees of freedom, and probability of a larger one if they were independent."""
    there = events + others > 0
    freedom = max(int(there.sum()) - 1, 1)
    statistic = chi_square(events[there], others[there])
    return statistic, freedom, survival(statistic, freedom)


def survival(statistic: float, freedom: int) -> float:
    """Probability that a chi-square variable exceeds the statistic.

    The finite sums for whole degrees of freedom (Abramowitz and Stegun, 26.4.4 and 26.4.5).
    """
    half = statistic / 2.0
    if freedom % 2:
        total, term = math.erfc(math.sqrt(half)), math.sqrt(half) * 2.0 / math.sqrt(math.pi)
        first = 1.5
    else:
        total, term, first = math.exp(-half), half, 2.0
    for number in range((freedom - 1) // 2):
        total += term * math.exp(-half)
        term *= half / (first + number)
    return min(total, 1.0)
