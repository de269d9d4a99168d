"""Fine bins of an owner's column, made locally before anybody's label is looked at.

Numbers and days are cut at equal widths or at quantiles; texts and truth values have one bin
for each frequent value and one for the rest. Gaps have a bin of their own. No bin that is
counted has fewer rows than the minimum: small ones join a neighbour or are not counted.
"""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hanse.compute.operators.features.columns import NUMERIC, read_numbers
from hanse.compute.operators.preparation import GAP, texts
from hanse.compute.operators.reading import read_column
from hanse.data.types import Column, ColumnType, TableSource

Codes = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
UNCOUNTED = -1


class PreBins(msgspec.Struct, frozen=True):
    """The fine bins of a column.

    Attributes:
        name: the column.
        type: its type.
        edges: of numbers: inner cut points, ascending; a bin holds its lower end.
        values: of texts: the frequent ones, most frequent first.
        rest: whether the bin after those of ``values`` holds all other texts.
        missing: whether the last bin holds the gaps.
    """

    name: str
    type: ColumnType
    edges: list[float] = []
    values: list[str] = []
    rest: bool = False
    missing: bool = False

    @property
    def regular(self) -> int:
        """Bins beside that of the gaps."""
        return len(self.edges) + 1 if self.type in NUMERIC else len(self.values) + self.rest

    @property
    def count(self) -> int:
        """All bins."""
        return self.regular + self.missing


def make_prebins(
    table: TableSource, column: Column, *, method: str, bins: int, least: int
) -> PreBins | None:
    """Fine bins of a column; None when fewer than two would be counted.

    Args:
        method: ``equal_width``, or quantiles for any other.
        bins: largest number of regular bins, at least 2.
        least: smallest number of rows in a bin.
    """
    if column.type in NUMERIC:
        made = _numeric(read_numbers(table, column), column, method, bins, least)
    else:
        made = _categories(read_column(table, column.name), column, bins, least)
    return made if made.count >= 2 else None


def codes(prebins: PreBins, table: TableSource) -> Codes:
    """The bin of each row; -1 where it is in none."""
    gap = prebins.regular if prebins.missing else UNCOUNTED
    if prebins.type in NUMERIC:
        values = read_numbers(table, Column(prebins.name, prebins.type))
        found = np.searchsorted(prebins.edges, values, side="right")
        return np.where(np.isnan(values), gap, found).astype(np.int32)
    column = texts(read_column(table, prebins.name))
    other = len(prebins.values) if prebins.rest else UNCOUNTED
    index = pc.index_in(column, value_set=pa.array(prebins.values, pa.string()))
    found = np.asarray(pc.fill_null(index, other))
    return np.where(np.asarray(pc.equal(column, GAP)), gap, found).astype(np.int32)


def _numeric(values: Floats, column: Column, method: str, bins: int, least: int) -> PreBins:
    known = values[~np.isnan(values)]
    gaps = len(values) - len(known)
    edges = merge_small(known, _cuts(known, method, bins), least) if len(known) else []
    if len(known) < least:
        return PreBins(column.name, column.type)
    return PreBins(column.name, column.type, edges=edges, missing=gaps >= least)


def _cuts(known: Floats, method: str, bins: int) -> list[float]:
    """Inner cut points that leave no end bin empty."""
    shares = np.arange(1, bins) / bins
    if method == "equal_width":
        low, high = float(known.min()), float(known.max())
        cuts = low * (1.0 - shares) + high * shares  # never overflows, unlike high - low
    else:
        cuts = np.quantile(known, shares)
    cuts = np.unique(cuts)
    return [float(cut) for cut in cuts if known.min() < cut <= known.max()]


def merge_small(known: Floats, cuts: list[float], least: int) -> list[float]:
    """Leave out cut points until every bin has at least so many values."""
    kept: list[float] = []
    ordered = np.sort(known)
    begun = 0
    for cut in cuts:
        below = int(np.searchsorted(ordered, cut, side="left"))
        if below - begun >= least and len(ordered) - below >= least:
            kept.append(cut)
            begun = below
    return kept


def _categories(array: pa.Array, column: Column, bins: int, least: int) -> PreBins:
    counted = pc.value_counts(texts(array)).to_pylist()
    counts = {str(row["values"]): int(row["counts"]) for row in counted}
    gaps = counts.pop(GAP, 0)
    ranked = sorted(counts, key=lambda value: (-counts[value], value))
    frequent = [value for value in ranked if counts[value] >= least]
    if len(ranked) > bins or len(frequent) < len(ranked):
        frequent = frequent[: bins - 1]
    others = sum(counts.values()) - sum(counts[value] for value in frequent)
    return PreBins(
        column.name,
        column.type,
        values=frequent,
        rest=others >= least,
        missing=gaps >= least,
    )
