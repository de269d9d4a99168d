"""Candidate splits of an owner's columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from hanse.compute.errors import NoSuchColumn
from hanse.compute.operators.trees.buckets import Buckets, indicators, learn
from hanse.data.batches import ArrowTable


def learnt(columns: dict[str, Any], max_bin: int = 8, most: int = 5) -> tuple[Buckets, ArrowTable]:
    table = ArrowTable(pa.table(columns))
    return learn(table, table.columns, max_bin, most), table


def test_numbers_are_asked_at_quantiles_and_few_values_at_each() -> None:
    many = np.arange(1000.0)
    held, table = learnt({"many": many, "few": many % 3})
    assert held.sizes == [7, 2]
    assert held.columns[1].boundaries == [1.0, 2.0]
    bits = indicators(held, table)
    assert bits.sum(axis=0)[:7].tolist() == [875, 750, 625, 500, 375, 250, 125]
    assert (np.diff(bits[:, :7], axis=1) <= 0).all()


def test_gaps_are_asked_on_both_sides_and_by_themselves() -> None:
    values = np.array([1.0, 2.0, np.nan, 3.0] * 10)
    held, table = learnt({"x": values})
    assert held.sizes == [5]  # two boundaries twice, and the gap
    gap = indicators(held, table)[2]
    assert gap.tolist() == [0, 0, 1, 1, 1]


def test_gaps_that_appear_later_go_left() -> None:
    held, _ = learnt({"x": np.arange(20.0)})
    later = ArrowTable(pa.table({"x": pa.array([None, 19.0], pa.float64())}))
    assert indicators(held, later)[0].sum() == 0
    assert indicators(held, later)[1].sum() == held.width


def test_infinities_are_values_and_constant_or_empty_columns_are_dropped() -> None:
    held, table = learnt(
        {
            "wild": [np.inf, -np.inf, 0.0, 1.0] * 5,
            "same": [7.0] * 20,
            "none": pa.array([None] * 20, pa.float64()),
            "word": ["x"] * 20,
        }
    )
    assert [column.column for column in held.columns] == ["wild"]
    assert held.dropped == ["same", "none", "word"]
    assert indicators(held, table)[0].tolist() == [1, 1, 1]
    assert indicators(held, table)[1].tolist() == [0, 0, 0]


def test_thousand_categories_do_not_explode_and_chinese_values_are_told_apart() -> None:
    rare = [f"值{number}" for number in range(1000)]
    held, table = learnt({"city": ["北京"] * 500 + ["上海"] * 300 + rare})
    assert held.sizes == [5]
    assert held.columns[0].values[:2] == ["北京", "上海"]
    bits = indicators(held, table)
    assert bits[:, 0].sum() == 500
    assert bits[:, 1].sum() == 300
    assert bits.sum(axis=1).max() == 1


def test_two_values_are_one_question_and_missing_texts_are_a_value() -> None:
    held, table = learnt({"flag": [True, False] * 10, "word": ["a", None] * 10})
    assert held.sizes == [1, 1]
    assert indicators(held, table).shape == (20, 2)


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e12])
def test_answers_do_not_depend_on_magnitude(size: float) -> None:
    values = np.random.default_rng(5).normal(size=400)
    held, table = learnt({"x": values})
    scaled, scaled_table = learnt({"x": values * size})
    assert (indicators(held, table) == indicators(scaled, scaled_table)).all()


def test_column_that_is_gone_or_changed_is_named() -> None:
    held, _ = learnt({"x": np.arange(20.0)})
    with pytest.raises(NoSuchColumn, match="'x'"):
        indicators(held, ArrowTable(pa.table({"y": [1.0]})))
    with pytest.raises(NoSuchColumn, match="'x' of type float64"):
        indicators(held, ArrowTable(pa.table({"x": ["a"]})))
