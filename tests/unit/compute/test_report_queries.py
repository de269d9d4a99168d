"""Joint queries against DuckDB on the joined table; the JAX functions run on the CPU."""

from __future__ import annotations

import math
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from report_twin import answer

from hanse.compute.operators.reports.errors import BadExpression, ValuesTooLarge

ROWS = 240


def make_tables() -> dict[str, dict[str, Any]]:
    rng = np.random.default_rng(3)
    hidden = rng.normal(size=ROWS)
    bank = {
        "学历": rng.choice(["本科", "高中", "大专"], ROWS),
        "income": np.round(np.exp(11 + hidden), 2),
        "age": rng.integers(18, 80, ROWS),
        "debt": pa.array(rng.integers(0, 5_000, ROWS), mask=rng.random(ROWS) < 0.2),
        "city": rng.choice(["x", "y"], ROWS),
    }
    shop = {
        "segment": pa.array(rng.choice(["a", "b"], ROWS), mask=rng.random(ROWS) < 0.1),
        "spend": np.round(1e4 * (hidden + rng.normal(size=ROWS)), 2),
        "orders": rng.integers(1, 9, ROWS),
        "town": rng.choice(["x", "y", "z"], ROWS),
        "vip": pa.array(rng.random(ROWS) < 0.4, mask=rng.random(ROWS) < 0.1),
    }
    return {"bank": bank, "shop": shop}


def expected(text: str, tables: dict[str, dict[str, Any]]) -> list[tuple[Any, ...]]:
    """DuckDB's answer; both tables have a row number to join by."""
    with duckdb.connect() as connection:
        for owner, table in tables.items():
            connection.register(owner, pa.table(table | {"n": np.arange(ROWS)}))
        joined = text.replace("FROM bank", "FROM bank JOIN shop ON bank.n = shop.n")
        return connection.execute(joined).fetchall()


def same(found: pa.Table, rows: list[tuple[Any, ...]], *, ordered: bool, tolerance: float) -> None:
    made = [tuple(row.values()) for row in found.to_pylist()]
    if not ordered:
        made, rows = sorted(made, key=_rank), sorted(rows, key=_rank)
    assert len(made) == len(rows)
    largest = [
        max((abs(v) for v in column if _is_number(v)), default=0.0)
        for column in zip(*rows, strict=True)
    ]
    for one, other in zip(made, rows, strict=True):
        for value, wanted, size in zip(one, other, largest, strict=True):
            if _is_number(wanted):
                assert value is not None
                assert math.isclose(value, float(wanted), rel_tol=1e-7, abs_tol=tolerance * size)
            else:
                assert value == wanted


def _is_number(value: Any) -> bool:
    return value is not None and not isinstance(value, (str, bool))


def _rank(row: tuple[Any, ...]) -> list[Any]:
    return [
        (
            v is None,
            str(v) if isinstance(v, (str, bool)) else "",
            round(float(v), 3) if _is_number(v) else 0,
        )
        for v in row
    ]


ROW_QUERIES = [
    "bank.income + shop.spend - 3 AS s",
    "bank.income * shop.spend AS p, bank.age * shop.orders AS q",
    "bank.income / shop.orders AS quotient",
    "(bank.income - 2 * shop.spend) * (bank.age + shop.orders) AS mixed",
    "abs(shop.spend - bank.income) AS distance, -bank.debt + shop.orders AS negated",
    "bank.income > shop.spend AS more, bank.age <= shop.orders * 10 AS few, bank.age = "
    "shop.orders + 18 AS equal",
    "bank.debt > shop.spend AND shop.vip AS both, bank.debt > shop.spend OR shop.vip AS one, NOT "
    "(shop.vip OR bank.debt > 100) AS neither",
    "CASE WHEN bank.debt > shop.spend THEN bank.debt WHEN shop.vip THEN shop.spend ELSE 0 END AS c",
    "CASE WHEN bank.income > shop.spend THEN shop.orders END AS d",
    "coalesce(bank.debt, shop.orders) AS filled, bank.debt IS NULL AND shop.vip IS NULL AS gone",
    "bank.city = shop.town AS home, bank.city <> shop.town AS away",
    "bank.income * 0.25 + shop.spend * 1e-3 AS weighted, bank.age BETWEEN shop.orders AND 40 AS "
    "young",
]


@pytest.mark.parametrize("items", ROW_QUERIES)
def test_rows_are_those_of_duckdb(items: str) -> None:
    tables = make_tables()
    text = f"SELECT {items} FROM bank"
    same(answer(text, tables), expected(text, tables), ordered=True, tolerance=1e-7)


GROUP_QUERIES = [
    "SELECT 学历, segment, count(*) AS n, sum(income) AS s, avg(spend) AS a, min(spend) AS low, "
    "max(income) AS high FROM bank GROUP BY 学历, segment",
    "SELECT segment, variance(income) AS v, stddev(spend) AS d, count(debt) AS c FROM bank GROUP "
    "BY segment",
    "SELECT 学历, sum(income * orders) AS joint, variance(income - spend) AS spread FROM bank "
    "GROUP BY 学历",
    "SELECT count(*) AS n, sum(CASE WHEN income > spend THEN 1 ELSE 0 END) AS m FROM bank WHERE "
    "age > 30 AND orders < 5",
    "SELECT segment, count(*) AS n FROM bank WHERE income > spend * 2 AND (vip OR age < 60) "
    "GROUP BY segment HAVING count(*) > 5",
    "SELECT CASE WHEN age < 40 THEN 'young' ELSE 'old' END AS band, town, avg(income) AS a FROM "
    "bank GROUP BY band, town ORDER BY a DESC LIMIT 3",
    "SELECT town, sum(debt) / count(debt) AS mean, sum(income) - sum(spend) AS rest FROM bank "
    "GROUP BY 1 ORDER BY town",
    "SELECT max(income - spend) AS best, min(debt) AS least FROM bank WHERE city = town",
]


