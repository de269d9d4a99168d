"""The profile against Python's own statistics."""

from __future__ import annotations

import datetime
import math
import statistics

import pyarrow as pa
import pytest

from hanse.data.batches import ArrowTable
from hanse.data.profile import profile
from hanse.data.types import ARROW


def test_numbers_dates_and_words() -> None:
    numbers = [3.5, None, -1.0, 2.25, 2.25]
    days = [datetime.date(2024, 1, 5), None, datetime.date(1999, 2, 1), None, None]
    table = ArrowTable(
        pa.table(
            {
                "A": numbers,
                "a": [2**62, 2**62, 5, 5, 5],
                'quoted "name"': pa.array(["x", "y", None, "x", ""]),
                "day": days,
                "at": pa.array([1_500_000, None, 0, None, None]).cast(ARROW["timestamp"]),
                "ok": [True, None, False, True, True],
                "gap": pa.nulls(5, pa.int64()),
            }
        )
    )
    found = profile(table)
    assert found.rows == 5
    by_name = {column.name: column for column in found.columns}
    present = [value for value in numbers if value is not None]
    first = by_name["A"]
    assert (first.type, first.missing, first.distinct) == ("float64", 1, 3)
    assert (first.minimum, first.maximum) == (-1.0, 3.5)
    assert first.mean == pytest.approx(statistics.mean(present))
    assert first.stddev == pytest.approx(statistics.stdev(present))
    assert by_name["a"].maximum == 2**62
    words = by_name['quoted "name"']
    assert (words.missing, words.distinct, words.minimum, words.mean) == (1, 3, None, None)
    assert (by_name["day"].minimum, by_name["day"].maximum) == ("1999-02-01", "2024-01-05")
    assert by_name["at"].maximum == "1970-01-01T00:00:01.500000+00:00"
    assert (by_name["ok"].distinct, by_name["ok"].minimum) == (2, None)
    gap = by_name["gap"]
    assert (gap.missing, gap.distinct, gap.minimum, gap.mean, gap.stddev) == (
        5,
        0,
        None,
        None,
        None,
    )


def test_huge_numbers_have_no_spread_rather_than_an_error() -> None:
    found = profile(ArrowTable(pa.table({"x": [1e308, -1e308, 1e308]}))).columns[0]
    assert found.maximum == 1e308
    assert found.stddev is None or math.isfinite(found.stddev)


def test_estimated_distinct_is_near() -> None:
    found = profile(ArrowTable(pa.table({"x": list(range(100_000))}))).columns[0]
    assert found.distinct == pytest.approx(100_000, rel=0.1)


def test_many_columns() -> None:
    table = ArrowTable(pa.table({f"c{i}": [i, i + 1] for i in range(150)}))
    found = profile(table)
    assert [column.minimum for column in found.columns] == list(range(150))
