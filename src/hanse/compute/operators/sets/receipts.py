"""Receipts: how many rows took part and were found, and how they spread, without any content."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from hanse.data.types import TableSource


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