@pytest.mark.parametrize("text", GROUP_QUERIES)
def test_groups_are_those_of_duckdb(text: str) -> None:
    tables = make_tables()
    ordered = "ORDER" in text
    same(answer(text, tables), expected(text, tables), ordered=ordered, tolerance=1e-5)


@settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(
    powers=st.tuples(*[st.floats(-6, 12)] * 3),
    signs=st.tuples(*[st.sampled_from([-1.0, 0.0, 1.0])] * 2),
    seed=st.integers(0, 2**16),
)
def test_no_magnitude_overflows(
    powers: tuple[float, ...], signs: tuple[float, ...], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    a, b, c = (rng.uniform(-1, 1, 32) * 10.0**power for power in powers)
    a, b = (np.abs(each) * sign if sign else each for each, sign in zip((a, b), signs, strict=True))
    text = (
        "SELECT a + b AS s, a - b AS d, a * b AS p, a / c AS q, a * b * c AS t, a * b + c AS m, "
        "a < b AS lt, CASE WHEN a > b THEN a ELSE c END AS k FROM x"
    )
    found = answer(text, {"x": {"a": a}, "y": {"b": b}, "z": {"c": c}})
    wanted = {
        "s": a + b,
        "d": a - b,
        "p": a * b,
        "q": a / c,
        "t": a * b * c,
        "m": a * b + c,
        "k": np.where(a > b, a, c),
    }
    sizes = {
        "s": max(np.abs(a).max(), np.abs(b).max()),
        "p": np.abs(a).max() * np.abs(b).max(),
        "q": np.abs(a).max() * np.abs(1 / c).max(),
        "t": np.abs(a).max() * np.abs(b).max() * np.abs(c).max(),
        "k": max(np.abs(each).max() for each in (a, b, c)),
    }
    sizes |= {"d": sizes["s"], "m": max(sizes["p"], np.abs(c).max())}
    for name, values in wanted.items():
        near = sizes[name] * 2.0 ** (-17 if name == "t" else -26)
        assert np.asarray(found[name]) == pytest.approx(values, rel=1e-7, abs=near), name
    clear = np.abs(a - b) > sizes["s"] * 2.0**-50
    assert (np.asarray(found["lt"]) == (a < b))[clear].all()


def test_too_many_factors_are_refused_by_name() -> None:
    tables = {p: {f"c{p}": np.linspace(0.1, 1, 30)} for p in ("a", "b", "c", "d", "e", "f")}
    with pytest.raises(ValuesTooLarge, match=r"factors in .*a.ca \* b.cb"):
        answer("SELECT ca * cb * cc * cd * ce * cf AS p FROM a", tables)


def test_numbers_that_are_none_are_refused() -> None:
    with pytest.raises(ValuesTooLarge, match=r"a.x \* a.x"):
        answer("SELECT a.x * a.x + b.y AS s FROM a", {"a": {"x": [1e200]}, "b": {"y": [1.0]}})


@pytest.mark.parametrize(
    ("items", "what"),
    [
        ("bank.income / (shop.spend + bank.age)", "div is offered over columns of one owner"),
        ("round(bank.income + shop.spend)", "round is offered"),
        ("bank.city", "is a text"),
        ("bank.city < shop.town", "= and <> only"),
        ("bank.age + shop.town", "add takes numbers"),
        ("read_csv('/etc/passwd')", "ReadCSV is not offered"),
        ("(SELECT 1)", "Subquery is not offered"),
        ("getenv('HOME')", "is not offered"),
        ("bank.income; DROP TABLE bank", "is no SQL"),
        ("income OVER ()", r"no SQL|not offered"),
        ("sum(income) OVER (ORDER BY age)", "Window is not offered"),
        ("*", "name the columns"),
    ],
)
def test_what_is_not_offered_is_refused(items: str, what: str) -> None:
    with pytest.raises(BadExpression, match=what):
        answer(
            f"SELECT {items} AS r FROM bank" if items != "*" else "SELECT * FROM bank",
            make_tables(),
        )


@pytest.mark.parametrize(
    "text",
    [
        "SELECT n FROM (SELECT 1 AS n)",
        "WITH t AS (SELECT 1) SELECT * FROM t",
        "SELECT income FROM read_parquet('x')",
        "SELECT income FROM bank UNION SELECT spend FROM shop",
        "SELECT DISTINCT income FROM bank",
        "SELECT income FROM other.bank",
        "SELECT income FROM bank b",
        "SELECT income FROM bank LEFT JOIN shop ON bank.age = shop.orders",
        "SELECT income FROM bank JOIN shop ON bank.age > shop.orders",
        "COPY bank TO 'x.csv'",
        "PRAGMA database_list",
        "ATTACH 'x.db'",
        "SELECT income, sum(spend) FROM bank",
        "SELECT sum(max(spend)) FROM bank",
        "SELECT income FROM bank HAVING income > 3",
        "SELECT income FROM bank LIMIT 3 OFFSET 2",
        "SELECT income FROM bank QUALIFY 1 = 1",
        "SELECT income FROM bank WHERE sum(income) > 3",
        "SELECT count(*) FROM bank GROUP BY CUBE (city)",
    ],
)
def test_statements_outside_the_allow_list_are_refused(text: str) -> None:
    with pytest.raises(BadExpression):
        answer(text, make_tables())
