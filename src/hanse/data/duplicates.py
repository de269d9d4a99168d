"""Are the keys of a table unique? Exact, in bounded memory, for any number of rows.

Every key is hashed to 64 bits. While they fit, the hashes are sorted in memory; beyond that
they are spread over encrypted scratch files by their leading bits, and each file is sorted
alone. Equal hashes are only suspects: a second pass compares the keys themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hanse.data.duck import confined
from hanse.data.scratch import Scratch
from hanse.data.types import TableSource

MEMORY_ROWS = 4_000_000
BUCKET_BITS = 6
EXAMPLES = 5
_MOST_SUSPECTS = 10_000
_FLUSH_ROWS = 65_536


def rows_without_key(table: TableSource, keys: Sequence[str]) -> list[int]:
    """Row numbers (from 0) of the first few rows with a gap in a key column."""
    found: list[int] = []
    start = 0
    for batch in table.batches(keys):
        gaps = np.zeros(batch.num_rows, bool)
        for array in batch.columns:
            gaps |= np.asarray(array.is_null())
        found += (np.flatnonzero(gaps)[: EXAMPLES - len(found)] + start).tolist()
        start += batch.num_rows
        if len(found) == EXAMPLES:
            break
    return found


def duplicate_rows(
    table: TableSource, keys: Sequence[str], scratch: Scratch, memory_rows: int = MEMORY_ROWS
) -> list[tuple[int, int]]:
    """Pairs of row numbers (from 0) with equal keys, the first few; empty when all are unique.

    Args:
        table: the table; no gaps in the key columns.
        keys: the columns that together identify a row, at least one.
        scratch: encrypted files for what exceeds memory.
        memory_rows: rows up to which hashes are kept in memory, 8 bytes each.
    """
    hashes = (values for values, _ in _hashed(table, keys))
    if table.rows <= memory_rows:
        suspects = _repeated(np.concatenate([np.empty(0, np.uint64), *hashes]))
    else:
        suspects = _repeated_beyond_memory(hashes, scratch)
    return _compare(table, keys, suspects) if len(suspects) else []


def _hashed(table: TableSource, keys: Sequence[str]) -> Iterator[tuple[Any, pa.RecordBatch]]:
    """Hashes of the keys batch by batch, with the batch of keys they belong to."""
    names = [f"k{index}" for index in range(len(keys))]
    with confined(threads=1) as connection:
        for batch in table.batches(keys):
            renamed = pa.RecordBatch.from_arrays(batch.columns, names=names)
            connection.register("keys", pa.Table.from_batches([renamed]))
            query = f"SELECT hash({', '.join(names)}) AS h FROM keys"  # noqa: S608
            yield connection.execute(query).fetchnumpy()["h"], batch


def _repeated(hashes: Any) -> Any:
    hashes.sort()
    return np.unique(hashes[1:][hashes[1:] == hashes[:-1]])[:_MOST_SUSPECTS]


def _repeated_beyond_memory(hashes: Iterator[Any], scratch: Scratch) -> Any:
    buckets = 1 << BUCKET_BITS
    files = [scratch.create(f"bucket-{index}") for index in range(buckets)]
    held: list[Any] = []
    rows = 0
    for values in hashes:
        held.append(values)
        rows += len(values)
        if rows >= buckets * _FLUSH_ROWS:
            _spread(np.concatenate(held), files)
            held, rows = [], 0
    if held:
        _spread(np.concatenate(held), files)
    found = np.empty(0, np.uint64)
    for index, file in enumerate(files):
        file.close()
        with scratch.open(f"bucket-{index}") as source:
            bucket = np.frombuffer(source.read(), np.uint64).copy()
        found = np.concatenate([found, _repeated(bucket)])[:_MOST_SUSPECTS]
    return np.sort(found)


def _spread(hashes: Any, files: Sequence[Any]) -> None:
    hashes.sort()
    edges = np.arange(1, len(files), dtype=np.uint64) << np.uint64(64 - BUCKET_BITS)
    for part, file in zip(np.split(hashes, np.searchsorted(hashes, edges)), files, strict=True):
        file.write(part.tobytes())


def _compare(table: TableSource, keys: Sequence[str], suspects: Any) -> list[tuple[int, int]]:
    first: dict[tuple[Any, ...], int] = {}
    pairs: list[tuple[int, int]] = []
    start = 0
    for hashes, batch in _hashed(table, keys):
        places = np.flatnonzero(np.isin(hashes, suspects))
        for place, row in zip(places, _rows(batch, places), strict=True):
            earlier = first.setdefault(row, start + int(place))
            if earlier != start + int(place):
                pairs.append((earlier, start + int(place)))
                if len(pairs) == EXAMPLES:
                    return pairs
        start += batch.num_rows
    return pairs


def _rows(batch: pa.RecordBatch, places: Any) -> list[tuple[Any, ...]]:
    taken = [pc.take(array, pa.array(places)) for array in batch.columns]
    return list(zip(*(array.to_pylist() for array in taken), strict=True))
