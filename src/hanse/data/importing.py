"""From a file to a table in the vault: streamed, typed over all rows, all or nothing.

A CSV file is read once when the types its first block suggests hold for the whole file, else
twice: the first reading then decides the types from every cell. Nothing is guessed from a
sample. Memory stays within a few blocks and one row group, whatever the size of the file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from hanse.data import conversion, duplicates
from hanse.data.csv_reader import NotThisEncoding, read_cells
from hanse.data.detection import Detector, Mixed
from hanse.data.errors import (
    BadEncoding,
    DuplicateIds,
    EmptyFile,
    MissingIds,
    MixedTypes,
    NoSuchType,
    SourceChanged,
    UnreadableFile,
)
from hanse.data.object_writer import ObjectWriter
from hanse.data.parquet_reader import ParquetSource
from hanse.data.tables import Table, TableWriter
from hanse.data.text_file import Dialect, Opener, examine, lines_of_rows
from hanse.data.types import ARROW, Column, ColumnType, arrow_schema, pick
from hanse.data.vault import Vault

Source = Path | str | Opener
_THREADS = 4


def import_file(
    source: Source,
    store: Vault,
    *,
    key_columns: Sequence[str] = (),
    types: Mapping[str, ColumnType] | None = None,
    name: str = "",
    encoding: str = "",
) -> Table:
    """Import a CSV or Parquet file into the vault.

    Which of the two it is, is read from its first bytes. CSV: UTF-8 (with or without mark),
    UTF-16 with mark, or GB18030; separated by comma, tab, semicolon or bar; header in the first
    line; cells as in RFC 4180.

    Args:
        source: path of the file, or a function that opens it anew from its start (for data that
            is not a plain file, such as `EncryptedFile`).
        store: the vault.
        key_columns: columns that together identify a row; checked for gaps and duplicates.
        types: types of columns that are not to be detected.
        name: what to call the table; the file's name when empty.
        encoding: Python's name of the encoding, when detection is not wanted.

    Raises:
        UnreadableFile, BadEncoding, EmptyFile, HeaderOnly, DuplicateColumns, BlankColumns,
        BadColumnName, NoSuchColumn, NoSuchType, UnsupportedType, RaggedRows, MixedTypes,
        NotFinite, MissingIds, DuplicateIds, SourceChanged, StorageFull: as named; the vault is
        then as it was before.
    """
    opener, fallback = _opener(source)
    declared = dict(types or {})
    for kind in declared.values():
        if kind not in ARROW:
            raise NoSuchType(f"no type is called {str(kind)[:20]!r}")
    with opener() as file:
        head = file.read(4)
    if not head:
        raise EmptyFile
    if head == b"PAR1":
        return _import_parquet(opener, store, key_columns, declared, name or fallback)
    return _import_csv(opener, store, key_columns, declared, name or fallback, encoding)


def _opener(source: Source) -> tuple[Opener, str]:
    if callable(source):
        return source, "table"
    path = Path(source)

    def open_path() -> BinaryIO:
        try:
            return path.open("rb")
        except OSError as error:
            raise UnreadableFile(
                f"{path.name!r} cannot be read: {error.strerror}", debug=str(path)
            ) from error

    return open_path, path.stem


def _import_parquet(
    opener: Opener,
    store: Vault,
    keys: Sequence[str],
    types: Mapping[str, ColumnType],
    name: str,
) -> Table:
    source = ParquetSource(opener, types)
    pick(source.columns, [*keys, *types])
    with store.new_object("table", name) as target:
        with TableWriter(target.file, source.columns) as writer:
            for batch in source.batches():
                writer.write(batch)
        return _finish(store, target, source.columns, keys, _row_numbers)


def _row_numbers(rows: Sequence[int]) -> str:
    return _listed("row", [row + 1 for row in rows])


def _listed(what: str, numbers: Sequence[int]) -> str:
    return f"{what}{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers))}"


def _import_csv(
    opener: Opener,
    store: Vault,
    keys: Sequence[str],
    types: Mapping[str, ColumnType],
    name: str,
    encoding: str,
) -> Table:
    try:
        job = _CsvImport(opener, examine(opener, encoding), types, keys)
        return job.run(store, name)
    except NotThisEncoding:
        job = _CsvImport(opener, examine(opener, "gb18030"), types, keys)
        try:
            return job.run(store, name)
        except UnicodeDecodeError:
            raise BadEncoding from None


class _CsvImport:
    """One CSV file on its way into the vault."""

    def __init__(
        self,
        opener: Opener,
        dialect: Dialect,
        types: Mapping[str, ColumnType],
        keys: Sequence[str],
    ) -> None:
        plain = [Column(column, "text") for column in dialect.names]
        pick(plain, [*keys, *types])
        self._opener, self._dialect, self._types, self._keys = opener, dialect, types, keys
        self._detectors = [None if column in types else Detector() for column in dialect.names]

    def run(self, store: Vault, name: str) -> Table:
        """Import; columns are worked on in parallel, since Arrow releases the lock."""
        with ThreadPoolExecutor(_THREADS, thread_name_prefix="import") as self._pool:
            return self._run(store, name)

    def _run(self, store: Vault, name: str) -> Table:
        with store.new_object("table", name) as target:
            columns = self._read_and_guess(target)
            if columns is not None:
                return _finish(store, target, columns, self._keys, self._lines)
        with store.new_object("table", name) as target:
            columns = self._columns([self._decide(i) for i in range(len(self._detectors))])
            self._read_typed(target, columns)
            return _finish(store, target, columns, self._keys, self._lines)

    def _read_and_guess(self, target: ObjectWriter) -> tuple[Column, ...] | None:
        """Read all cells into the detectors, writing them on the way while the guess holds.

        Returns:
            The columns when the guess held to the end; else None, and the detectors know.
        """
        with ExitStack() as stack:
            writer: TableWriter | None = None
            columns: tuple[Column, ...] = ()
            row, holds = 0, True
            for batch in read_cells(self._opener, self._dialect):
                quick = self._detect(batch, row)
                if writer is None:
                    columns = self._columns([self._guess(i) for i in range(len(quick))])
                    writer = stack.enter_context(TableWriter(target.file, columns))
                holds = holds and self._write_if_fitting(writer, batch, columns, quick)
                row += batch.num_rows
            self._rows = row
            decided = self._columns([self._decide(i) for i in range(len(self._detectors))])
        return columns if holds and decided == columns else None

    def _detect(self, batch: pa.RecordBatch, row: int) -> list[pa.Array | None]:
        def feed(detector: Detector | None, cells: pa.Array) -> pa.Array | None:
            return detector.feed(cells, row) if detector else None

        return list(self._pool.map(feed, self._detectors, batch.columns))

    def _write_if_fitting(
        self,
        writer: TableWriter,
        batch: pa.RecordBatch,
        columns: Sequence[Column],
        quick: Sequence[pa.Array | None],
    ) -> bool:
        def fit(cells: pa.Array, column: Column, values: pa.Array | None) -> pa.Array:
            if values is not None and values.type == ARROW[column.type]:
                return values
            return conversion.convert(cells, column.type)

        try:
            arrays = list(self._pool.map(fit, batch.columns, columns, quick))
        except conversion.Unconvertible:
            return False
        writer.write(pa.RecordBatch.from_arrays(arrays, schema=arrow_schema(columns)))
        return True

    def _read_typed(self, target: ObjectWriter, columns: Sequence[Column]) -> None:
        schema, row = arrow_schema(columns), 0
        with TableWriter(target.file, columns) as writer:
            for batch in read_cells(self._opener, self._dialect):
                convert = partial(self._convert, first_row=row)
                arrays = list(self._pool.map(convert, batch.columns, columns))
                writer.write(pa.RecordBatch.from_arrays(arrays, schema=schema))
                row += batch.num_rows
        if row != self._rows:
            raise SourceChanged

    def _convert(self, cells: pa.Array, column: Column, first_row: int) -> pa.Array:
        try:
            return conversion.convert(cells, column.type)
        except conversion.Unconvertible as error:
            rows = [first_row + place for place in error.positions[: duplicates.EXAMPLES]]
            raise MixedTypes(
                f"column {column.name!r} is not all {column.type}: {self._lines(rows)}"
            ) from None

    def _guess(self, index: int) -> ColumnType:
        try:
            return self._type(index)
        except Mixed:
            return "text"

    def _decide(self, index: int) -> ColumnType:
        try:
            return self._type(index)
        except Mixed as error:
            more = " and others" if error.count > len(error.rows) else ""
            raise MixedTypes(
                f"column {self._dialect.names[index]!r} is mostly {error.kind} but not on "
                f"{self._lines(error.rows)}{more}"
            ) from None

    def _type(self, index: int) -> ColumnType:
        detector = self._detectors[index]
        return detector.decide() if detector else self._types[self._dialect.names[index]]

    def _columns(self, kinds: Sequence[ColumnType]) -> tuple[Column, ...]:
        return tuple(map(Column, self._dialect.names, kinds))

    def _lines(self, rows: Sequence[int]) -> str:
        lines = lines_of_rows(self._opener, self._dialect, rows)
        return _listed("line", lines)


def _finish(
    store: Vault,
    target: ObjectWriter,
    columns: Sequence[Column],
    keys: Sequence[str],
    places: Callable[[Sequence[int]], str],
) -> Table:
    table = target.as_table()
    if keys:
        _check_keys(table, keys, store, places)
    target.commit(rows=table.rows, columns=columns, details={"keys": "\n".join(keys)})
    return store.open_table(target.id)


def _check_keys(
    table: Table, keys: Sequence[str], store: Vault, places: Callable[[Sequence[int]], str]
) -> None:
    named = ", ".join(map(repr, keys))
    gaps = duplicates.rows_without_key(table, keys)
    if gaps:
        raise MissingIds(f"no value in {named} on {places(gaps)}")
    with store.scratch() as scratch:
        pairs = duplicates.duplicate_rows(table, keys, scratch)
    if pairs:
        rows = sorted({row for pair in pairs for row in pair})
        raise DuplicateIds(f"the same {named} more than once, on {places(rows)}")
