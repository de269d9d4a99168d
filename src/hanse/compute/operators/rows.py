"""Rows of a table in another order, without holding more than a block of them in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hanse.data.batches import ArrowTable, KeptTable, rechunk
from hanse.data.types import CHUNK_ROWS, Column, TableSource, arrow_schema, pick

BLOCK_BYTES = 256 << 20
Rows = npt.NDArray[np.int64]


def select_rows(source: TableSource, columns: Sequence[Column], rows: Rows) -> TableSource:
    """The rows with these numbers, in this order; each at most once.

    What takes 256 MiB is taken in one pass and kept in memory. More is taken in blocks of that
    size, each in a pass over the source, whenever it is read.
    """
    block = _block_rows(source, columns)
    if len(rows) > block:
        return SelectedRows(source, columns, rows, block)
    return ArrowTable(_gather(source, columns, rows))


def _block_rows(source: TableSource, columns: Sequence[Column]) -> int:
    """How many rows take about 256 MiB, judged by the first ones."""
    first = next(iter(source.batches([column.name for column in columns])), None)
    taken = first.nbytes // first.num_rows if first is not None and first.num_rows else 0
    return BLOCK_BYTES // max(1, taken)


class SelectedRows:
    """Rows of a source in another order, read block by block."""

    def __init__(
        self, source: TableSource, columns: Sequence[Column], rows: Rows, block: int
    ) -> None:
        self._source, self._rows, self._block = source, rows, block
        self.columns = tuple(columns)
        self.rows = len(rows)

    def batches(
        self, columns: Sequence[str] | None = None, size: int = CHUNK_ROWS
    ) -> Iterator[pa.RecordBatch]:
        """Yield record batches of exactly ``size`` rows (the last may be shorter)."""
        chosen = pick(self.columns, columns)
        starts = range(0, len(self._rows), self._block)
        blocks = (_gather(self._source, chosen, self._rows[a : a + self._block]) for a in starts)
        yield from rechunk((batch for block in blocks for batch in block.to_batches()), size)


def _gather(source: TableSource, columns: Sequence[Column], rows: Rows) -> Any:
    """One pass over the source: take what is wanted of each batch, then put it in order."""
    if isinstance(source, KeptTable) and source.kept is not None:
        held = source.to_arrow([column.name for column in columns])
        return held.combine_chunks().take(pa.array(rows))
    order = np.argsort(rows, kind="stable")
    ascending = rows[order]
    parts: list[Any] = []
    start = 0
    for batch in source.batches([column.name for column in columns]):
        low, high = np.searchsorted(ascending, [start, start + batch.num_rows])
        if high > low:
            parts.append(batch.take(pa.array(ascending[low:high] - start)))
        start += batch.num_rows
    table = pa.Table.from_batches(parts, arrow_schema(columns))
    back = np.empty(len(rows), np.int64)
    back[order] = np.arange(len(rows))
    return table.take(pa.array(back)).combine_chunks()
