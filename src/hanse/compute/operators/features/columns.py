"""Which of an owner's columns a step works on, and reading them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hanse.compute.operators.preparation import numbers
from hanse.compute.operators.reading import read_column
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


def read_numbers(table: TableSource, column: Column) -> Floats:
    """A number, date or timestamp column as floats; what is missing or not finite is NaN."""
    values = numbers(read_column(table, column.name), column.type)
    return np.where(np.isfinite(values), values, np.nan)


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
