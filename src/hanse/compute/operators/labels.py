"""Read a label column: 0 and 1, numbers, or names of classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hanse.compute.errors import BadLabel, OneClassLabel
from hanse.compute.operators.reading import read_column
from hanse.data.types import Column, TableSource

MAX_CLASSES = 100
LARGEST_NUMBER = 1e15


def read_labels(table: TableSource, column: Column) -> npt.NDArray[np.float32]:
    """Labels of all rows as 0.0 and 1.0; shape (rows,).

    Truth values, and the texts ``0`` and ``1``, count as numbers.

    Raises:
        BadLabel: on gaps or other values; without saying which.
        OneClassLabel: when all are the same.
    """
    values = _numeric(read_column(table, column.name), column)
    if bool(np.isnan(values).any()) or not bool(np.isin(values, (0.0, 1.0)).all()):
        raise BadLabel(f"the label {column.name!r} has gaps or values other than 0 and 1")
    if len(np.unique(values)) != 2:
        raise OneClassLabel(f"all rows have the same label in column {column.name!r}")
    return values.astype(np.float32)


def read_numbers(
    table: TableSource, column: Column, *, constant: bool = False
) -> npt.NDArray[np.float64]:
    """A number label; shape (rows,). ``constant`` allows the same number everywhere.

    Raises:
        BadLabel: on gaps, infinities and numbers beyond ±1e15.
        OneClassLabel: when all are the same.
    """
    values = _numeric(read_column(table, column.name), column)
    if not bool((np.abs(values) <= LARGEST_NUMBER).all()):  # false for gaps too
        raise BadLabel(f"the label {column.name!r} has gaps or numbers beyond ±1e15")
    if not constant and float(np.ptp(values)) == 0.0:
        raise OneClassLabel(f"all rows have the same label in column {column.name!r}")
    return values


def class_names(table: TableSource, column: Column) -> list[str]:
    """The distinct classes of a label column, in order; whole numbers by size.

    Raises:
        BadLabel: on gaps, numbers that are not whole, or more than 100 classes.
        OneClassLabel: when there is one class only.
    """
    names = list(set(_texts(table, column)))
    if len(names) > MAX_CLASSES:
        raise BadLabel(f"the label {column.name!r} has more than {MAX_CLASSES} classes")
    if len(names) < 2:
        raise OneClassLabel(f"all rows have the same label in column {column.name!r}")
    try:
        return sorted(names, key=int)
    except ValueError:
        return sorted(names)


def read_classes(
    table: TableSource, column: Column, classes: Sequence[str]
) -> npt.NDArray[np.int64]:
    """The number of each row's class among ``classes``; shape (rows,).

    Raises:
        BadLabel: on gaps and on classes that are not among them.
    """
    number = {name: at for at, name in enumerate(classes)}
    texts = _texts(table, column)
    if not set(texts) <= set(number):
        raise BadLabel(f"the label {column.name!r} has classes the model does not know")
    return np.array([number[text] for text in texts], np.int64)


def _texts(table: TableSource, column: Column) -> list[str]:
    array = read_column(table, column.name)
    if column.type == "float64":
        try:
            array = array.cast(pa.int64())
        except pa.ArrowInvalid as error:
            message = f"the label {column.name!r} has numbers that are not whole"
            raise BadLabel(message) from error
    if array.null_count:
        raise BadLabel(f"the label {column.name!r} has gaps")
    return [str(text) for text in array.cast(pa.string()).to_pylist()]


def _numeric(array: Any, column: Column) -> npt.NDArray[np.float64]:
    try:
        if column.type in {"bool", "int64"}:
            array = array.cast(pa.int64())
        array = array.cast(pa.float64(), safe=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        # Arrow's own message quotes the value.
        raise BadLabel(f"the label {column.name!r} is no number") from error
    return np.asarray(pc.fill_null(array, np.nan), np.float64)
