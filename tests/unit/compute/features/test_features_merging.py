"""Merging bins: optimal against every possible merge and against optbinning, trends, ChiMerge."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from hanse.compute.operators.features.merging import Limits, chi_merge, chi_square, optimal
from hanse.compute.operators.features.woe import information, weights


def limits(**changes: object) -> Limits:
    base = {"bins": 5, "rows": 30, "trend": "none", "significance": 0.05, "smoothing": 0.5}
    return Limits(**(base | changes))


def counts(seed: int, size: int = 10) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    rows = rng.integers(20, 200, size)
    events = rng.binomial(rows, rng.uniform(0.05, 0.6, size))
    return events.astype(np.int64), (rows - events).astype(np.int64)


def value(events: np.ndarray, others: np.ndarray, starts: list[int]) -> float:
    e, n = np.add.reduceat(events, starts), np.add.reduceat(others, starts)
    return float(information(e, n, (e.sum(), n.sum()), 0.5).sum())


def by_trial(events: np.ndarray, others: np.ndarray, asked: Limits) -> float:
    best = -np.inf
    for size in range(asked.bins):
        for cuts in itertools.combinations(range(1, len(events)), size):
            starts = [0, *cuts]
            e, n = np.add.reduceat(events, starts), np.add.reduceat(others, starts)
            slopes = np.diff(e / (e + n))
            fits = {
                "none": True,
                "ascending": bool((slopes >= 0).all()),
                "descending": bool((slopes <= 0).all()),
            }
            fits["auto"] = fits["ascending"] or fits["descending"]
            large = (e > 0).all() and (n > 0).all() and (e + n >= asked.rows).all()
            if fits[asked.trend] and large:
                best = max(best, value(events, others, starts))
    return best


@pytest.mark.parametrize("trend", ["none", "ascending", "descending", "auto"])
@pytest.mark.parametrize("seed", range(4))
def test_optimal_is_the_best_of_all_merges(seed: int, trend: str) -> None:
    events, others = counts(seed)
    asked = limits(trend=trend, rows=150)
    assert value(events, others, optimal(events, others, asked)) == pytest.approx(
        by_trial(events, others, asked), rel=1e-12
    )


def test_bins_without_events_are_merged_away_by_optimal() -> None:
    events = np.array([0, 5, 0, 40, 0])
    others = np.array([90, 80, 70, 60, 50])
    starts = optimal(events, others, limits(bins=8, rows=1))
    assert (np.add.reduceat(events, starts) > 0).all()
    assert optimal(np.array([0, 0]), np.array([5, 5]), limits()) == [0]


def test_chi_merge_joins_what_does_not_differ() -> None:
    events = np.array([10, 11, 9, 80, 82, 10])
    others = np.array([90, 89, 91, 20, 18, 90])
    assert chi_merge(events, others, limits()) == [0, 3, 5]
    assert chi_merge(events, others, limits(bins=2)) == [0, 3]
    assert chi_merge(events, others, limits(rows=150)) == [0, 3]
    rising = chi_merge(events, others, limits(trend="ascending"))
    e, n = np.add.reduceat(events, rising), np.add.reduceat(others, rising)
    assert (np.diff(e / (e + n)) >= 0).all()


def test_chi_square_is_scipys() -> None:
    from scipy.stats import chi2_contingency

    events, others = counts(9, 6)
    expected = chi2_contingency(np.array([events, others]), correction=False).statistic
    assert chi_square(events, others) == pytest.approx(expected, rel=1e-12)
    assert chi_square(np.array([0, 3]), np.array([0, 4])) == 0.0


def test_weights_by_hand() -> None:
    found = weights(np.array([30, 10, 0]), np.array([10, 40, 50]), (40, 100), 0.5)
    expected = np.log([(30 / 40) / (10 / 100), (10 / 40) / (40 / 100), (0.5 / 40) / (50.5 / 100)])
    assert found == pytest.approx(expected)
