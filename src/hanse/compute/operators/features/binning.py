"""Bins of an owner's columns with their weight of evidence, and applying them to rows.

The recipe holds cut points, categories and weights: it never leaves the owner.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hanse.compute.errors import NoSuchColumn
from hanse.compute.operators.features import merging, woe
from hanse.compute.operators.features.columns import NUMERIC, read_numbers
from hanse.compute.operators.features.counts import Column as Counted
from hanse.compute.operators.features.prebins import PreBins
from hanse.compute.operators.preparation import GAP, texts
from hanse.compute.operators.reading import read_column
from hanse.data.types import Column, ColumnType, TableSource

FAMILY = "binning/1"
MERGED = ("chi_merge", "optimal")
Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


class ColumnBins(msgspec.Struct, frozen=True):
    """The bins of a column.

    Attributes:
        name: the column.
        type: its type.
        edges: of numbers: inner cut points, ascending; a bin holds its lower end.
        groups: of texts: the values in each bin.
        rest: of texts: the bin of all others, or -1: they have weight 0.
        weights: WOE of each bin.
        missing: WOE of the gaps; 0 where they were too few to be counted.
        rows: rows of each bin, then of the gaps (-1: not counted).
        events: events likewise.
        iv: information value.
    """

    name: str
    type: ColumnType
    edges: list[float]
    groups: list[list[str]]
    rest: int
    weights: list[float]
    missing: float
    rows: list[int]
    events: list[int]
    iv: float


class BinningRecipe(msgspec.Struct, frozen=True):
    """An owner's bins.

    Attributes:
        family: what kind of recipe, and the version of this form.
        columns: the binned columns.
        left_out: columns without two bins of enough rows; a transformed table lacks them.
    """

    family: str
    columns: list[ColumnBins]
    left_out: list[str]


def learn(
    column: Counted, total: tuple[int, int], method: str, limits: merging.Limits
) -> ColumnBins:
    """Merge the fine bins of a counted column, and weigh them."""
    made = column.prebins
    events, rows = np.maximum(column.events, 0), np.maximum(column.rows, 0)
    regular = slice(0, made.regular)
    order = _order(made, events[regular], rows[regular], method)
    e, r = events[regular][order], rows[regular][order]
    starts = _starts(e, r - e, method, limits, made.type in NUMERIC) if len(e) else []
    merged_e, merged_r = _added(e, starts), _added(r, starts)
    all_e = np.append(merged_e, events[made.regular :])
    all_r = np.append(merged_r, rows[made.regular :])
    weights = woe.weights(all_e, all_r - all_e, total, limits.smoothing)
    weights = np.where(all_r > 0, weights, 0.0)
    value = woe.information(all_e, all_r - all_e, total, limits.smoothing)[all_r > 0].sum()
    groups, rest = _groups(made, order, starts)
    return ColumnBins(
        name=made.name,
        type=made.type,
        edges=[made.edges[start - 1] for start in starts[1:]] if made.type in NUMERIC else [],
        groups=groups,
        rest=rest,
        weights=[float(weight) for weight in weights[: len(starts)]],
        missing=float(weights[-1]) if made.missing else 0.0,
        rows=[int(number) for number in all_r[: len(starts)]] + [_gap(all_r, made)],
        events=[int(number) for number in all_e[: len(starts)]] + [_gap(all_e, made)],
        iv=float(value),
    )


def _gap(counts: Counts, made: PreBins) -> int:
    return int(counts[-1]) if made.missing else -1


def _added(counts: Counts, starts: Sequence[int]) -> Counts:
    return np.add.reduceat(counts, starts) if starts else np.zeros(0, np.int64)


def _order(made: PreBins, events: Counts, rows: Counts, method: str) -> Any:
    """Numbers keep their order; categories that are to be merged stand by event rate."""
    if made.type in NUMERIC or method not in MERGED:
        return np.arange(made.regular)
    return np.argsort(events / np.maximum(rows, 1), kind="stable")


def _starts(
    events: Counts, others: Counts, method: str, limits: merging.Limits, ordered: bool
) -> list[int]:
    if method == "chi_merge":
        return merging.chi_merge(events, others, limits)
    if method == "optimal":
        return merging.optimal(events, others, limits)
    starts = list(range(len(events)))
    return merging.monotonic(events, others, starts, limits) if ordered else starts


def _groups(made: PreBins, order: Any, starts: Sequence[int]) -> tuple[list[list[str]], int]:
    if made.type in NUMERIC:
        return [], -1
    parts = np.split(order, starts[1:]) if starts else []
    groups = [[made.values[i] for i in part if i < len(made.values)] for part in parts]
    rest = [n for n, part in enumerate(parts) if made.rest and len(made.values) in part]
    return groups, rest[0] if rest else -1


def transform(recipe: BinningRecipe, table: TableSource, columns: Sequence[Column]) -> pa.Table:
    """The table with every binned column replaced by its weights of evidence.

    Args:
        recipe: what was learnt.
        table: rows to transform.
        columns: those that may be read; what the recipe does not know stays as it is.

    Raises:
        NoSuchColumn: when a binned column is not there, or has another type.
    """
    there = {column.name: column.type for column in columns}
    for bins in recipe.columns:
        if there.get(bins.name) != bins.type:
            raise NoSuchColumn(f"the bins need the column {bins.name!r} of type {bins.type}")
    by_name = {bins.name: bins for bins in recipe.columns}
    out: dict[str, Any] = {}
    for column in columns:
        if column.name in by_name:
            out[column.name] = pa.array(weights_of(by_name[column.name], table))
        elif column.name not in recipe.left_out:
            out[column.name] = read_column(table, column.name)
    return pa.table(out)


def weights_of(bins: ColumnBins, table: TableSource) -> Floats:
    """The weight of evidence of each row; 0 for a text never seen among few."""
    weights = np.asarray([*bins.weights, bins.missing, 0.0])
    gap, unknown = len(bins.weights), len(bins.weights) + 1
    if bins.type in NUMERIC:
        values = read_numbers(table, Column(bins.name, bins.type))
        found = np.searchsorted(bins.edges, values, side="right")
        return np.asarray(weights[np.where(np.isnan(values), gap, found)])
    column = texts(read_column(table, bins.name))
    places = {value: n for n, group in enumerate(bins.groups) for value in group}
    known = pa.array(list(places), pa.string())
    index = np.asarray(pc.fill_null(pc.index_in(column, value_set=known), len(places)))
    other = bins.rest if bins.rest >= 0 else unknown
    found = np.asarray([*places.values(), other])[index]
    return np.asarray(weights[np.where(np.asarray(pc.equal(column, GAP)), gap, found)])
