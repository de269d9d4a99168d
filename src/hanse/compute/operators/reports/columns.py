"""What reports share: reading an owner's columns, and telling facts to receivers only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hanse.compute.errors import OutOfRange
from hanse.compute.operators.preparation import numbers
from hanse.compute.operators.reading import read_column

if TYPE_CHECKING:
    from hanse.data.types import Column, TableSource

LARGEST = 1e300
Floats = npt.NDArray[np.float64]


def read_numbers(table: TableSource, column: Column) -> Floats:
    """A number column, NaN where a value is missing.

    Raises:
        OutOfRange: when a value is larger than 1e300 or no finite number.
    """
    values = numbers(read_column(table, column.name), column.type)
    if np.any(np.abs(values) > LARGEST):
        raise OutOfRange(f"the numbers in column {column.name!r} are too large")
    return values
