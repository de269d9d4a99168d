"""Numbers of tables are finite when they are read and when they are written."""

from __future__ import annotations

import math

import pyarrow as pa
import pytest

from hanse.compute.errors import OutOfRange
from hanse.compute.operators.reading import read_column
from hanse.compute.worker.finite import FiniteTable, finite
from hanse.data.batches import ArrowTable

TABLE = pa.table({"a": [1.5, math.nan, None], "b": ["x", None, "y"], "c": [math.inf, 1.0, 2.0]})


def test_nan_is_a_missing_value() -> None:
    read = FiniteTable(ArrowTable(TABLE), {"a", "b"}).batches(["a", "b"])
    (batch,) = list(read)
    assert batch.to_pydict() == {"a": [1.5, None, None], "b": ["x", None, "y"]}


def test_infinite_numbers_are_refused_by_column_where_they_count() -> None:
    held = ArrowTable(TABLE)
    with pytest.raises(OutOfRange, match="'c' holds infinite numbers"):
        list(FiniteTable(held, {"a", "c"}).batches())
    assert next(iter(FiniteTable(held, {"a"}).batches())).column("c")[0].as_py() == math.inf
    with pytest.raises(OutOfRange, match="'c'"):
        list(finite(TABLE.to_batches(), {"c"}))


def test_finite_batches_are_given_on_as_they_are() -> None:
    batches = pa.table({"a": [1.5, None], "n": [1, 2]}).to_batches()
    assert all(batch is same for batch, same in zip(finite(batches, {"a"}), batches, strict=True))


@pytest.mark.parametrize(("name", "kind"), [("a", pa.float64()), ("b", pa.string())])
def test_a_column_of_no_rows_has_its_type(name: str, kind: pa.DataType) -> None:
    column = read_column(ArrowTable(TABLE.slice(0, 0)), name)
    assert (len(column), column.type) == (0, kind)
