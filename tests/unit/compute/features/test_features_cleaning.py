"""Cleaning by agreed rules: beside scikit-learn, on bad data, and for rows never seen."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

from hanse.compute.errors import BadInput, NoSuchColumn, OutOfRange
from hanse.compute.operators.features.cleaning import Rules, apply, learn
from hanse.data.batches import ArrowTable


def rules(**changes: object) -> Rules:
    base = {"fill": "none", "scale": "none", "low": 0.0, "high": 1.0}
    return Rules(**(base | {"one_hot": False, "categories": 3} | changes))


def cleaned(table: dict, other: dict | None = None, **changes: object) -> dict:
    held = ArrowTable(pa.table(table))
    recipe = learn(held, held.columns, [], rules(**changes))
    target = held if other is None else ArrowTable(pa.table(other))
    return apply(recipe, target, target.columns).to_pydict()


VALUES = np.random.default_rng(1).lognormal(3, 1, 500)


@pytest.mark.parametrize(
    ("scale", "reference"),
    [("standard", StandardScaler()), ("min_max", MinMaxScaler()), ("robust", RobustScaler())],
)
@pytest.mark.parametrize("size", [1e-6, 1.0, 1e12])
def test_scaling_is_scikit_learns(scale: str, reference: object, size: float) -> None:
    found = cleaned({"x": VALUES * size}, scale=scale)["x"]
    expected = reference.fit_transform((VALUES * size)[:, None])[:, 0]
    assert found == pytest.approx(expected.tolist(), rel=1e-9, abs=1e-9)


def test_gaps_and_caps() -> None:
    table = {"x": [1.0, 2.0, 2.0, None, 100.0], "t": ["甲", None, "甲", "乙", "乙"]}
    assert cleaned(table, fill="mean")["x"][3] == pytest.approx(26.25)
    assert cleaned(table, fill="median")["x"][3] == 2.0
    assert cleaned(table, fill="most_frequent") == {
        "x": [1.0, 2.0, 2.0, 2.0, 100.0],
        "t": ["甲", "乙", "甲", "乙", "乙"],
    }
    assert cleaned(table, fill="zero")["x"][3] == 0.0
    capped = cleaned(table, high=0.5)["x"]
    assert capped == [1.0, 2.0, 2.0, None, 2.0]
    assert cleaned(table) == {name: list(values) for name, values in table.items()}


def test_one_hot_of_frequent_values_and_of_the_rest() -> None:
    table = {"城市": ["北京"] * 3 + ["上海"] * 2 + ["广州", None, "深圳"]}
    flags = cleaned(table, one_hot=True, categories=2)
    assert list(flags) == ["城市=北京", "城市=上海", "城市=∅", "城市=*"]
    assert np.array(list(flags.values())).sum(axis=0).tolist() == [1] * 8
    unseen = cleaned(table, {"城市": ["拉萨", None]}, one_hot=True, categories=2)
    assert unseen["城市=*"] == [1, 0]
    assert unseen["城市=∅"] == [0, 1]


def test_thousand_categories_make_no_more_columns_than_asked() -> None:
    flags = cleaned({"t": [f"v{n % 1000}" for n in range(5000)]}, one_hot=True, categories=5)
    assert len(flags) == 6


def test_bad_columns() -> None:
    table = {
        "constant": [5.0] * 4,
        "nothing": pa.array([None] * 4, pa.float64()),
        "empty": pa.array([None] * 4, pa.string()),
        "odd": [1.0, float("nan"), float("inf"), 3.0],
    }
    out = cleaned(table, fill="mean", scale="standard")
    assert list(out) == ["constant", "odd"]
    assert out["constant"] == [0.0] * 4
    assert out["odd"] == pytest.approx([-np.sqrt(2), 0.0, 0.0, np.sqrt(2)])
    with pytest.raises(OutOfRange, match="'x'"):
        cleaned({"x": [-1.7e308, 1.7e308]}, scale="min_max")
    with pytest.raises(NoSuchColumn, match="'x'"):
        cleaned({"x": [1.0, 2.0]}, {"x": ["a"]}, scale="standard")
    with pytest.raises(BadInput, match="'t'"):
        cleaned({"t=a": [1, 2], "t": ["a", "b"]}, one_hot=True)


def test_dates_are_scaled_as_days() -> None:
    days = pa.array([0, 10, 20], pa.date32())
    assert cleaned({"d": days}, scale="min_max")["d"] == [0.0, 0.5, 1.0]
    assert cleaned({"d": days}, fill="mean")["d"] == days.to_pylist()
