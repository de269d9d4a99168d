"""The order and number of a result's rows, at the receiver."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def arranged(
    columns: Sequence[Any], descending: Sequence[bool], rows: int, limit: int | None
) -> Any:
    """Row numbers in the order asked for; missing values come last.

    Args:
        columns: Arrow arrays to order by, the most important first.
        descending: for each, whether the largest come first.
        rows: how many there are.
        limit: most rows of the result.
    """
    places = np.arange(rows)
    if columns:
        table = pa.table({f"o{n}": column for n, column in enumerate(columns)})
        keys = [
            (f"o{n}", "descending" if down else "ascending") for n, down in enumerate(descending)
        ]
        table = table.append_column("place", pa.array(places))
        found = pc.sort_indices(table, sort_keys=[*keys, ("place", "ascending")])
        places = np.asarray(found)
    return places if limit is None else places[:limit]
