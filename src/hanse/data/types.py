"""The six column types of Hanse tables and how Arrow carries them.

A table is a sequence of rows under named, typed columns; any cell may be missing. There is one
spelling of each value in memory: timestamps are UTC microseconds, dates are days since
1970-01-01, text is UTF-8, and a float is finite and never minus zero.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal, Protocol

import msgspec
import pyarrow as pa

from hanse.data.errors import NoSuchColumn, UnsupportedType

ColumnType = Literal["int64", "float64", "text", "bool", "date", "timestamp"]

CHUNK_ROWS = 65_536
"""Rows per batch unless the caller asks otherwise; the digest is defined over this size."""

ARROW: dict[ColumnType, Any] = {
    "int64": pa.int64(),
    "float64": pa.float64(),
    "text": pa.string(),
    "bool": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", "UTC"),
}
_NAMES: dict[Any, ColumnType] = {arrow: name for name, arrow in ARROW.items()}


class Column(msgspec.Struct, frozen=True):
    """A column: its name as the owner wrote it, and its type."""

    name: str
    type: ColumnType


class TableSource(Protocol):
    """Anything with columns and rows that can be read again and again, batch by batch."""

    @property
    def columns(self) -> tuple[Column, ...]:
        """Columns in their order."""

    @property
    def rows(self) -> int:
        """Number of rows."""

    def batches(
        self, columns: Sequence[str] | None = None, size: int = CHUNK_ROWS
    ) -> Iterator[pa.RecordBatch]:
        """Yield record batches of exactly ``size`` rows (the last may be shorter)."""


def arrow_schema(columns: Sequence[Column]) -> pa.Schema:
    """The Arrow schema of these columns; every field may be missing."""
    return pa.schema([pa.field(column.name, ARROW[column.type]) for column in columns])


def columns_of(schema: pa.Schema) -> tuple[Column, ...]:
    """Columns of an Arrow schema made of the six types exactly.

    Raises:
        UnsupportedType: naming the first column of another type.
    """
    out = []
    for field in schema:
        kind = _NAMES.get(field.type)
        if kind is None:
            raise UnsupportedType(f"column {field.name!r} has the Arrow type {field.type}")
        out.append(Column(field.name, kind))
    return tuple(out)


def pick(columns: Sequence[Column], names: Sequence[str] | None) -> tuple[Column, ...]:
    """The named columns in the order asked for, or all of them.

    Raises:
        NoSuchColumn: naming what is not there.
    """
    if names is None:
        return tuple(columns)
    known = {column.name: column for column in columns}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise NoSuchColumn(
            f"no column {', '.join(map(repr, unknown))}; the table has "
            + ", ".join(repr(name) for name in known)
        )
    return tuple(known[name] for name in names)
