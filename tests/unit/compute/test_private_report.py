"""Private reports outside of sessions: parameters, an owner's part, sums, noise, the table."""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import jax
import numpy as np
import pyarrow as pa
import pytest

from hanse.compute.errors import BadParameter
from hanse.compute.operators import get_operator
from hanse.compute.operators.parameters import validate_parameters
from hanse.compute.operators.reports.errors import NoiseTooSmall, TooManyGroups
from hanse.compute.operators.reports.noise import Family, calibrate, draw, require_private
from hanse.compute.operators.reports.private_inputs import membership, places_of, values_of
from hanse.compute.operators.reports.private_program import noisy_sums
from hanse.compute.operators.reports.private_questions import HALF, Questions, read_questions
from hanse.compute.operators.reports.private_table import assemble
from hanse.data.batches import ArrowTable

SPEC = get_operator("private_report")
SILENT = 1e-3
"""A scale so small that no draw is ever anything but 0: e^-1000."""


def ask(columns: Sequence[str] = (), by: Sequence[str] = ()) -> Questions:
    return read_questions(columns, by, 500)


def silent(questions: Questions) -> list[Family]:
    return [Family(name, size, 1.0, SILENT) for name, size in questions.sensitivities]


def twin(arrays: Sequence[Any], **static: int) -> Any:
    with jax.experimental.enable_x64(True):
        return np.asarray(noisy_sums(*arrays, **static))


# -- parameters ----------------------------------------------------------------------------------


@pytest.mark.parametrize("epsilon", ["0", "-1", "0.0009", "101", "x", "nan", True])
def test_epsilon_out_of_range_is_refused(epsilon: object) -> None:
    with pytest.raises(BadParameter):
        validate_parameters(SPEC, {"epsilon": epsilon, "columns": ["income:0:1"]})


def test_epsilon_has_no_default() -> None:
    with pytest.raises(BadParameter):
        validate_parameters(SPEC, {"columns": ["income:0:1"]})
    checked = validate_parameters(SPEC, {"epsilon": "1e-1", "columns": ["income:0:1"]})
    assert checked["epsilon"] == "0.1", "as the contract reads it"


@pytest.mark.parametrize(
    "columns",
    [
        ["income"],
        ["income:0"],
        ["income:a:b"],
        ["income:5:5"],
        ["income:5:1"],
        ["income:0:inf"],
        ["income:nan:1"],
        ["income:0:1e301"],
        [":0:1"],
        ["income:0:5e-324"],
        ["income:0:1", "income:0:2"],
        [],
    ],
)
def test_columns_without_bounds_are_refused(columns: list[str]) -> None:
    with pytest.raises(BadParameter):
        ask(columns)


@pytest.mark.parametrize(
    "by", [["city"], ["city:"], [":a"], ["city:a,,b"], ["city:a,a"], ["city:a", "city:a"]]
)
def test_groups_without_categories_are_refused(by: list[str]) -> None:
    with pytest.raises(BadParameter):
        ask(by=by)


def test_category_that_is_always_there_cannot_be_named() -> None:
    with pytest.raises(BadParameter, match="other"):
        ask(by=["city:a,other"])


def test_questions_are_read() -> None:
    questions = ask(["a:b:-1:3"], ["city:北京, 上海", "city:广州", "level:1,2"])
    assert (questions.columns[0].name, questions.columns[0].middle) == ("a:b", 1.0)
    assert questions.by[0].categories == ["北京", "上海", "广州", "other"]
    assert questions.cells == 12
    assert questions.sensitivities == [("", 2), ("a:b", 2 * HALF)]
    assert ask(["a:0:1"]).sensitivities == [("a", 2 * HALF)]
    with pytest.raises(TooManyGroups):
        read_questions([], ["city:a,b", "level:1,2"], 8)


# -- an owner's part -----------------------------------------------------------------------------


def test_values_are_clipped_and_gaps_count_as_the_middle() -> None:
    given = pa.table({"v": [0.0, 10.0, 5.0, -7.0, 1e300, math.inf, -math.inf, None, math.nan]})
    table, (column,) = ArrowTable(given), ask(["v:0:10"]).columns
    coded = values_of(table, table.columns[0], column)
    expected = [-HALF, HALF, 0, -HALF, HALF, HALF, -HALF, 0, 0]
    assert coded.tolist() == expected


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e12, 1e300])
def test_values_come_back_within_a_step(size: float) -> None:
    values = np.random.default_rng(5).uniform(-size, size, 1_000)
    table, (column,) = ArrowTable(pa.table({"v": values})), ask([f"v:{-size}:{size}"]).columns
    coded = values_of(table, table.columns[0], column)
    assert np.abs(coded).max() <= HALF
    assert np.abs(coded * column.step + column.middle - values).max() <= column.step


