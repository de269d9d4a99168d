"""Whole-number parts of values and what comes back from their sums."""

from __future__ import annotations

import numpy as np
import pytest

from hanse.compute.operators.statistics import ColumnRange, decode, encode, fraction_bits


def through_sums(values: np.ndarray) -> tuple[float, float | None]:
    known = values[~np.isnan(values)]
    span = ColumnRange("x", "float64", float(known.min()), float(known.max()))
    bits = fraction_bits(len(values))
    high, low = encode(values, span.minimum, span.maximum, bits)
    sums = [int(s) for s in (high.sum(), low.sum(), (high * high).sum(), (high * low).sum())]
    assert all(abs(total) < 2**63 for total in sums)
    exact = [sum(map(int, high)), sum(map(int, low)), sum(int(h) ** 2 for h in high)]
    assert sums[:3] == exact, "a sum wrapped around"
    return decode(len(known), sums, span, bits)


@pytest.mark.parametrize(
    "values",
    [
        np.random.default_rng(1).lognormal(20, 3, 30_000),
        np.random.default_rng(2).normal(1.7e12, 1e3, 5_000),
        np.append(np.full(9_999, 1.0), 1e12),
        np.array([-1e300, 1e300]),
        np.array([3.0, np.nan, 5.0]),
    ],
)
def test_mean_and_deviation_come_back(values: np.ndarray) -> None:
    mean, deviation = through_sums(values)
    known = values[~np.isnan(values)].astype(np.longdouble)
    assert mean == pytest.approx(float(known.mean()), rel=1e-9)
    assert deviation == pytest.approx(float(known.std(ddof=1)), rel=1e-6)


def test_constant_column_has_no_deviation() -> None:
    assert through_sums(np.full(50, 7.5)) == (7.5, 0.0)


@pytest.mark.parametrize("rows", [1, 2, 3, 1000, 1 << 20, (1 << 20) + 1, 1 << 30])
def test_bits_leave_room_for_the_largest_sum(rows: int) -> None:
    bits = fraction_bits(rows)
    assert rows * 2 ** (2 * bits) <= 2**62
    assert rows * 2 ** (2 * bits) >= 2**59
