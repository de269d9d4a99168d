"""Disclosure rules: how a column may be shown, checked before anything is computed.

From wide to narrow: ``open`` (row by row), ``after_join`` (row by row, of joined rows only),
``after_aggregation`` (within groups; what holds for columns without a rule), ``encrypted_only``
(never shown, only in conditions of grouped queries).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hanse.compute.operators.reports.errors import Undisclosed
from hanse.compute.operators.reports.query import Query
from hanse.compute.operators.reports.tree import Call, Column, Node, aggregates, columns

RULES = ("open", "after_join", "after_aggregation", "encrypted_only")
DEFAULT = "after_aggregation"
Rules = Mapping[str, Sequence[str]]


def rule_of(name: str, rules: Rules) -> str:
    """The narrowest rule that names a column."""
    named = [rule for rule in RULES if name in rules.get(rule, ())]
    return named[-1] if named else DEFAULT


def check_rules(query: Query, rules: Rules) -> None:
    """Refuse a query that shows a column in a way its rule forbids.

    Args:
        query: the query.
        rules: column names by rule.

    Raises:
        Undisclosed: naming the column and its rule.
    """
    if query.grouped:
        _check_groups(query, rules)
    else:
        _check_rows(query, rules)


def _check_rows(query: Query, rules: Rules) -> None:
    """Values and conditions are shown row by row."""
    allowed = {"open", "after_join"} if len(query.tables) > 1 else {"open"}
    nodes = [node for _, node in query.items] + [node for node, _ in query.order]
    for node in [*nodes, *([query.where] if query.where is not None else [])]:
        _demand(columns(node), allowed, rules, "is shown row by row")


def _check_groups(query: Query, rules: Rules) -> None:
    wide = set(RULES[:2]) if len(query.tables) > 1 else {"open"}
    for node in query.group:
        _demand(columns(node), set(RULES[:3]), rules, "is shown as a group key")
    nodes = [node for _, node in query.items] + [node for node, _ in query.order]
    for node in [*nodes, *([query.having] if query.having is not None else [])]:
        for call in aggregates(node):
            if call.op in {"min", "max"}:
                _demand(columns(call), wide, rules, f"is shown by {call.op}, a single row's value")
            for argument in call.args:
                _demand(_valued(argument), set(RULES[:3]), rules, "is aggregated")


def _valued(node: Node) -> list[Column]:
    """Columns whose values enter an expression, rather than a condition in it."""
    if isinstance(node, Call) and node.op == "case":
        branches = [*node.args[1:-1:2], node.args[-1]]
        return [column for branch in branches for column in _valued(branch)]
    if isinstance(node, Call):
        return [column for argument in node.args for column in _valued(argument)]
    return [node] if isinstance(node, Column) else []


def _demand(found: Sequence[Column], allowed: set[str], rules: Rules, how: str) -> None:
    for column in found:
        rule = rule_of(column.name, rules)
        if rule not in allowed:
            raise Undisclosed(f"{column.owner}.{column.name} {how}; its rule is {rule}")
