"""An owner's preparation: learnt on training rows, the same on all others."""

from __future__ import annotations

import datetime
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from hanse.compute.errors import NoSuchColumn, OutOfRange
from hanse.compute.operators.preparation import Recipe, apply, learn
from hanse.data.batches import ArrowTable


def learnt(columns: dict[str, Any], max_categories: int = 3) -> tuple[Recipe, Any]:
    table = ArrowTable(pa.table(columns))
    recipe = learn(table, table.columns, max_categories)
    return recipe, apply(recipe, table)


def test_numbers_are_standardised_on_training_rows_and_clipped() -> None:
    recipe, block = learnt({"x": np.arange(100.0)})
    assert block.mean() == pytest.approx(0, abs=1e-6)
    assert block.std() == pytest.approx(1, abs=1e-6)
    other = apply(recipe, ArrowTable(pa.table({"x": [1e12, -1e12, 49.5]})))
    assert other[:, 0].tolist() == [10.0, -10.0, 0.0]


def test_gaps_are_filled_with_the_median_and_marked() -> None:
    recipe, block = learnt({"x": [1.0, None, 3.0, 100.0, None]})
    assert [(f.what, f.fill) for f in recipe.features] == [("value", 3.0), ("gap", 0.0)]
    assert block[1, 0] == block[2, 0]
    assert (block[:, 1] > 0).tolist() == [False, True, False, False, True]


def test_gap_only_in_new_rows_is_filled_too() -> None:
    recipe, _ = learnt({"x": [1.0, 2.0, 3.0]})
    other = apply(recipe, ArrowTable(pa.table({"x": pa.array([None], pa.float64())})))
    assert other.tolist() == [[0.0]]


def test_frequent_texts_get_columns_and_the_rest_shares_one() -> None:
    values = ["a"] * 5 + ["b"] * 4 + ["c"] * 3 + ["d", "e", None]
    recipe, block = learnt({"x": values})
    assert [(f.what, f.value) for f in recipe.features] == [
        ("is", "a"),
        ("is", "b"),
        ("is", "c"),
        ("rest", ""),
    ]
    assert ((block > 0).sum(axis=1) == 1).all()
    new = apply(recipe, ArrowTable(pa.table({"x": ["never seen"]})))
    assert (new > 0).tolist() == [[False, False, False, True]]


def test_two_values_need_one_column_and_dates_count_as_days() -> None:
    day = datetime.date(2024, 1, 1)
    recipe, _ = learnt(
        {
            "flag": [True, False, True],
            "day": [day, day + datetime.timedelta(days=1), day + datetime.timedelta(days=2)],
        }
    )
    assert [f.what for f in recipe.features] == ["is", "value"]
    assert recipe.features[1].mean == (day - datetime.date(1970, 1, 1)).days + 1


def test_constant_and_empty_columns_are_dropped_and_named() -> None:
    recipe, block = learnt(
        {
            "one": [5.0] * 4,
            "same": ["x"] * 4,
            "none": pa.array([None] * 4, pa.float64()),
            "good": [1, 2, 3, 4],
        }
    )
    assert recipe.dropped == ["one", "same", "none"]
    assert block.shape == (4, 1)


def test_recipe_survives_storage() -> None:
    recipe, _ = learnt({"x": [1.0, None, 3.0], "城市": ["北京", "上海", None]})
    again = msgspec.msgpack.decode(msgspec.msgpack.encode(recipe), type=Recipe)
    assert again == recipe


def test_table_without_a_column_of_the_recipe_is_refused() -> None:
    recipe, _ = learnt({"x": [1.0, 2.0, 3.0]})
    with pytest.raises(NoSuchColumn, match="'x' of type float64"):
        apply(recipe, ArrowTable(pa.table({"x": [1, 2, 3]})))


def test_numbers_too_large_to_square_are_refused() -> None:
    with pytest.raises(OutOfRange):
        learnt({"x": [1e200, -1e200, 1e300]})
