"""The content digest: one value per table, whatever file it came from.

It depends on the column names, their types and order, and on the rows and their order; not on
the file format, its compression, the size of row groups or how missing values were spelled.

Definition (version 1). Let H be the suite's hash and ``tagged`` the domain-separated
concatenation of `hanse.core.canonical`. Rows are cut into chunks of exactly 65,536, the last
one shorter. A cell that is missing, or is a float NaN, is *missing*.

* Column digest = H(``tagged("hanse/digest-column/1", name as UTF-8, type name)`` ‖ frame₀ ‖
  frame₁ ‖ …), one frame per chunk.
* Frame = number of rows n (4 bytes, big-endian) ‖ validity (⌈n/8⌉ bytes, row i at bit i mod 8
  of byte ⌊i/8⌋ counted from the least significant, 1 = present, spare bits 0) ‖ values.
* Values, missing cells being 0 or empty:

  * ``int64``: 8 bytes each, little-endian two's complement;
  * ``float64``: IEEE 754 binary64, little-endian, -0.0 written as +0.0;
  * ``date``: days since 1970-01-01, 4 bytes each, little-endian two's complement;
  * ``timestamp``: UTC microseconds since 1970-01-01, 8 bytes each, the same way;
  * ``bool``: one bit each, packed like the validity;
  * ``text``: n byte lengths of 4 bytes, little-endian, then the UTF-8 bytes of all cells.

* Table digest = H(``tagged("hanse/digest-table/1", rows as 8 bytes big-endian, column digest,
  column digest, …)``).

Text is compared byte for byte: no Unicode normalisation, no trimming. A digest of data with
few possible contents can be guessed by trial, so it never goes on a ledger unsalted: commit to
it (`hanse.crypto.commitment`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hanse.core import canonical
from hanse.crypto.suite import Suite
from hanse.data.types import CHUNK_ROWS, Column, ColumnType, TableSource, pick

_THREADS = 4


def content_digest(suite: Suite, table: TableSource) -> bytes:
    """The 32-byte digest of a table's content; reads it once, in bounded memory."""
    digesting = Digesting(suite, table.columns)
    for _ in digesting.through(table.batches()):
        pass
    return digesting.digest()


class Digesting:
    """The digest of a table that passes by, so that nobody needs to read it twice.

    Args:
        suite: whose hash it is.
        columns: the table's columns.
    """

    def __init__(self, suite: Suite, columns: Sequence[Column]) -> None:
        self._suite, self._columns, self._rows = suite, tuple(columns), 0
        self._hashers = [_begin(suite, column) for column in columns]

    def through(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Give the batches on as they are; all but the last have 65,536 rows."""
        # Hashing and Arrow release the interpreter lock, so columns proceed in parallel.
        with ThreadPoolExecutor(_THREADS, thread_name_prefix="digest") as pool:
            for batch in batches:
                list(pool.map(self._absorb, range(len(self._columns)), batch.columns))
                self._rows += batch.num_rows
                yield batch

    def _absorb(self, index: int, array: pa.Array) -> None:
        for part in frame(array, self._columns[index].type):
            self._hashers[index].update(part)

    def columns(self) -> dict[str, bytes]:
        """The digest of each column by name."""
        pairs = zip(self._columns, self._hashers, strict=True)
        return {column.name: bytes(hasher.digest()) for column, hasher in pairs}

    def digest(self) -> bytes:
        """The table digest."""
        return combine(self._suite, self._rows, list(self.columns().values()))


def column_digests(
    suite: Suite, table: TableSource, columns: Sequence[str] | None = None
) -> dict[str, bytes]:
    """Digest of each column by name; lets a holder of some columns check those alone.

    Raises:
        NoSuchColumn: when a name is not the table's.
    """
    chosen = pick(table.columns, columns)
    digesting = Digesting(suite, chosen)
    for _ in digesting.through(table.batches([column.name for column in chosen], CHUNK_ROWS)):
        pass
    return digesting.columns()


def combine(suite: Suite, rows: int, digests: Sequence[bytes]) -> bytes:
    """The table digest of column digests in column order."""
    return suite.hash(canonical.tagged("hanse/digest-table/1", rows.to_bytes(8, "big"), *digests))


def _begin(suite: Suite, column: Column) -> Any:
    hasher = suite.hasher()
    hasher.update(
        canonical.tagged("hanse/digest-column/1", column.name.encode(), column.type.encode())
    )
    return hasher


def frame(array: pa.Array, kind: ColumnType) -> list[bytes | memoryview]:
    """The bytes one chunk of a column adds to its digest, as defined above.

    Args:
        array: at most 65,536 values of the Arrow type of ``kind``.
        kind: the column type.
    """
    valid = np.asarray(array.is_valid())
    parts: list[bytes | memoryview] = [len(array).to_bytes(4, "big")]
    if kind == "text":
        return [*parts, _packed(valid), *_text(array)]
    if kind == "bool":
        return [*parts, _packed(valid), _packed(np.asarray(pc.fill_null(array, False)))]
    if kind == "float64":
        values = np.array(pc.fill_null(array, 0.0), dtype="<f8")
        valid = valid & ~np.isnan(values)
        values[~valid] = 0.0
        values += 0.0
        return [*parts, _packed(valid), values.data.cast("B")]
    width = pa.int32() if kind == "date" else pa.int64()
    plain = pc.fill_null(array.cast(width), 0)
    values = np.ascontiguousarray(np.asarray(plain), dtype="<i4" if kind == "date" else "<i8")
    return [*parts, _packed(valid), values.data.cast("B")]


def _packed(bits: Any) -> bytes:
    return bytes(np.packbits(bits, bitorder="little").data)


def _text(array: pa.Array) -> list[bytes | memoryview]:
    filled = pc.fill_null(array, "")
    _, offsets, data = filled.buffers()
    if len(filled) == 0:
        return []
    ends = np.frombuffer(offsets, "<i4")[filled.offset : filled.offset + len(filled) + 1]
    lengths = np.diff(ends).astype("<u4")
    if data is None:
        return [lengths.data.cast("B")]
    return [lengths.data.cast("B"), memoryview(data)[int(ends[0]) : int(ends[-1])]]
