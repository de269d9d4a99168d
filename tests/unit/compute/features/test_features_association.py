"""Correlation, VIF, chi-square, stability and the choice of columns, beside other libraries."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy.stats import chi2

from hanse.compute.operators.features.collinearity import (
    variance_inflation,
    without_collinear,
    without_correlated,
)
from hanse.compute.operators.features.correlations import LENGTH, unit
from hanse.compute.operators.features.independence import survival
from hanse.compute.operators.features.selecting import Limits, Reports, decide
from hanse.compute.operators.features.stability import column_index, index_of, verdict
from hanse.data.batches import ArrowTable


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    a, b = unit(one), unit(other)
    assert a is not None
    assert b is not None
    assert sum(int(v) ** 2 for v in a) < 2**63
    with np.errstate(over="raise"):
        return float(a @ b) / LENGTH**2


@pytest.mark.parametrize("size", [1e-6, 1e-3, 1.0, 1e6, 1e12, 1e300])
@pytest.mark.parametrize("shape", ["normal", "heavy", "binary", "outlier"])
def test_correlation_is_numpys_at_any_magnitude(shape: str, size: float) -> None:
    rng = np.random.default_rng(2)
    made = {
        "normal": rng.normal(size=2000),
        "heavy": rng.lognormal(0, 4, 2000),
        "binary": (rng.random(2000) < 0.01) * 1.0,
        "outlier": np.append(rng.normal(size=1999), 1e6),
    }[shape]
    other = made / made.std() + rng.normal(size=2000)
    expected = np.corrcoef(made, other)[0, 1]
    assert correlation(made * size, other) == pytest.approx(expected, abs=1e-7)


def test_columns_that_do_not_vary_have_no_correlation() -> None:
    assert unit(np.full(9, 3.7e11)) is None
    assert unit(np.full(9, np.nan)) is None
    assert unit(np.zeros(9)) is None
    gaps = np.array([1.0, np.nan, 3.0])
    assert unit(gaps)[1] == 0  # type: ignore[index]


def test_vif_is_statsmodels() -> None:
    from statsmodels.stats.outliers_influence import variance_inflation_factor

    rng = np.random.default_rng(3)
    table = rng.normal(size=(500, 5))
    table[:, 1] += 3 * table[:, 0]
    table[:, 4] = table[:, 2] + 0.01 * rng.normal(size=500)
    found = variance_inflation(np.corrcoef(table.T))
    design = np.column_stack([np.ones(500), table])
    expected = [variance_inflation_factor(design, n + 1) for n in range(5)]
    assert found == pytest.approx(expected, rel=1e-6)
    exact = np.column_stack([table[:, :3], table[:, 0] + table[:, 1]])
    assert variance_inflation(np.corrcoef(exact.T))[2] is not None
    assert variance_inflation(np.corrcoef(exact.T))[3] is None
    assert variance_inflation(np.eye(1)) == [1.0]
    assert without_collinear(np.corrcoef(exact.T), 1e6) == [0, 1, 2]
    assert without_collinear(np.corrcoef(table.T), 1e6) == [0, 1, 2, 3, 4]


def test_correlated_columns_go_in_order_of_merit() -> None:
    matrix = np.array([[1, 0.9, 0.1], [0.9, 1, -0.85], [0.1, -0.85, 1]])
    assert without_correlated(matrix, [0, 1, 2], 0.8) == [0, 2]
    assert without_correlated(matrix, [1, 0, 2], 0.8) == [1]
    assert without_correlated(matrix, [0, 1, 2], 1.0) == [0, 1, 2]


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 7, 10, 49])
@pytest.mark.parametrize("statistic", [0.0, 0.5, 4.0, 30.0, 400.0])
def test_survival_is_scipys(statistic: float, freedom: int) -> None:
    assert survival(statistic, freedom) == pytest.approx(chi2.sf(statistic, freedom), rel=1e-9)


def test_stability_by_hand_and_for_odd_columns() -> None:
    before, after = np.repeat([0, 1], [60, 40]), np.repeat([0, 1], [30, 70])
    expected = (0.3 - 0.6) * np.log(0.3 / 0.6) + (0.7 - 0.4) * np.log(0.7 / 0.4)
    assert index_of(before, after) == pytest.approx(expected)
    assert index_of(before, before) == 0.0
    assert np.isfinite(index_of(np.zeros(9, int), np.ones(9, int)))
    rng = np.random.default_rng(4)
    base = pa.table({
        "n": rng.normal(size=900), "t": ["甲", "乙", "丙"] * 300, "c": [1.0] * 900,
        "e": pa.array([None] * 900, pa.float64()),
    })  # fmt: skip
    moved = pa.table({
        "n": rng.normal(1, 1, 900), "t": ["甲", "乙", None] * 300, "c": [1.0] * 900,
        "e": pa.array([None] * 900, pa.float64()),
    })  # fmt: skip
    held, other = ArrowTable(base), ArrowTable(moved)
    found = {c.name: column_index(held, other, c, 10) for c in held.columns}
    edges = np.quantile(base["n"], np.linspace(0, 1, 11)[1:-1])
    q = pd.Series(np.searchsorted(edges, base["n"], "right")).value_counts(normalize=True)
    p = pd.Series(np.searchsorted(edges, moved["n"], "right")).value_counts(normalize=True)
    assert found["n"] == pytest.approx(float(((p - q) * np.log(p / q)).sum()))
    assert verdict(found["n"]) == "unstable"
    assert verdict(found["t"]) == "unstable"
    assert found["c"] == found["e"] == 0.0


def test_decisions_name_their_rule() -> None:
    iv = {
        "columns": [
            {"owner": "a", "column": "x", "iv": 0.3},
            {"owner": "a", "column": "y", "iv": 0.01},
            {"owner": "b", "column": "z", "iv": 0.5},
        ],
        "left_out": {"b": ["flat"]},
    }
    columns = [("a", "x"), ("a", "y"), ("b", "z"), ("b", "w")]
    matrix = np.eye(4)
    matrix[0, 2] = matrix[2, 0] = 0.95
    told = [{"owner": owner, "column": name} for owner, name in columns]
    reports = Reports(iv=iv, correlation={"columns": told, "matrix": matrix.tolist()})
    candidates = [*columns, ("b", "flat")]
    gone = decide(candidates, reports, Limits(iv=0.02, correlation=0.9, vif=0.0))
    assert gone == {("a", "y"): "iv", ("b", "flat"): "iv", ("a", "x"): "correlation"}
    gone = decide(candidates, reports, Limits(iv=0.0, correlation=1.0, vif=5.0))
    assert gone in ({("a", "x"): "vif"}, {("b", "z"): "vif"})
    assert decide([("a", "x")], reports, Limits(iv=0.02, correlation=0.9, vif=5.0)) == {}
    assert decide(candidates, Reports(), Limits(iv=0.5, correlation=0.1, vif=1.0)) == {}
