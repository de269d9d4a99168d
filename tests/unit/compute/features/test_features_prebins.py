"""Fine bins and what the recipe makes of rows: edges, small bins, categories, bad data."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from hanse.compute.errors import NoSuchColumn
from hanse.compute.operators.features.binning import FAMILY, BinningRecipe, learn, transform
from hanse.compute.operators.features.counts import Column as Counted
from hanse.compute.operators.features.merging import Limits
from hanse.compute.operators.features.packing import indicators, make_packing
from hanse.compute.operators.features.prebins import codes, make_prebins
from hanse.data.batches import ArrowTable


def prebins(values: object, method: str = "equal_frequency", bins: int = 5, least: int = 5):
    table = ArrowTable(pa.table({"x": values}))
    return make_prebins(table, table.columns[0], method=method, bins=bins, least=least), table


def test_quantiles_and_widths_are_numpys() -> None:
    values = np.random.default_rng(1).lognormal(size=1000)
    made, _ = prebins(values)
    assert made.edges == pytest.approx(np.quantile(values, [0.2, 0.4, 0.6, 0.8]))
    made, table = prebins(np.linspace(0, 100, 1001), "equal_width")
    assert made.edges == pytest.approx([20, 40, 60, 80])
    assert np.bincount(codes(made, table)).tolist() == [200, 200, 200, 200, 201]


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e12, 1e300])
@pytest.mark.parametrize("method", ["equal_frequency", "equal_width"])
def test_every_counted_bin_is_large_enough(method: str, size: float) -> None:
    rng = np.random.default_rng(3)
    values = np.concatenate([rng.gamma(2, 10, 400), np.zeros(300), [200.0]]) * size
    made, table = prebins(values, method, bins=30, least=25)
    found = codes(made, table)
    assert np.bincount(found).min() >= 25
    assert (found >= 0).all()


def test_gaps_have_a_bin_unless_they_are_few() -> None:
    values = [None] * 8 + [float(n) for n in range(40)] + [float("nan"), float("inf")]
    made, table = prebins(values)
    assert made.missing
    assert (codes(made, table) == made.regular).sum() == 10
    made, table = prebins([None] * 3 + [float(n) for n in range(40)])
    assert not made.missing
    assert (codes(made, table) == -1).sum() == 3


@pytest.mark.parametrize(
    "values",
    [
        [7.0] * 100,
        pa.array([None] * 100, pa.float64()),
        pa.array([None] * 100, pa.string()),
        ["same"] * 100,
        [f"rare {n}" for n in range(100)],
        [True] * 100,
    ],
)
def test_columns_with_one_bin_are_left_out(values: object) -> None:
    assert prebins(values, least=20)[0] is None


def test_categories_by_frequency_with_a_bin_for_the_rest() -> None:
    values = ["北京"] * 30 + ["上海"] * 20 + [f"县{n}" for n in range(40)] + [None] * 9
    made, table = prebins(values, bins=10)
    assert (made.values, made.rest, made.missing) == (["北京", "上海"], True, True)
    assert np.bincount(codes(made, table)).tolist() == [30, 20, 40, 9]
    many, table = prebins([f"v{n % 1000}" for n in range(20_000)], bins=8, least=20)
    assert len(many.values) == 7
    assert many.rest


def test_packed_indicators_add_up_to_counts() -> None:
    rng = np.random.default_rng(4)
    rows = 1000
    bins = [(rng.integers(-1, size, rows).astype(np.int32), size) for size in (3, 7, 21, 5)]
    packing = make_packing(rows, 37)
    assert (packing.bits, packing.digits) == (10, 6)
    sums = np.concatenate([block.sum(axis=0) for block in indicators(bins, packing, rows)])
    digits = [(sums >> (packing.bits * d)) & 1023 for d in range(packing.digits)]
    found = np.stack(digits, axis=1).reshape(-1)[:37]
    expected = [np.bincount(codes[codes >= 0], minlength=size) for codes, size in bins]
    assert found.tolist() == [rows, *np.concatenate(expected)]


def counted(values: object, labels: np.ndarray, bins: int = 20) -> tuple[Counted, ArrowTable]:
    made, table = prebins(values, bins=bins, least=5)
    found = codes(made, table)
    there = found >= 0
    rows = np.bincount(found[there], minlength=made.count)
    events = np.bincount(found[there], labels[there], minlength=made.count).astype(np.int64)
    return Counted(made, found, events, rows), table


LIMITS = Limits(bins=4, rows=20, trend="none", significance=0.05, smoothing=0.5)


def test_recipe_weighs_rows_by_their_bin() -> None:
    rng = np.random.default_rng(5)
    values = rng.normal(size=600)
    labels = (rng.random(600) < 1 / (1 + np.exp(-values))).astype(float)
    cities = np.where(labels + rng.normal(size=600) > 0.5, "甲", "乙").tolist()
    total = (int(labels.sum()), int((1 - labels).sum()))
    recipes = [learn(counted(v, labels)[0], total, "optimal", LIMITS) for v in (values, cities)]
    recipes = [
        bins.__class__(**{f: getattr(bins, f) for f in bins.__struct_fields__} | {"name": name})
        for bins, name in zip(recipes, ("n", "c"), strict=True)
    ]
    table = ArrowTable(pa.table({"id": ["a", "b", "c"], "n": [-9.0, None, 9.0],
                                 "c": ["甲", "丙", None]}))  # fmt: skip
    out = transform(BinningRecipe(FAMILY, recipes, ["gone"]), table, table.columns).to_pydict()
    assert out["id"] == ["a", "b", "c"]
    assert out["n"][0] < 0 < out["n"][2]
    assert out["n"][1] == 0.0
    assert out["c"][0] > 0
    assert out["c"][1:] == [0.0, 0.0]
    with pytest.raises(NoSuchColumn):
        transform(BinningRecipe(FAMILY, recipes, []), table, table.columns[:1])


def test_same_bins_as_optbinning() -> None:
    from optbinning import OptimalBinning

    rng = np.random.default_rng(6)
    values = rng.gamma(2, 10, 3000)
    labels = (rng.random(3000) < 0.1 + 0.4 * (values > 12) + 0.1 * np.sin(values / 6)).astype(int)
    column, _ = counted(values, labels.astype(float))
    total = (int(labels.sum()), int(3000 - labels.sum()))
    for trend in ("none", "ascending"):
        limits = Limits(bins=6, rows=150, trend=trend, significance=0.05, smoothing=0.5)
        ours = learn(column, total, "optimal", limits)
        theirs = OptimalBinning(
            user_splits=column.prebins.edges,
            max_n_bins=6,
            min_bin_size=0.05,
            monotonic_trend=None if trend == "none" else trend,
            solver="cp",
        ).fit(values, labels)
        table = theirs.binning_table
        table.build()
        assert ours.edges == pytest.approx(theirs.splits.tolist())
        assert ours.iv == pytest.approx(table.iv, rel=1e-9)
        woe = np.asarray(table._woe[: len(ours.weights)])
        assert ours.weights == pytest.approx((-woe).tolist(), rel=1e-9)
