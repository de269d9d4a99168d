"""Disclosure rules, joins and EXPLAIN: pure, before anything is computed."""

from __future__ import annotations

import pytest

from hanse.compute.operators.reports.errors import BadExpression, Undisclosed
from hanse.compute.operators.reports.explain import explain_query
from hanse.compute.operators.reports.joint_query import check_join
from hanse.compute.operators.reports.query import read_query
from hanse.compute.operators.reports.rules import check_rules

SCHEMA = {
    "bank": {"id": "text", "income": "float64", "city": "text", "risk": "int64"},
    "shop": {"no": "text", "spend": "float64", "kind": "text"},
}
JOIN = "FROM bank JOIN shop ON bank.id = shop.no"
RULES = {"open": ["city"], "after_join": ["spend"], "encrypted_only": ["risk"]}


@pytest.mark.parametrize(
    "text",
    [
        f"SELECT spend + spend AS s {JOIN} WHERE spend > 3",
        f"SELECT city, avg(income) AS a {JOIN} WHERE risk > 2 GROUP BY city",
        f"SELECT kind, sum(CASE WHEN risk > 2 THEN income ELSE 0 END) AS s {JOIN} GROUP BY kind",
        f"SELECT kind, max(spend) AS m {JOIN} GROUP BY kind",
        "SELECT count(*) AS n FROM bank",
    ],
)
def test_what_the_rules_allow_passes(text: str) -> None:
    check_rules(read_query(text, SCHEMA), RULES)


@pytest.mark.parametrize(
    ("text", "column", "rule"),
    [
        (f"SELECT income {JOIN}", "bank.income", "after_aggregation"),
        (f"SELECT spend {JOIN} WHERE income > 3", "bank.income", "after_aggregation"),
        (f"SELECT spend {JOIN} ORDER BY income", "bank.income", "after_aggregation"),
        ("SELECT spend FROM shop", "shop.spend", "after_join"),
        (f"SELECT sum(risk) AS s {JOIN}", "bank.risk", "encrypted_only"),
        (f"SELECT avg(income * risk) AS s {JOIN}", "bank.risk", "encrypted_only"),
        (f"SELECT risk, count(*) AS n {JOIN} GROUP BY risk", "bank.risk", "encrypted_only"),
        (f"SELECT max(income) AS m {JOIN}", "bank.income", "after_aggregation"),
        (
            f"SELECT city, count(*) AS n {JOIN} GROUP BY city HAVING sum(risk) > 1",
            "bank.risk",
            "encrypted_only",
        ),
    ],
)
def test_what_a_rule_forbids_is_refused_by_name(text: str, column: str, rule: str) -> None:
    with pytest.raises(Undisclosed) as refused:
        check_rules(read_query(text, SCHEMA), RULES)
    assert column in refused.value.message
    assert rule in refused.value.message


def test_narrowest_rule_holds() -> None:
    rules = {"open": ["income"], "encrypted_only": ["income"]}
    with pytest.raises(
        Undisclosed, match=r"bank\.income is aggregated; its rule is encrypted_only"
    ):
        check_rules(read_query("SELECT avg(income) AS a FROM bank", SCHEMA), rules)


def test_join_must_be_the_alignment() -> None:
    query = read_query(f"SELECT count(*) AS n {JOIN}", SCHEMA)
    check_join(query, {"bank": ["id"], "shop": ["no"]})
    for keys in (
        {},
        {"bank": ["city"], "shop": ["no"]},
        {"bank": ["id", "city"], "shop": ["no", "kind"]},
    ):
        with pytest.raises(BadExpression, match="align"):
            check_join(query, keys)  # type: ignore[arg-type]


def test_explanation_names_who_does_and_learns_what() -> None:
    text = (
        f"SELECT city, kind, avg(income - spend) AS a {JOIN} WHERE risk > 2 AND income > spend "
        "GROUP BY city, kind HAVING count(*) > 30"
    )
    lines = explain_query(
        text,
        SCHEMA,
        rules=RULES,
        computes=["bank", "shop", "helper"],
        receivers=["bank"],
        minimum_group=10,
    )
    assert lines == [
        "bank, shop: tables aligned before by bank.id = shop.no; each learnt which of its keys "
        "the other has",
        "bank: keeps rows where bank.risk > 2, and shares it",
        "bank: codes the groups of bank.city, and shares it",
        "bank: works out bank.income, and shares it",
        "shop: codes the groups of shop.kind, and shares it",
        "shop: works out shop.spend, and shares it",
        "bank, shop, helper: on shares filter by bank.income > shop.spend",
        "bank, shop, helper: on shares multiply the parties' group memberships",
        "bank, shop, helper: on shares add up by group for avg(bank.income - shop.spend)",
        "bank, shop, helper: on shares add up by group for count()",
        "bank, shop, helper: on shares hide groups of fewer than 10 rows and what gives them away",
        "all parties: learn the row count, the columns' names and types, how many groups each "
        "party has, and of every shared part the power of two that bounds it, whether it is "
        "whole and whether it has gaps",
        "bank: opens the labels of every party's groups, and of the groups that are shown: rows, "
        "avg(bank.income - shop.spend)",
        "bank: applies HAVING, ORDER BY and LIMIT; it has seen the groups these remove",
        "rule open: bank.city",
        "rule after_join: shop.spend",
        "rule after_aggregation: bank.id, bank.income, shop.no, shop.kind",
        "rule encrypted_only: bank.risk",
    ]
