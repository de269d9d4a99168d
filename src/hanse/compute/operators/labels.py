"""Read a label column: 0 and 1, both present."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hanse.compute.errors import BadLabel, OneClassLabel
from hanse.data.types import Column, TableSource


def read_labels(table: TableSource, column: Column) -> npt.NDArray[np.float32]:
    """Labels of all rows as 0.0 and 1.0; shape (rows,).

    Truth values, and the texts ``0`` and ``1``, count as numbers.

    Raises:
        BadLabel: on gaps or other values; without saying which.
        OneClassLabel: when all are the same.
    """
    parts = [batch.column(0) for batch in table.batches([column.name])]
    values = _numeric(pa.chunked_array(parts).combine_chunks(), column)
    if bool(np.isnan(values).any()) or not bool(np.isin(values, (0.0, 1.0)).all()):
        raise BadLabel(f"the label {column.name!r} has gaps or values other than 0 and 1")
    if len(np.unique(values)) != 2:
        raise OneClassLabel(f"all rows have the same label in column {column.name!r}")
    return values.astype(np.float32)


def _numeric(array: Any, column: Column) -> npt.NDArray[np.float64]:
    try:
        if column.type in {"bool", "int64"}:
            array = array.cast(pa.int64())
        array = array.cast(pa.float64(), safe=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        # Arrow's own message quotes the value.
        raise BadLabel(f"the label {column.name!r} is no number") from error
    return np.asarray(pc.fill_null(array, np.nan), np.float64)
