"""Tables at rest: Parquet inside an encrypted file, so that nothing plain touches the disk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hanse.crypto.suite import Suite
from hanse.data.batches import rechunk
from hanse.data.encrypted_file import EncryptedFile, EncryptedWriter
from hanse.data.errors import DamagedObject
from hanse.data.types import CHUNK_ROWS, Column, arrow_schema, columns_of, pick

GROUP_ROWS = 4 * CHUNK_ROWS
GROUP_BYTES = 32 * 1024 * 1024
_PAGE_BYTES = 256 * 1024


class TableWriter:
    """Writes batches as Parquet into a binary sink; memory is bounded by one row group.

    A row group is closed at 262,144 rows or 32 MiB, whichever comes first.

    Args:
        sink: a writable binary file object, not closed by the writer.
        columns: the table's columns.
    """

    def __init__(self, sink: Any, columns: Sequence[Column]) -> None:
        self._schema = arrow_schema(columns)
        self._writer = pq.ParquetWriter(
            sink,
            self._schema,
            compression="zstd",
            compression_level=1,
            data_page_size=_PAGE_BYTES,
            store_schema=True,
        )
        self._held: list[pa.RecordBatch] = []
        self._held_rows = self._held_bytes = 0
        self.rows = 0

    def write(self, batch: pa.RecordBatch) -> None:
        """Append a batch of the table's schema."""
        self._held.append(batch)
        self._held_rows += batch.num_rows
        self._held_bytes += batch.nbytes
        self.rows += batch.num_rows
        if self._held_rows >= GROUP_ROWS or self._held_bytes >= GROUP_BYTES:
            self._flush()

    def _flush(self) -> None:
        if self._held_rows:
            group = pa.Table.from_batches(self._held, self._schema)
            self._writer.write_table(group, row_group_size=max(self._held_rows, 1))
        self._held, self._held_rows, self._held_bytes = [], 0, 0

    def close(self) -> int:
        """Write what is held and the footer; returns the number of rows."""
        try:
            self._flush()
            self._writer.close()
        except BaseException:
            self.abandon()
            raise
        return self.rows

    def abandon(self) -> None:
        """Stop writing; whatever the sink then holds is no table anybody should keep."""
        self._held = []
        with suppress(Exception):  # Arrow would try again, and louder, when it is collected
            self._writer.close()

    def __enter__(self) -> TableWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _tb: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abandon()


def write_table_file(
    path: Path | str,
    key: bytes,
    suite: Suite,
    columns: Sequence[Column],
    batches: Iterable[pa.RecordBatch],
) -> int:
    """Write a table as a new encrypted file, for processes without a vault; returns the rows.

    Args:
        path: where to create the file; it must not exist. Removed again on any error.
        key: a fresh symmetric key of ``suite.key_bytes``.
        suite: the cipher.
        columns: the table's columns.
        batches: its rows, each batch of exactly these columns.
    """
    sink = EncryptedWriter(path, key, suite)
    try:
        with TableWriter(sink, columns) as writer:
            for batch in batches:
                writer.write(batch)
        sink.close()
    except BaseException:
        sink.abandon()
        Path(path).unlink(missing_ok=True)
        raise
    return writer.rows


class Table:
    """An immutable table in an encrypted file.

    Each reading opens the file anew, so several may run at once and nothing is left open.

    Args:
        path: the encrypted file.
        key: its key.
        suite: its suite.
        id: its identifier in the vault, or empty.
        name: what its owner calls it, or empty.

    Attributes:
        columns: columns in their order.
        rows: number of rows.

    Raises:
        DamagedObject: when the file was altered or the key is another's.
    """

    def __init__(
        self,
        path: Path | str,
        key: bytes,
        suite: Suite,
        *,
        id: str = "",  # noqa: A002  the field's own word
        name: str = "",
    ) -> None:
        self.path, self.id, self.name = Path(path), id, name
        self._key, self._suite = key, suite
        with self._open() as source:
            parquet = _parquet(source)
            self.columns: tuple[Column, ...] = columns_of(parquet.schema_arrow)
            self.rows: int = parquet.metadata.num_rows

    def __repr__(self) -> str:
        return f"Table(id={self.id!r}, rows={self.rows}, columns={len(self.columns)})"

    def _open(self) -> EncryptedFile:
        return EncryptedFile(self.path, self._key, self._suite)

    @property
    def size_bytes(self) -> int:
        """Length of the encrypted file."""
        return self.path.stat().st_size

    def batches(
        self, columns: Sequence[str] | None = None, size: int = CHUNK_ROWS
    ) -> Iterator[pa.RecordBatch]:
        """Yield record batches of exactly ``size`` rows (the last may be shorter), in order.

        Raises:
            NoSuchColumn: when a name is not the table's.
            DamagedObject: when a part of the file was altered.
        """
        names = [column.name for column in pick(self.columns, columns)]
        with self._open() as source:
            parquet = _parquet(source)
            for batch in rechunk(parquet.iter_batches(size, columns=names), size):
                yield batch.select(names)

    def to_arrow(self, columns: Sequence[str] | None = None) -> pa.Table:
        """The whole table, or some columns of it, in memory."""
        chosen = pick(self.columns, columns)
        names = [column.name for column in chosen]
        return pa.Table.from_batches(list(self.batches(names)), arrow_schema(chosen))


TableReader = Table


def _parquet(source: EncryptedFile) -> Any:
    try:
        return pq.ParquetFile(pa.PythonFile(source, "r"), buffer_size=1 << 20, pre_buffer=False)
    except (pa.ArrowInvalid, OSError) as error:
        raise DamagedObject("the file opens but holds no table") from error
