"""Reading a column of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from hanse.data.types import ARROW, pick

if TYPE_CHECKING:
    from hanse.data.types import TableSource


def read_column(table: TableSource, name: str) -> Any:
    """A column as one Arrow array."""
    parts = [batch.column(0) for batch in table.batches([name])]
    if not parts:
        return pa.array([], ARROW[pick(table.columns, [name])[0].type])
    return pa.chunked_array(parts).combine_chunks()
