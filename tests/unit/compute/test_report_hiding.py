"""Small groups, and what would give them away, are hidden."""

from __future__ import annotations

import jax
import numpy as np
from report_twin import answer

from hanse.compute.operators.reports.cells_program import hidden


def hide(table: list[list[int]], least: int = 10) -> list[list[int]]:
    counts = np.array(table, np.int64)
    with jax.experimental.enable_x64(True):
        found = hidden(counts.reshape(-1, 1), counts.shape, least)
    return np.asarray(found).reshape(counts.shape).tolist()


def test_nothing_is_hidden_without_need() -> None:
    assert hide([[10, 20], [30, 40]]) == [[0, 0], [0, 0]]


def test_a_small_group_takes_another_with_it_in_its_row_and_its_column() -> None:
    assert hide([[3, 20, 50], [30, 40, 60], [70, 80, 90]]) == [[1, 1, 0], [1, 0, 0], [0, 0, 0]]


def test_small_groups_that_are_enough_together_take_none() -> None:
    assert hide([[6, 7, 50], [8, 9, 60]]) == [[1, 1, 0], [1, 1, 0]]


def test_one_margin_never_determines_a_small_group() -> None:
    """Whoever knows all totals of one owner's categories is left with two unknowns or more."""
    rng = np.random.default_rng(2)
    for _ in range(40):
        counts = rng.choice([0, 2, 5, 9, 12, 40], size=(3, 4))
        out = np.array(hide(counts.tolist()), bool)
        for axis in (0, 1):
            lines = zip(counts if axis else counts.T, out if axis else out.T, strict=True)
            for line, away in lines:
                small = away & (line > 0) & (line < 10)
                if small.any() and (line >= 10).any():
                    assert line[away].sum() >= 10
                    assert (away & (line > 0)).sum() >= 2
        assert out[(counts < 10)].all()


def test_aggregates_over_few_values_are_hidden_on_their_own() -> None:
    value = np.where(np.arange(60) < 33, 1.5, np.nan)
    bank = {"g": ["a"] * 30 + ["b"] * 30, "v": [None if np.isnan(v) else v for v in value]}
    shop = {"h": ["x", "y", "x"] * 20}
    found = answer(
        "SELECT g, count(*) AS n, avg(v) AS m FROM bank GROUP BY g ORDER BY g",
        {"bank": bank, "shop": shop},
        least=10,
    )
    rows = found.to_pylist()
    assert [row["n"] for row in rows] == [30, 30]
    assert rows[1]["m"] is None, "three values only"
    assert rows[0]["m"] == 1.5 or rows[0]["m"] is None
