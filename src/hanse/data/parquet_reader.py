"""Streaming a Parquet file as batches of the six types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from hanse.data import conversion
from hanse.data.conversion import MISSING
from hanse.data.errors import (
    EmptyFile,
    HeaderOnly,
    MixedTypes,
    NotFinite,
    UnreadableFile,
    UnsupportedType,
)
from hanse.data.text_file import Opener, check_names
from hanse.data.types import ARROW, CHUNK_ROWS, Column, ColumnType

_MISSING = pa.array(MISSING)


class ParquetSource:
    """A Parquet file of flat columns.

    Args:
        opener: opens the file for reading from its start.
        types: types declared for some columns.

    Raises:
        UnreadableFile, EmptyFile, HeaderOnly, DuplicateColumns, BlankColumns, UnsupportedType:
            as named.
    """

    def __init__(self, opener: Opener, types: Mapping[str, ColumnType]) -> None:
        self._opener = opener
        with opener() as file:
            parquet = _open(file)
            schema = parquet.schema_arrow
            if not schema.names:
                raise EmptyFile("the file has no columns")
            check_names(schema.names)
            if parquet.metadata.num_rows == 0:
                raise HeaderOnly("the file has columns and no row")
        self.columns = tuple(
            Column(field.name, types.get(field.name) or _kind(field)) for field in schema
        )

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the rows in batches of the columns' types.

        Raises:
            MixedTypes: when values do not fit the declared type, naming rows.
            NotFinite: when a number is infinite, naming a row.
        """
        schema = pa.schema([pa.field(column.name, ARROW[column.type]) for column in self.columns])
        first_row = 0
        with self._opener() as file:
            try:
                for batch in _open(file).iter_batches(CHUNK_ROWS):
                    arrays = [
                        _cast(array, column, first_row)
                        for array, column in zip(batch.columns, self.columns, strict=True)
                    ]
                    yield pa.RecordBatch.from_arrays(arrays, schema=schema)
                    first_row += batch.num_rows
            except (pa.ArrowInvalid, OSError):
                raise UnreadableFile("the Parquet file is damaged") from None


def _open(file: Any) -> Any:
    try:
        return pq.ParquetFile(pa.PythonFile(file, "r"), buffer_size=1 << 20, pre_buffer=False)
    except (pa.ArrowInvalid, OSError) as error:
        raise UnreadableFile("the file begins like Parquet and is damaged") from error


_KINDS: tuple[tuple[ColumnType, tuple[Any, ...]], ...] = (
    ("int64", (pa.types.is_integer,)),
    ("float64", (pa.types.is_floating, pa.types.is_decimal)),
    (
        "text",
        (
            pa.types.is_string,
            pa.types.is_large_string,
            pa.types.is_string_view,
            pa.types.is_null,
        ),
    ),
    ("bool", (pa.types.is_boolean,)),
    ("date", (pa.types.is_date,)),
    ("timestamp", (pa.types.is_timestamp,)),
)


def _kind(field: pa.Field) -> ColumnType:
    arrow = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    for kind, tests in _KINDS:
        if any(test(arrow) for test in tests):
            return kind
    raise UnsupportedType(f"column {field.name!r} has the type {arrow}")


def _cast(array: pa.Array, column: Column, first_row: int) -> pa.Array:
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    is_text = _kind(pa.field(column.name, array.type)) == "text"
    try:
        if is_text:
            cells = array.cast(pa.string())
            cells = pc.if_else(pc.is_in(cells, _MISSING), None, cells)
            return conversion.convert(cells, column.type)
        cast = _to_type(array, column.type)
    except conversion.Unconvertible as error:
        rows = ", ".join(str(first_row + place + 1) for place in error.positions[:5])
        raise MixedTypes(f"column {column.name!r} is not all {column.type}: rows {rows}") from None
    except pa.ArrowInvalid:
        last = first_row + len(array)
        raise MixedTypes(
            f"column {column.name!r} does not fit {column.type} in rows {first_row + 1} to {last}"
        ) from None
    if column.type != "float64":
        return cast
    finite = conversion.plain_floats(cast)
    if finite is None:
        row = first_row + pc.index(pc.is_inf(cast), True).as_py() + 1
        raise NotFinite(f"column {column.name!r} is infinite in row {row}")
    return finite


def _to_type(array: pa.Array, kind: ColumnType) -> pa.Array:
    """Cast a typed array; exact, except that decimals round and timestamps lose nanoseconds."""
    if kind == "timestamp" and pa.types.is_timestamp(array.type):
        # Without a zone the clock is taken as UTC's.
        return array.cast(pa.timestamp("us", array.type.tz), safe=False).cast(ARROW[kind])
    is_rounded = kind == "float64" and pa.types.is_decimal(array.type)
    return array.cast(ARROW[kind], safe=not is_rounded)
