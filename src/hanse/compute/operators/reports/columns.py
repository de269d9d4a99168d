"""What reports share: reading an owner's columns, and telling facts to receivers only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hanse.compute.errors import BadInput, OutOfRange, RowsDiffer, TooFewRows
from hanse.compute.operators.preparation import numbers
from hanse.compute.operators.sharing import same

if TYPE_CHECKING:
    from hanse.compute.engines.link import Link
    from hanse.compute.worker.task import Task
    from hanse.data.types import Column, TableSource

LARGEST = 1e300
Floats = npt.NDArray[np.float64]


def read(table: TableSource, name: str) -> Any:
    """One column as an Arrow array."""
    batches = [batch.column(0) for batch in table.batches([name])]
    return pa.chunked_array(batches).combine_chunks()


def read_numbers(table: TableSource, column: Column) -> Floats:
    """A number column, NaN where a value is missing.

    Raises:
        OutOfRange: when a value is larger than 1e300 or no finite number.
    """
    values = numbers(read(table, column.name), column.type)
    if np.any(np.abs(values) > LARGEST):
        raise OutOfRange(f"the numbers in column {column.name!r} are too large")
    return values


def check_rows(task: Task) -> int:
    """Rows of this owner's table.

    Raises:
        TooFewRows: when there are fewer than the step's minimum.
    """
    rows, least = task.table("table").rows, task.integer("minimum_rows")
    if rows < least:
        raise TooFewRows(f"fewer rows than the {least} that are needed")
    return rows


def agreed_rows(task: Task, facts: dict[str, Any]) -> int:
    """Rows that all owners' tables have.

    Raises:
        RowsDiffer: when they do not agree.
    """
    rows = same(facts, task.parties("owner"), "rows")
    if rows is None:
        raise RowsDiffer("the owners' tables have different numbers of rows")
    return int(rows)


def tell_receivers(task: Task, link: Link, value: Any, kind: type[Any]) -> dict[str, Any]:
    """Owners send a value to the receivers and to nobody else; returns what owners told, by alias.

    Args:
        task: the task.
        link: the data link.
        value: what this owner tells.
        kind: what every owner's value is.
    """
    if task.is_in("owner"):
        for alias in task.parties("receiver"):
            if alias != task.me:
                link.send(alias, msgspec.json.encode(value))
    if not task.is_in("receiver"):
        return {}
    return {
        alias: value if alias == task.me else _told(link, alias, kind)
        for alias in task.parties("owner")
    }


def _told(link: Link, alias: str, kind: type[Any]) -> Any:
    try:
        return msgspec.json.decode(link.receive(alias), type=kind)
    except msgspec.DecodeError as error:
        raise BadInput(f"what {alias} told is not what this step expects") from error
