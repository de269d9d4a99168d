"""Which columns stay, from reports on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from hanse.compute.operators.features.collinearity import without_collinear, without_correlated

Name = tuple[str, str]  # owner and column


class Limits(msgspec.Struct, frozen=True):
    """What columns must keep to; 0 or 1 where a rule does not apply."""

    iv: float
    correlation: float
    vif: float


class Reports(msgspec.Struct, frozen=True):
    """Reports of woe_binning and correlation, decoded; None where there is none."""

    iv: Any = None
    correlation: Any = None


def decide(candidates: Sequence[Name], reports: Reports, limits: Limits) -> dict[Name, str]:
    """Columns to drop, and by which rule: ``iv``, ``correlation`` or ``vif``.

    1. IV under the limit; 2. of two columns that correlate too much the one with the smaller IV
    (the later one, when IVs are not known); 3. the column with the largest VIF, again and again.
    Columns a report does not know are not touched by its rule.
    """
    values = _values(reports.iv)
    dropped = {name: "iv" for name in candidates if name in values and values[name] < limits.iv}
    if reports.correlation is None:
        return dropped
    known = [(line["owner"], line["column"]) for line in reports.correlation["columns"]]
    matrix = np.asarray(reports.correlation["matrix"], np.float64)
    left = [n for n, name in enumerate(known) if name in candidates and name not in dropped]
    ranked = sorted(left, key=lambda n: -values.get(known[n], 0.0))
    apart = without_correlated(matrix, ranked, limits.correlation)
    dropped |= {known[n]: "correlation" for n in left if n not in apart}
    if limits.vif > 0:
        kept = without_collinear(matrix[np.ix_(apart, apart)], limits.vif)
        stay = {apart[n] for n in kept}
        dropped |= {known[n]: "vif" for n in apart if n not in stay}
    return dropped


def _values(report: Mapping[str, Any] | None) -> dict[Name, float]:
    """IV by column; 0 for columns that could not be binned."""
    if report is None:
        return {}
    values = {(owner, name): 0.0 for owner, names in report["left_out"].items() for name in names}
    return values | {(line["owner"], line["column"]): line["iv"] for line in report["columns"]}
