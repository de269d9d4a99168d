"""Receipts: how many rows took part and were found, and how they spread, without any content."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from hanse.compute.operators.rows import Rows
from hanse.compute.operators.sets.session import own_rows
from hanse.data.types import TableSource

if TYPE_CHECKING:
    from hanse.compute.worker.task import Task


def keep(task: Task, rows: Rows, entered: int, key_columns: Sequence[str]) -> None:
    """At a receiver: keep these rows of its own table, and the receipt of them.

    Args:
        task: with the outputs `ROWS_AND_RECEIPT` and the parameters `RECEIPT_PARAMETERS`.
        rows: row numbers of the common rows, in the order that all share.
        entered: rows with a key.
        key_columns: of the table.
    """
    table = own_rows(task, rows)
    task.measures["rows_common"] = table.rows
    task.keep_table("table", table, {"key_columns": list(key_columns)})
    columns = [c.name for c in table.columns if c.name in task.texts("count_by")]
    receipt = receipt_of(entered, table, columns, task.integer("minimum_group"))
    task.keep_bytes("receipt", msgspec.json.encode(receipt), {})


def receipt_of(
    entered: int, table: TableSource, columns: Sequence[str], minimum: int
) -> dict[str, Any]:
    """Counts of rows entered and found, and by value of the named columns.

    Args:
        entered: rows with a key.
        table: the rows found.
        columns: whose values are counted; a missing value counts as ``null``.
        minimum: values with fewer rows are counted together as ``fewer``, which is left out when
            it is still below.
    """
    spread = {}
    for name in columns:
        counts: Counter[Any] = Counter()
        for batch in table.batches([name]):
            counts.update(batch.column(0).to_pylist())
        spread[name] = _grouped(counts, minimum)
    return {"rows_entered": entered, "rows_common": table.rows, "by": spread}


def _grouped(counts: Counter[Any], minimum: int) -> dict[str, Any]:
    large = [(value, count) for value, count in counts.most_common() if count >= minimum]
    fewer = sum(counts.values()) - sum(count for _, count in large)
    values = [{"value": _plain(value), "rows": count} for value, count in large]
    return {"values": values, **({"fewer": fewer} if fewer >= minimum else {})}


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)
