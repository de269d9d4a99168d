"""An owner's columns as candidate splits, learnt on training rows.

Every candidate is a question about one column that sends a row to the right when it holds:
numbers and dates ``x >= boundary`` at quantiles, texts and truth values ``x == value`` for
frequent values. Where training rows had gaps, a column asks each question twice, with gaps on
the left and on the right, and once whether there is a gap at all, so that a tree learns where
gaps belong (Chen and Guestrin, KDD 2016, section 3.4).

The recipe holds quantiles and frequent values of the owner's data: it never leaves the owner.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from hanse.compute.errors import NoSuchColumn
from hanse.compute.operators.preparation import numbers, texts
from hanse.compute.operators.reading import read_column
from hanse.data.types import Column, ColumnType, TableSource

Bits = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]


class Questions(msgspec.Struct, frozen=True):
    """The candidates of one column.

    Attributes:
        column: the table's column.
        type: its type.
        boundaries: ascending, of a number or date (in days).
        values: frequent values of a text or truth value, most frequent first.
        gaps: whether training rows had gaps (numbers and dates; a text's gap is a value).
    """

    column: str
    type: ColumnType
    boundaries: list[float] = []
    values: list[str] = []
    gaps: bool = False

    @property
    def candidates(self) -> int:
        """How many splits the column offers."""
        return len(self.values) + len(self.boundaries) * (1 + self.gaps) + self.gaps


class Buckets(msgspec.Struct, frozen=True):
    """How an owner's table becomes candidates; the same for training, test and new rows.

    Attributes:
        columns: those with at least one candidate, in order.
        dropped: columns left out because they were constant.
    """

    columns: list[Questions]
    dropped: list[str]

    @property
    def width(self) -> int:
        """Candidates in all."""
        return sum(self.sizes)

    @property
    def sizes(self) -> list[int]:
        """Candidates of each column."""
        return [column.candidates for column in self.columns]

    def place(self, candidate: int) -> tuple[int, int]:
        """The column's position and the candidate's place in it."""
        for at, size in enumerate(self.sizes):
            if candidate < size:
                return at, candidate
            candidate -= size
        raise IndexError("no such candidate")


def learn(
    table: TableSource, columns: Sequence[Column], max_bin: int, max_categories: int
) -> Buckets:
    """Learn the candidates on training rows.

    Args:
        table: training rows.
        columns: the columns to use; neither keys nor label.
        max_bin: most buckets of a number or date.
        max_categories: most values of a text that get a candidate of their own.
    """
    kept: list[Questions] = []
    for column in columns:
        array = read_column(table, column.name)
        if column.type in {"text", "bool"}:
            found = _frequent(column, array, max_categories)
        else:
            found = _quantiles(column, numbers(array, column.type), max_bin)
        if found.candidates:
            kept.append(found)
    names = {found.column for found in kept}
    return Buckets(kept, [column.name for column in columns if column.name not in names])


def indicators(buckets: Buckets, table: TableSource) -> Bits:
    """What every row answers to every candidate, 0 or 1; shape (rows, candidates).

    Raises:
        NoSuchColumn: when the table lacks a column, or has it with another type.
    """
    present = {column.name: column.type for column in table.columns}
    out = np.empty((table.rows, buckets.width), np.int32)
    at = 0
    for column in buckets.columns:
        name, kind = column.column, column.type
        if present.get(name) != kind:
            raise NoSuchColumn(f"the model needs the column {name!r} of type {kind}")
        out[:, at : at + column.candidates] = _answers(column, read_column(table, name))
        at += column.candidates
    return out


def _answers(column: Questions, array: Any) -> npt.NDArray[np.bool_]:
    if column.type in {"text", "bool"}:
        said = texts(array)
        return np.stack([np.asarray(pc.equal(said, value)) for value in column.values], axis=1)
    values = numbers(array, column.type)
    above = values[:, None] >= np.asarray(column.boundaries)[None, :]
    if not column.gaps:
        return above
    gap = np.isnan(values)[:, None]
    return np.concatenate([above, above | gap, gap], axis=1)


def _frequent(column: Column, array: Any, most: int) -> Questions:
    counted = pc.value_counts(texts(array)).to_pylist()
    ranked = sorted(counted, key=lambda row: (-row["counts"], row["values"]))
    values = [str(row["values"]) for row in ranked[:most]]
    if len(ranked) <= 2:  # two values are one question, one value is none
        values = values[: len(ranked) - 1]
    return Questions(column.name, column.type, values=values)


def _quantiles(column: Column, values: Floats, max_bin: int) -> Questions:
    known = np.sort(values[~np.isnan(values)])
    gaps = 0 < len(known) < len(values)
    distinct = np.unique(known)
    if len(distinct) > max_bin:
        ranks = np.arange(1, max_bin) * len(known) // max_bin
        distinct = np.unique(np.concatenate([known[:1], known[ranks]]))
    return Questions(column.name, column.type, distinct[1:].tolist(), gaps=gaps)
