"""Cutting a stream of record batches to an exact size, and tables in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa

from hanse.data.types import CHUNK_ROWS, Column, TableSource, arrow_schema, columns_of, pick


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

    def to_arrow(self, columns: Sequence[str] | None = None) -> pa.Table:
        """The whole table, or some columns of it."""
        return self._table.select([column.name for column in pick(self.columns, columns)])


class KeptTable:
    """A table that stays in memory once it was read from end to end, if it is small.

    Reading a stored table means deciphering and decompressing it; who reads all of it to check
    its digest need not do so again.

    Args:
        source: the table.
        limit_bytes: how much memory it may take; beyond that every reading goes to the source.
    """

    def __init__(self, source: TableSource, limit_bytes: int) -> None:
        self._source, self._limit = source, limit_bytes
        self._kept: ArrowTable | None = None
        self.columns = source.columns
        self.rows = source.rows

    @property
    def kept(self) -> ArrowTable | None:
        """The table in memory, or None."""
        return self._kept

    def batches(
        self, columns: Sequence[str] | None = None, size: int = CHUNK_ROWS
    ) -> Iterator[pa.RecordBatch]:
        """Yield record batches of exactly ``size`` rows (the last may be shorter)."""
        if self._kept is not None:
            yield from self._kept.batches(columns, size)
        elif pick(self.columns, columns) == self.columns:
            yield from self._keeping(size)
        else:
            yield from self._source.batches(columns, size)

    def _keeping(self, size: int) -> Iterator[pa.RecordBatch]:
        parts: list[pa.RecordBatch] = []
        used = 0
        for batch in self._source.batches(None, size):
            used += batch.nbytes
            if used <= self._limit:
                parts.append(batch)
            else:
                parts.clear()
            yield batch
        if used <= self._limit:
            self._kept = ArrowTable(pa.Table.from_batches(parts, arrow_schema(self.columns)))

    def to_arrow(self, columns: Sequence[str] | None = None) -> pa.Table:
        """The whole table, or some columns of it, in memory."""
        if self._kept is not None:
            return self._kept.to_arrow(columns)
        chosen = pick(self.columns, columns)
        names = [column.name for column in chosen]
        return pa.Table.from_batches(list(self.batches(names)), arrow_schema(chosen))