@pytest.mark.parametrize(
    ("values", "category"),
    [
        (pa.array(["x", "北京", None]), "北京"),
        (pa.array([1, 7, None]), "7"),
        (pa.array([1.5, 7.0, None]), "7"),
        (pa.array([math.nan, 7.5, math.inf]), "7.5"),
        (pa.array([False, True, None]), "true"),
        (pa.array([None, datetime.date(2026, 1, 31), None], pa.date32()), "2026-01-31"),
        (pa.array([None, None, None]).cast(pa.string()), ""),
    ],
)
def test_values_outside_the_categories_are_other(values: Any, category: str) -> None:
    table = ArrowTable(pa.table({"c": values}))
    (grouping,) = ask(by=[f"c:{category or 'nothing'},further"]).by
    found = places_of(table, grouping).tolist()
    assert found == ([2, 0, 2] if category else [2, 2, 2])


def test_every_row_is_in_exactly_one_combination() -> None:
    table = ArrowTable(pa.table({"a": ["x", "y", "z"], "b": [1, 2, 3]}))
    found = membership(table, ask(by=["a:x,y", "b:1,2"]).by)
    assert found.shape == (3, 9)
    assert found.argmax(axis=1).tolist() == [0, 4, 8]
    assert found.sum() == 3


# -- sums ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("block", [12, 4, 3])
def test_sums_by_group_are_exact_and_noise_is_added(block: int) -> None:
    rng = np.random.default_rng(7)
    one, two = (np.eye(size, dtype=np.int64)[rng.integers(0, size, 12)] for size in (2, 3))
    left, right = (rng.integers(-HALF, HALF, (12, width)) for width in (1, 2))
    noises = [rng.integers(-(2**40), 2**40, (6, 4)) for _ in range(3)]
    found = twin([one, two, left, right, *noises], groups=2, values=2, block=block)
    member = (one[:, :, None] * two[:, None, :]).reshape(12, 6)
    table = np.concatenate([np.ones((12, 1), np.int64), left, right], axis=1)
    assert (found == member.T @ table + sum(noises)).all()


def test_sums_without_groups_and_groups_without_sums() -> None:
    values, noise = np.arange(8).reshape(4, 2), np.array([[10, 20]])
    found = twin([values, noise], groups=0, values=1, block=4)
    assert found.tolist() == [[22, 36]]
    found = twin([np.eye(4, dtype=np.int64), np.zeros((4, 1), int)], groups=1, values=0, block=2)
    assert found.tolist() == [[1], [1], [1], [1]]


# -- noise ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("epsilon", ["0.001", "0.3", "1", "7.7", "100"])
@pytest.mark.parametrize("families", [1, 3, 7])
def test_families_spend_epsilon_evenly_and_no_more(epsilon: str, families: int) -> None:
    made = calibrate(epsilon, [(str(n), 2 * HALF) for n in range(families)])
    parts = {family.epsilon for family in made}
    assert len(parts) == 1
    assert sum(Fraction(family.epsilon) for family in made) <= Fraction(epsilon)
    assert parts.pop() == pytest.approx(float(epsilon) / families, rel=1e-12)
    for family in made:
        assert family.scale == pytest.approx(2 * HALF * families / float(epsilon), rel=1e-6)


def test_noise_that_is_too_small_is_refused() -> None:
    with pytest.raises(NoiseTooSmall):
        require_private("1", [Family("a", 2, 1.0, 1.9)])
    with pytest.raises(NoiseTooSmall):
        require_private("1", [Family("a", 2, 0.5, 4.0), Family("b", 2, 0.5, 3.9)])


def test_noise_is_discrete_laplace_with_the_stated_variance() -> None:
    """Mean and variance each within more than 5.5 standard errors: fails once in 10^7 at most."""
    family, size = Family("a", 2, 0.4, 5.0), 20_000
    drawn = draw([family], size)[:, 0].astype(float)
    variance = family.variance(1)
    assert abs(drawn.mean()) < 5.5 * math.sqrt(variance / size)
    assert drawn.var() == pytest.approx(variance, rel=0.1)
    zeros = 1 - (drawn != 0).mean()
    p = math.exp(-1 / family.scale)
    assert zeros == pytest.approx((1 - p) / (1 + p), abs=5.5 * math.sqrt(0.1 / size))
    assert family.variance(3) == pytest.approx(3 * variance)


def test_each_draw_is_fresh() -> None:
    families = [Family("a", 2, 1.0, 1e9), Family("b", 2, 1.0, 1e9)]
    first, second = draw(families, 3), draw(families, 3)
    assert first.shape == (3, 2)
    assert len({*first.ravel().tolist(), *second.ravel().tolist()}) == 12


