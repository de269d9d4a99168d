"""Merging neighbouring bins by the events in them: chi-merge, optimal, monotonic.

Works on counts by fine bin in their order; returns where each merged bin starts. The order is
that of the values, or of the event rates for categories.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist
from typing import Literal

import msgspec
import numpy as np
import numpy.typing as npt

from hanse.compute.operators.features.woe import information

Counts = npt.NDArray[np.int64]
Trend = Literal["none", "ascending", "descending", "auto"]
Span = tuple[int, int]


class Limits(msgspec.Struct, frozen=True):
    """What merged bins must keep to.

    Attributes:
        bins: largest number.
        rows: smallest number of rows in a bin.
        trend: how event rates go from bin to bin.
        significance: chi-merge merges neighbours that do not differ at this level.
        smoothing: see `hanse.compute.operators.features.woe`.
    """

    bins: int
    rows: int
    trend: Trend
    significance: float
    smoothing: float


def chi_square(events: Counts, others: Counts) -> float:
    """Pearson's statistic of a 2 x bins table; empty rows or columns add nothing."""
    table = np.array([events, others], np.float64)
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
    known = expected > 0
    return float(np.sum((table[known] - expected[known]) ** 2 / expected[known]))


def chi_merge(events: Counts, others: Counts, limits: Limits) -> list[int]:
    """ChiMerge (Kerber, AAAI 1992): the most alike neighbours are merged first.

    It goes on while there are too many bins, a bin is too small, or two neighbours do not
    differ at the level of significance (one degree of freedom).
    """
    threshold = NormalDist().inv_cdf(1.0 - limits.significance / 2.0) ** 2
    starts = list(range(len(events)))
    while len(starts) > 1:
        e, n = np.add.reduceat(events, starts), np.add.reduceat(others, starts)
        alike = [chi_square(e[i : i + 2], n[i : i + 2]) for i in range(len(starts) - 1)]
        small = [i for i in range(len(starts)) if e[i] + n[i] < limits.rows]
        if len(starts) > limits.bins or min(alike) < threshold:
            at = int(np.argmin(alike))
        elif small:
            near = [i for i in (small[0] - 1, small[0]) if 0 <= i < len(alike)]
            at = min(near, key=lambda i: alike[i])
        else:
            break
        del starts[at + 1]
    return monotonic(events, others, starts, limits)


def optimal(events: Counts, others: Counts, limits: Limits) -> list[int]:
    """The merge with the largest information value, exactly, by dynamic programming.

    The objective and constraints of Navas-Palencia, "Optimal binning" (2020): at most so many
    bins, none too small or without an event or a non-event, event rates by the trend.
    """
    if limits.trend == "auto":
        found = [_best(events, others, limits, sign) for sign in (1, -1)]
        return max(found, key=lambda each: each[0])[1]
    return _best(events, others, limits, _sign(limits.trend))[1]


def monotonic(events: Counts, others: Counts, starts: Sequence[int], limits: Limits) -> list[int]:
    """Merge neighbours until event rates follow the trend (pool adjacent violators)."""
    if limits.trend == "none":
        return list(starts)
    signs = (1, -1) if limits.trend == "auto" else (_sign(limits.trend),)
    found = [_pooled(events, others, starts, sign) for sign in signs]
    return max(found, key=lambda s: _value(events, others, s, limits.smoothing))


def _sign(trend: Trend) -> int:
    return {"ascending": 1, "descending": -1}.get(trend, 0)


def _value(events: Counts, others: Counts, starts: Sequence[int], smoothing: float) -> float:
    e, n = np.add.reduceat(events, starts), np.add.reduceat(others, starts)
    return float(information(e, n, (int(e.sum()), int(n.sum())), smoothing).sum())


def _pooled(events: Counts, others: Counts, starts: Sequence[int], sign: int) -> list[int]:
    kept: list[tuple[int, int, int]] = []  # start, events, rows
    for start, end in zip(starts, [*starts[1:], len(events)], strict=True):
        hits = int(events[start:end].sum())
        block = (start, hits, hits + int(others[start:end].sum()))
        while kept and sign * (kept[-1][1] * block[2] - block[1] * kept[-1][2]) > 0:
            before = kept.pop()
            block = (before[0], before[1] + block[1], before[2] + block[2])
        kept.append(block)
    return [start for start, _, _ in kept]


def _best(events: Counts, others: Counts, limits: Limits, sign: int) -> tuple[float, list[int]]:
    """Largest value under a trend (1 up, -1 down, 0 any), and where its bins start.

    ``reach[span][m]`` is the best value of m + 1 bins of which the span is the last.
    """
    size = len(events)
    total = (int(events.sum()), int(others.sum()))
    if min(total) == 0:
        return 0.0, [0]
    reach: dict[Span, npt.NDArray[np.float64]] = {}
    before: dict[Span, list[Span | None]] = {}
    rates: dict[Span, float] = {}
    for start in range(size):
        e, n = np.cumsum(events[start:]), np.cumsum(others[start:])
        values = information(e, n, total, limits.smoothing)
        previous = [span for span in reach if span[1] == start]
        for end in np.flatnonzero((e > 0) & (n > 0) & (e + n >= limits.rows)) + 1:
            span, rate = (start, start + int(end)), float(e[end - 1] / (e + n)[end - 1])
            best, chain = _extend(previous, reach, rates, sign, rate, limits.bins)
            if start == 0:
                best[0] = 0.0
            if np.isfinite(best).any():
                reach[span], before[span] = best + values[end - 1], chain
                rates[span] = rate
    return _trace(reach, before, size)


def _extend(
    previous: Sequence[Span],
    reach: dict[Span, npt.NDArray[np.float64]],
    rates: dict[Span, float],
    sign: int,
    rate: float,
    bins: int,
) -> tuple[npt.NDArray[np.float64], list[Span | None]]:
    """The best of the bins before one that has this event rate, by how many bins there are."""
    best = np.full(bins, -np.inf)
    chain: list[Span | None] = [None] * bins
    fitting = [span for span in previous if sign * (rate - rates[span]) >= 0]
    if fitting:
        stacked = np.stack([reach[span] for span in fitting])
        which = stacked.argmax(axis=0)
        best[1:] = stacked.max(axis=0)[:-1]
        chain[1:] = [fitting[i] for i in which[:-1]]
    return best, chain


def _trace(
    reach: dict[Span, npt.NDArray[np.float64]], before: dict[Span, list[Span | None]], size: int
) -> tuple[float, list[int]]:
    last = [span for span in reach if span[1] == size]
    if not last:
        return -np.inf, [0]
    ends = {span: float(reach[span].max()) for span in last}
    at: Span | None = max(ends, key=lambda span: ends[span])
    value, number = ends[at], int(reach[at].argmax())  # type: ignore[index]
    starts: list[int] = []
    while at is not None:
        starts.append(at[0])
        at, number = before[at][number], number - 1
    return value, starts[::-1]
