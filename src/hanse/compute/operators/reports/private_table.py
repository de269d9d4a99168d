"""The report of opened noisy sums: values with their standard errors, at a receiver.

Only arithmetic on what was released, so it costs no privacy. Nothing is rounded, clipped or made
to add up: a count may be negative, groups need not sum to the rows.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from hanse.compute.operators.reports.noise import Family
from hanse.compute.operators.reports.private_questions import Bounded, Questions

Figure = dict[str, float | None]


def assemble(
    questions: Questions,
    order: Sequence[int],
    families: Sequence[Family],
    opened: Any,
    *,
    rows: int,
    nodes: int,
    epsilon: str,
) -> dict[str, Any]:
    """The report.

    Args:
        questions: what was asked.
        order: for each group column of the opened table, its place in ``questions.by``.
        families: in the order of the opened columns.
        opened: int64, shape (groups, families).
        rows: of the aligned tables, which all parties know.
        nodes: how many drew noise.
        epsilon: spent on all of it.
    """
    variances = [family.variance(nodes) for family in families]
    by = [questions.by[place] for place in order]
    keys = list(itertools.product(*(each.categories for each in by)))
    groups = []
    for key, line in zip(keys, np.asarray(opened, np.int64).tolist(), strict=True):
        named = dict(zip((each.name for each in by), key, strict=True))
        group = {"key": {each.name: named[each.name] for each in questions.by}}
        groups.append(group | _figures(questions, line, variances, rows))
    return {
        "rows": rows,
        "epsilon": epsilon,
        "neighbouring": "one row of the aligned tables replaced by another",
        "noise": [
            {
                "of": family.name or "rows",
                "epsilon": family.epsilon,
                "sensitivity": family.sensitivity,
                "scale": family.scale,
                "nodes": nodes,
            }
            for family in families
        ],
        "groups": groups,
    }


def _figures(
    questions: Questions, line: Sequence[int], variances: Sequence[float], rows: int
) -> dict[str, Any]:
    grouped = 1 if questions.by else 0
    count, spread = (line[0], variances[0]) if grouped else (rows, 0.0)
    columns = {
        column.name: _column(column, value, variance, count, spread)
        for column, value, variance in zip(
            questions.columns, line[grouped:], variances[grouped:], strict=True
        )
    }
    return {"count": _figure(float(count), spread), "columns": columns}


def _column(
    column: Bounded, total: int, variance: float, count: int, spread: float
) -> dict[str, Figure]:
    """Sum and mean of a column in a group.

    With T the noisy sum of distances in steps and C the noisy count: the sum is middle·C + step·T;
    the mean is middle + step·T/C, its error by the delta method. A mean over a count that is not
    twice its own error is not given: it says nothing.
    """
    scaled, wide = column.step * total, column.step**2 * variance
    figures = {"sum": _figure(column.middle * count + scaled, column.middle**2 * spread + wide)}
    if count <= 2 * math.sqrt(spread) or count < 1:
        return figures | {"mean": {"value": None, "standard_error": None}}
    distance = scaled / count
    error = (wide + distance**2 * spread) / count**2
    return figures | {"mean": _figure(column.middle + distance, error)}


def _figure(value: float, variance: float) -> Figure:
    return {"value": value, "standard_error": math.sqrt(variance)}