# -- the table -----------------------------------------------------------------------------------


def release(questions: Questions, table: pa.Table, families: list[Family], **facts: Any) -> Any:
    """One owner with everything, one computing node, in plaintext."""
    held = ArrowTable(table)
    kinds = {column.name: column for column in held.columns}
    arrays = [membership(held, questions.by)] if questions.by else []
    if questions.columns:
        values = [values_of(held, kinds[column.name], column) for column in questions.columns]
        arrays.append(np.stack(values, axis=1))
    groups, values_in = int(bool(questions.by)), int(bool(questions.columns))
    noise = draw(families, questions.cells)
    found = twin([*arrays, noise], groups=groups, values=values_in, block=held.rows)
    order = range(len(questions.by))
    return assemble(
        questions, order, families, found, rows=held.rows, nodes=1, epsilon="1", **facts
    )


def test_report_without_noise_is_the_plaintext_report() -> None:
    rng = np.random.default_rng(3)
    city = rng.choice(["北京", "上海", "elsewhere"], 3_000)
    income = rng.uniform(-20, 120, 3_000)
    questions = ask(["income:0:100"], ["city:北京,上海"])
    made = release(questions, pa.table({"city": city, "income": income}), silent(questions))
    clipped = np.clip(income, 0, 100)
    keys = [group["key"]["city"] for group in made["groups"]]
    assert keys == ["北京", "上海", "other"]
    for group, name in zip(made["groups"], ["北京", "上海", "elsewhere"], strict=True):
        inside = clipped[city == name]
        figures = group["columns"]["income"]
        assert group["count"]["value"] == len(inside)
        assert figures["sum"]["value"] == pytest.approx(inside.sum(), rel=1e-6)
        assert figures["mean"]["value"] == pytest.approx(inside.mean(), rel=1e-6)


def test_report_without_groups_knows_the_rows() -> None:
    questions = ask(["v:0:10"])
    made = release(questions, pa.table({"v": [1.0, 2.0, 6.0]}), silent(questions))
    (group,) = made["groups"]
    assert (group["key"], group["count"]) == ({}, {"value": 3.0, "standard_error": 0.0})
    assert group["columns"]["v"]["mean"]["value"] == pytest.approx(3.0, rel=1e-6)
    assert "rows" not in [noise["of"] for noise in made["noise"]]


def test_standard_errors_are_those_of_the_noise() -> None:
    questions = ask(["v:0:10"], ["g:a"])
    families = [Family("", 2, 0.5, 4.0), Family("v", 2 * HALF, 0.5, 4.0 * HALF)]
    line = np.array([[100, 50 * HALF], [-3, 7]])
    made = assemble(questions, [0], families, line, rows=97, nodes=2, epsilon="1")
    first, second = made["groups"]
    count, total = (family.variance(2) for family in families)
    step = 5.0 / HALF
    figures = first["columns"]["v"]
    assert first["count"] == {"value": 100.0, "standard_error": pytest.approx(count**0.5)}
    assert figures["sum"]["value"] == pytest.approx(5 * 100 + 50 * 5)
    assert figures["sum"]["standard_error"] == pytest.approx((25 * count + step**2 * total) ** 0.5)
    assert figures["mean"]["value"] == pytest.approx(5 + 2.5)
    expected = (step**2 * total + 2.5**2 * count) ** 0.5 / 100
    assert figures["mean"]["standard_error"] == pytest.approx(expected)
    assert second["count"]["value"] == -3.0, "nothing is rounded up"
    assert second["columns"]["v"]["mean"] == {"value": None, "standard_error": None}


def test_replacing_a_row_changes_no_family_by_more_than_its_sensitivity() -> None:
    rng = np.random.default_rng(11)
    questions = ask(["v:-3:9"], ["g:a,b"])
    for _ in range(200):
        groups = rng.choice(["a", "b", "c"], 5)
        values = rng.choice([-1e9, -3.0, 0.0, 9.0, 1e9, math.nan], 5)
        tables = []
        for replaced in (False, True):
            if replaced:
                groups[2], values[2] = rng.choice(["a", "b", "c"]), rng.choice([-3.0, 9.0, 1e9])
            held = ArrowTable(pa.table({"g": groups.copy(), "v": values.copy()}))
            member = membership(held, questions.by)
            coded = values_of(held, held.columns[1], questions.columns[0])
            tables.append((member.sum(axis=0), member.T @ coded))
        changes = [np.abs(tables[0][part] - tables[1][part]).sum() for part in (0, 1)]
        bounds = [sensitivity for _, sensitivity in questions.sensitivities]
        assert changes[0] <= bounds[0]
        assert changes[1] <= bounds[1]
