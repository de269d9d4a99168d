"""Keeps to the promise of tables that a number is finite, for what goes in and what comes out.

Imported files keep it already. Tables that operators made are read and written here, so that no
infinity enters a computation and none is handed on as if it were a result; NaN is a missing
value, as it is to the digest.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from hanse.compute.errors import OutOfRange
from hanse.data.types import CHUNK_ROWS, Column, TableSource


class FiniteTable:
    """A table that is read through `finite`.

    Args:
        source: the table.
        names: the columns to look at.
    """

    def __init__(self, source: TableSource, names: Collection[str]) -> None:
        self._source, self._names = source, names
        self.columns: tuple[Column, ...] = source.columns
        self.rows: int = source.rows

    def batches(
        self, columns: Sequence[str] | None = None, size: int = CHUNK_ROWS
    ) -> Iterator[pa.RecordBatch]:
        """Yield batches as the table does.

        Raises:
            OutOfRange: naming a column that holds an infinite number.
        """
        yield from finite(self._source.batches(columns, size), self._names)


def finite(batches: Iterable[pa.RecordBatch], names: Collection[str]) -> Iterator[pa.RecordBatch]:
    """Batches with missing values in place of NaN in these columns.

    Raises:
        OutOfRange: naming a column that holds an infinite number.
    """
    for batch in batches:
        changed = batch
        for place, field in enumerate(batch.schema):
            if field.name in names and pa.types.is_floating(field.type):
                values = batch.column(place)
                kept = _kept(values, field.name)
                if kept is not values:
                    changed = changed.set_column(place, field, kept)
        yield changed


def _kept(values: Any, name: str) -> Any:
    if pc.all(pc.is_finite(values)).as_py() is not False:  # None when there is no value
        return values
    if pc.any(pc.is_inf(values)).as_py():
        raise OutOfRange(f"the column {name!r} holds infinite numbers")
    return pc.if_else(pc.is_nan(values), None, values)
