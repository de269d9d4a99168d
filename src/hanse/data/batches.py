"""Cutting a stream of record batches to an exact size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa

from hanse.data.types import CHUNK_ROWS, Column, columns_of, pick


def rechunk(batches: Iterable[pa.RecordBatch], size: int) -> Iterator[pa.RecordBatch]:
    """Yield batches of exactly ``size`` rows, the last of what remains; holds one at most.

    Args:
        batches: batches of one schema, of any sizes, empty ones included.
        size: rows per batch, at least 1.
    """
    if size < 1:
        raise ValueError("a batch has at least one row")
    held: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        start = 0
        while rows + batch.num_rows - start >= size:
            taken = batch.slice(start, size - rows)
            start += taken.num_rows
            yield _joined([*held, taken])
            held, rows = [], 0
        if start < batch.num_rows:
            held.append(batch.slice(start))
            rows += batch.num_rows - start
    if rows:
        yield _joined(held)


def _joined(parts: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
    return parts[0] if len(parts) == 1 else pa.concat_batches(parts)


class ArrowTable:
    """A table held in memory, with the reading interface of stored tables.

    Args:
        table: an Arrow table made of the six types exactly.
    """

    def __init__(self, table: pa.Table) -> None:
        self._table = table
        self.columns: tuple[Column, ...] = columns_of(table.schema)
        self.rows: int = table.num_rows

    def batches(
        self, columns: Sequence[str] | None = None, size: int = CHUNK_ROWS
    ) -> Iterator[pa.RecordBatch]:
        """Yield record batches of exactly ``size`` rows (the last may be shorter)."""
        names = [column.name for column in pick(self.columns, columns)]
        yield from rechunk(self._table.select(names).to_batches(), size)
