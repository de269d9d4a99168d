"""Population stability index: how far the distribution of a column has moved.

PSI = Σ (p - q)·ln(p/q) over the bins of the base table, p and q being the shares of the rows of
the current and the base table (Siddiqi, Credit Risk Scorecards, 2006).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hanse.compute.operators.features.prebins import codes, make_prebins
from hanse.data.types import Column, TableSource

STABLE, MOVED = 0.1, 0.25
HALF = 0.5  # stands for the rows of a bin that is empty in one of the tables
Codes = npt.NDArray[np.int32]


def column_index(base: TableSource, current: TableSource, column: Column, bins: int) -> float:
    """PSI of a column; 0.0 when it has one value in both tables."""
    made = make_prebins(base, column, method="equal_frequency", bins=bins, least=1)
    if made is None:
        return index_of(_flat(base, column, base), _flat(base, column, current))
    return index_of(codes(made, base), codes(made, current))


def index_of(base: Codes, current: Codes) -> float:
    """PSI of bins; -1 is a bin of its own, for rows that are in no other."""
    size = int(max(base.max(initial=-1), current.max(initial=-1))) + 2
    before = np.bincount(base + 1, minlength=size)
    after = np.bincount(current + 1, minlength=size)
    there = (before > 0) | (after > 0)
    q = np.maximum(before[there], HALF) / len(base)
    p = np.maximum(after[there], HALF) / len(current)
    return float(np.sum((p - q) * np.log(p / q)))


def verdict(index: float) -> str:
    """The usual reading of the index: ``stable``, ``shifted`` or ``unstable``."""
    if index < STABLE:
        return "stable"
    return "shifted" if index < MOVED else "unstable"


def _flat(base: TableSource, column: Column, table: TableSource) -> Codes:
    """A column that has one value in the base table: whether a row has it, another or none."""
    from hanse.compute.operators.preparation import texts
    from hanse.compute.operators.reading import read_column

    first = texts(read_column(base, column.name))[0].as_py()
    values = texts(read_column(table, column.name)).to_pylist()
    return np.array([int(value == first) for value in values], np.int32)
