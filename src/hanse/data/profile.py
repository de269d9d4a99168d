"""What a table looks like: types, gaps, ranges. Stays at its owner; parts may be published."""

from __future__ import annotations

import datetime
import math
from typing import Any

import msgspec
import pyarrow as pa

from hanse.data.duck import confined
from hanse.data.types import CHUNK_ROWS, Column, ColumnType, TableSource, arrow_schema

_GROUP = 64
_RANGED = {"int64", "float64", "date", "timestamp"}


class ColumnProfile(msgspec.Struct, frozen=True):
    """One column.

    Attributes:
        name: the column's name.
        type: its type.
        missing: number of cells without a value.
        distinct: different values, estimated (HyperLogLog, within a few percent).
        minimum: smallest value of numbers; ISO 8601 text of dates and timestamps.
        maximum: largest value, the same way.
        mean: arithmetic mean of numbers.
        stddev: sample standard deviation of numbers (n - 1); none below two values, or when it
            exceeds what a float holds.
    """

    name: str
    type: ColumnType
    missing: int
    distinct: int
    minimum: int | float | str | None = None
    maximum: int | float | str | None = None
    mean: float | None = None
    stddev: float | None = None


class Profile(msgspec.Struct, frozen=True):
    """A table's rows and columns."""

    rows: int
    columns: tuple[ColumnProfile, ...]


def profile(table: TableSource) -> Profile:
    """Profile a table: reads each column once, in bounded memory.

    Text has no minimum and maximum, because these are people's values.
    """
    columns: list[ColumnProfile] = []
    for start in range(0, len(table.columns), _GROUP):
        columns.extend(_profile_some(table, table.columns[start : start + _GROUP]))
    return Profile(table.rows, tuple(columns))


def _profile_some(table: TableSource, columns: tuple[Column, ...]) -> list[ColumnProfile]:
    plain = [Column(str(index), column.type) for index, column in enumerate(columns)]
    schema = arrow_schema(plain)  # DuckDB takes "A" and "a" for one name
    batches = (
        pa.RecordBatch.from_arrays(batch.columns, schema=schema)
        for batch in table.batches([column.name for column in columns], CHUNK_ROWS)
    )
    wanted = [_aggregates(column) for column in plain]
    with confined() as connection:
        connection.register("t", pa.RecordBatchReader.from_batches(schema, batches))
        query = f"SELECT {', '.join(part for parts in wanted for part in parts)} FROM t"  # noqa: S608
        row = iter(connection.execute(query).fetchone() or ())
    return [_column(column, [next(row) for _ in _aggregates(column)]) for column in columns]


def _aggregates(column: Column) -> list[str]:
    name = f'"{column.name}"'
    parts = [f"count(*) - count({name})", f"approx_count_distinct({name})"]
    if column.type == "timestamp":
        return [*parts, f"epoch_us(min({name}))", f"epoch_us(max({name}))"]
    if column.type in _RANGED:
        parts += [f"min({name})", f"max({name})"]
    if column.type in {"int64", "float64"}:
        parts += [f"avg({name})", f"stddev_samp({name}::DOUBLE)"]
    return parts


def _column(column: Column, values: list[Any]) -> ColumnProfile:
    missing, distinct, *rest = values
    shown = [_shown(value, column.type) for value in rest]
    return ColumnProfile(column.name, column.type, missing, distinct, *shown)


def _shown(value: Any, kind: ColumnType) -> Any:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if kind == "timestamp":
        epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
        return (epoch + datetime.timedelta(microseconds=value)).isoformat()
    return value.isoformat() if isinstance(value, datetime.date) else value
