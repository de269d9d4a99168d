"""Joint statistics against pandas-like plaintext: the same JAX function, run on the CPU."""

from __future__ import annotations

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.compute.operators.reports import moments
from hanse.compute.operators.reports.moments_program import moments as program

NAMES = [("bank", "a", "float64"), ("bank", "b", "float64"), ("shop", "c", "float64")]


def through(columns: list[np.ndarray], least: int = 2) -> dict[str, object]:
    """The report as the receiver would put it together."""
    rows = len(columns[0])
    parts = moments.PARTS if any(np.isnan(c).any() for c in columns) else moments.PARTS[:3]
    bank = moments._arrays("bank", columns[:2], rows, parts)
    shop = moments._arrays("shop", columns[2:], rows, parts)
    arguments = [held[f"{p}-{o}"] for p in parts for o, held in (("bank", bank), ("shop", shop))]
    with jax.experimental.enable_x64(True):
        found = np.asarray(program(*arguments, owners=2, parts=len(parts), least=least))
    described = [moments.describe(column, ["0.1", "0.5"], 3) for column in columns]
    return moments.assemble(NAMES, described, found, rows)


def pairwise(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    both = ~np.isnan(x) & ~np.isnan(y)
    matrix = np.cov(x[both].astype(np.longdouble), y[both].astype(np.longdouble))
    with np.errstate(invalid="ignore", divide="ignore"):
        return float(matrix[0, 1]), float(matrix[0, 1] / np.sqrt(matrix[0, 0] * matrix[1, 1]))


@pytest.mark.parametrize("gaps", [False, True])
def test_statistics_are_those_of_numpy(gaps: bool) -> None:
    rng = np.random.default_rng(4)
    hidden = rng.normal(size=(5_000, 3))
    columns = [hidden[:, 0] * 1e6, hidden[:, :2].sum(axis=1) * 1e-6, np.exp(hidden.sum(axis=1))]
    if gaps:
        columns = [np.where(rng.random(5_000) < 0.2, np.nan, column) for column in columns]
    report = through(columns)
    for number, column in enumerate(columns):
        line = report["columns"][number]  # type: ignore[index]
        known = column[~np.isnan(column)]
        assert line["count"] == len(known)
        assert line["missing"] == 5_000 - len(known)
        assert line["sum"] == pytest.approx(known.sum(), rel=1e-6, abs=1e-9 * np.abs(known).sum())
        assert line["variance"] == pytest.approx(known.var(ddof=1), rel=1e-6)
        assert line["quantiles"]["0.1"] == np.quantile(known, 0.1)
        assert line["top"] == sorted(known.tolist(), reverse=True)[:3]
        for other in range(3):
            covariance, correlation = pairwise(column, columns[other])
            near = 1e-7 * np.nanstd(column) * np.nanstd(columns[other])
            assert report["covariance"][number][other] == pytest.approx(  # type: ignore[index]
                covariance, rel=1e-6, abs=near
            )
            assert report["correlation"][number][other] == pytest.approx(  # type: ignore[index]
                correlation, rel=1e-6, abs=1e-7
            )


@settings(max_examples=30, deadline=None)
@given(
    magnitudes=st.lists(st.integers(-6, 12), min_size=3, max_size=3),
    seed=st.integers(0, 2**16),
)
def test_no_magnitude_overflows(magnitudes: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    columns = [rng.uniform(-1, 1, 200) * 10.0**power for power in magnitudes]
    report = through(columns)
    for i, x in enumerate(columns):
        assert report["columns"][i]["stddev"] == pytest.approx(x.std(ddof=1), rel=1e-4)  # type: ignore[index]
        for j, y in enumerate(columns):
            covariance, _ = pairwise(x, y)
            near = 1e-7 * 10.0 ** (magnitudes[i] + magnitudes[j])
            found = report["covariance"][i][j]  # type: ignore[index]
            assert found == pytest.approx(covariance, rel=1e-4, abs=near)


def test_pairs_with_too_few_common_rows_are_hidden() -> None:
    x = np.arange(40.0)
    left, right = np.where(x < 20, x, np.nan), np.where(x >= 18, x, np.nan)
    report = through([left, x, right], least=5)
    assert report["counts"] == [[20, 20, 0], [20, 40, 22], [0, 22, 22]]
    assert report["covariance"][0][2] is None  # type: ignore[index]
    assert report["correlation"][2][0] is None  # type: ignore[index]


def test_constant_column_has_no_correlation() -> None:
    report = through([np.full(30, 7.0), np.arange(30.0), np.arange(30.0) ** 2])
    assert report["columns"][0]["variance"] == 0.0  # type: ignore[index]
    assert report["correlation"][0] == [None, None, None]  # type: ignore[index]
    assert report["correlation"][1][1] == 1.0  # type: ignore[index]
