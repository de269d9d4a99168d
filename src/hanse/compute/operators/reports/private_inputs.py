"""An owner's part of a private report: clipped values and memberships as whole numbers.

Nothing here depends on the data in a way others see: no refusal, no bound, no category.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hanse.compute.operators.preparation import numbers
from hanse.compute.operators.reading import read_column
from hanse.compute.operators.reports.private_questions import HALF, Bounded, Grouping

if TYPE_CHECKING:
    from hanse.data.types import Column, TableSource

Whole = npt.NDArray[np.int64]


def values_of(table: TableSource, column: Column, bounded: Bounded) -> Whole:
    """Distances of a column's values to the middle of its bounds, from -`HALF` to `HALF`.

    Values outside the bounds count as the nearer bound, missing ones as the middle.
    """
    found = numbers(read_column(table, column.name), column.type)
    clipped = np.clip(np.where(np.isnan(found), bounded.middle, found), bounded.low, bounded.high)
    scaled = np.rint((clipped - bounded.middle) / bounded.step)
    whole: Whole = np.clip(scaled, -HALF, HALF).astype(np.int64)
    return whole


def places_of(table: TableSource, grouping: Grouping) -> Whole:
    """Category of every row; the last one for anything that is not listed, gaps included."""
    texts = as_texts(read_column(table, grouping.name))
    found = pc.index_in(texts, value_set=pa.array(grouping.categories[:-1], pa.string()))
    return np.asarray(pc.fill_null(found, len(grouping.categories) - 1)).astype(np.int64)


def membership(table: TableSource, groupings: Sequence[Grouping]) -> Whole:
    """Whether a row is in each combination of categories; shape (rows, combinations)."""
    place = np.zeros(table.rows, np.int64)
    width = 1
    for grouping in groupings:
        place = place * len(grouping.categories) + places_of(table, grouping)
        width *= len(grouping.categories)
    found: Whole = np.equal.outer(place, np.arange(width)).astype(np.int64)
    return found


def as_texts(column: Any) -> Any:
    """A column as the texts that categories are written as: 3 for 3.0, true, 2026-01-31."""
    if pa.types.is_floating(column.type):
        whole = pc.and_kleene(pc.equal(column, pc.floor(column)), pc.less(pc.abs(column), 2.0**53))
        short = pc.if_else(whole, column, None).cast(pa.int64()).cast(pa.string())
        return pc.coalesce(short, column.cast(pa.string()))
    return column.cast(pa.string())
