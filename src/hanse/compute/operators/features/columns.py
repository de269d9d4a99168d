"""Which of an owner's columns a step works on, and reading them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hanse.compute.errors import AmbiguousColumn, NoSuchColumn, RowsDiffer, TooFewRows
from hanse.compute.operators.preparation import numbers
from hanse.compute.operators.sharing import same
from hanse.data.types import Column, TableSource

if TYPE_CHECKING:
    from hanse.compute.worker.task import Task

NUMERIC = ("int64", "float64", "date", "timestamp")
Floats = npt.NDArray[np.float64]


def chosen_columns(
    task: Task, port: str = "table", *, without: Collection[str] = ()
) -> list[Column]:
    """This owner's columns by the parameter ``columns``; without keys and the given ones."""
    asked = set(task.texts("columns")) if "columns" in task.parameters else set()
    left = {*without, *task.meta(port).get("key_columns", [])}
    columns = [column for column in task.readable(port) if column.name not in left]
    return [column for column in columns if column.name in asked] if asked else columns


def read_column(table: TableSource, name: str) -> Any:
    """A column as one Arrow array."""
    parts = [batch.column(0) for batch in table.batches([name])]
    return pa.chunked_array(parts).combine_chunks() if parts else pa.array([])


def read_numbers(table: TableSource, column: Column) -> Floats:
    """A number, date or timestamp column as floats; what is missing or not finite is NaN."""
    values = numbers(read_column(table, column.name), column.type)
    return np.where(np.isfinite(values), values, np.nan)


def require_rows(task: Task, port: str = "table") -> int:
    """The row count of this owner's table.

    Raises:
        TooFewRows: when it is under ``minimum_rows``.
    """
    rows = task.table(port).rows
    if rows < task.integer("minimum_rows"):
        raise TooFewRows(f"fewer rows than the {task.integer('minimum_rows')} that are needed")
    return rows


def agreed_rows(task: Task, facts: Mapping[str, Any]) -> int:
    """The row count that all owners stated.

    Raises:
        RowsDiffer: when they stated different ones.
    """
    rows = same(facts, task.parties("owner"), "rows")
    if rows is None:
        raise RowsDiffer("the owners' tables have different numbers of rows")
    return int(rows)


def only_holder(task: Task, facts: Mapping[str, Any], what: str, name: str) -> str:
    """The one owner whose fact ``what`` is true: it has the column ``name``.

    Raises:
        NoSuchColumn: when no owner has it.
        AmbiguousColumn: when several have.
    """
    holders = [alias for alias in task.parties("owner") if facts[alias][what]]
    if not holders:
        raise NoSuchColumn(f"no owner has the column {name!r}")
    if len(holders) > 1:
        raise AmbiguousColumn(f"several owners have a column {name!r}")
    return holders[0]


def require_known(task: Task, facts: Mapping[str, Any], *parameters: str) -> None:
    """Refuse a list parameter that names a column no owner has.

    Every owner's fact ``known`` lists the columns named by these parameters that it has.

    Raises:
        NoSuchColumn: naming the first.
    """
    known = {name for alias in task.parties("owner") for name in facts[alias]["known"]}
    for parameter in parameters:
        for name in task.texts(parameter):
            if name not in known:
                raise NoSuchColumn(f"no owner has the column {name!r} of {parameter!r}")


def known_of(task: Task, *parameters: str, port: str = "table") -> list[str]:
    """Columns named by these parameters that this owner has."""
    named = [name for parameter in parameters for name in task.texts(parameter)]
    have = {column.name for column in task.readable(port)}
    return [name for name in named if name in have]


def names_of(columns: Sequence[Column]) -> list[str]:
    """Names of columns."""
    return [column.name for column in columns]


def missing_share(table: TableSource, column: Column) -> float:
    """Share of the rows without a value; 0 for a table without rows."""
    if table.rows == 0:
        return 0.0
    if column.type in NUMERIC:
        return float(np.isnan(read_numbers(table, column)).mean())
    return float(read_column(table, column.name).null_count) / table.rows
