"""What the detector decides from cells, and that batches do not matter to it."""

from __future__ import annotations

import pyarrow as pa
import pytest

from hanse.data.conversion import Unconvertible, convert
from hanse.data.detection import Detector, Mixed
from hanse.data.types import ARROW, ColumnType

CASES = {
    "int64": [["1", "-5", "0"], ["+7", " 8 ", None, "-"], ["999999999999999999"]],
    "float64": [["1", "2.5"], [".5", "5.", "1e3"], ["-0.0", "none"], ["007.5", "1"]],
    "bool": [["true", "FALSE"], ["True", None]],
    "date": [["2024-01-05"], ["2024/1/5", "2024年1月5日"], ["2024-1-5", "-"]],
    "timestamp": [["2024-01-05 10:00"], ["2024-01-05", "2024/1/5 9:05:06.123456789"]],
    "text": [
        ["007", "12"],
        ["1234567890123456789012"],
        [None, ""],
        ["-", "none"],
        ["a", "b", "1"],
        ["0x10", "a1"],
        ["１２", "a"],
        ["张三", "李四", "true"],
        ["tom", "fay"],
    ],
}


@pytest.mark.parametrize(
    ("kind", "cells"), [(kind, cells) for kind, columns in CASES.items() for cells in columns]
)
def test_type_is_found_whatever_the_batches(kind: ColumnType, cells: list[str | None]) -> None:
    together, apart = Detector(), Detector()
    together.feed(pa.array(cells, pa.string()), 0)
    for row, cell in enumerate(cells):
        apart.feed(pa.array([cell], pa.string()), row)
    assert together.decide() == apart.decide() == kind
    assert together.counts == apart.counts or kind == "float64"
    convert(pa.array(cells, pa.string()), kind)


@pytest.mark.parametrize(
    ("cells", "kind", "rows"),
    [
        (["1", "2", "x"], "int64", [2]),
        (["x", "1"], "int64", [0]),
        (["1.5", "2", "007"], "float64", [2]),
        (["true", "false", "1"], "bool", [2]),
        (["2024-01-05", "2024-01-06", "13/05/2024"], "date", [2]),
        (["2024-02-30", "2024-02-28"], "date", [0]),
        (["1", "inf", "2"], "int64", [1]),
    ],
)
def test_mixed_columns_name_the_odd_rows(cells: list[str], kind: str, rows: list[int]) -> None:
    detector = Detector()
    for row, cell in enumerate(cells):
        detector.feed(pa.array([cell]), row + 100)
    with pytest.raises(Mixed) as caught:
        detector.decide()
    assert (caught.value.kind, caught.value.rows) == (kind, [row + 100 for row in rows])
    assert caught.value.count == len(rows)


def test_slices_and_gaps_do_not_shift_cells() -> None:
    cells = pa.array(["zz", None, "12", "", "x", "7"])[2:]
    detector = Detector()
    detector.feed(cells, 0)
    assert (detector.counts["int64"], detector.counts["text"]) == (2, 1)


@pytest.mark.parametrize(
    ("kind", "cells", "places"),
    [
        ("int64", ["1", "1.5", "x", "9223372036854775808"], [1, 2, 3]),
        ("int64", ["0x1f", "1"], [0]),
        ("float64", ["1e999", "x", "1"], [0, 1]),
        ("float64", ["1e999", "1"], [0]),
        ("bool", ["yes", "true", "1"], [0, 2]),
        ("date", ["2024-01-05 10:00", "2024-01-05", "2024-13-01"], [0, 2]),
        ("date", ["2024-13-01", "2024-01-05", "2024-02-30"], [0, 2]),
        ("timestamp", ["2024-01-05 25:00", "2024-01-05 23:59"], [0]),
    ],
)
def test_conversion_names_the_cells_that_do_not_fit(
    kind: ColumnType, cells: list[str], places: list[int]
) -> None:
    with pytest.raises(Unconvertible) as caught:
        convert(pa.array(cells), kind)
    assert caught.value.positions == places


def test_text_stays_as_it_is() -> None:
    cells = [" a", "none", "　", "", None, "x\n"]
    assert convert(pa.array(cells), "text").to_pylist() == [" a", "none", None, None, None, "x\n"]
    assert convert(pa.array(["1"]), "text").type == ARROW["text"]
