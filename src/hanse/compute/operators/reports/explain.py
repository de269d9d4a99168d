"""EXPLAIN for joint queries: who does what, and who learns what, step by step."""

from __future__ import annotations

from collections.abc import Sequence

from hanse.compute.operators.reports.plan import Plan, make_plan
from hanse.compute.operators.reports.query import Query, read_query
from hanse.compute.operators.reports.rules import RULES, Rules, check_rules, rule_of
from hanse.compute.operators.reports.tree import Column, Node, Schema, replace, show


def explain_query(
    text: str,
    schema: Schema,
    *,
    rules: Rules,
    computes: Sequence[str],
    receivers: Sequence[str],
    minimum_group: int,
) -> list[str]:
    """One line per step of the query.

    Args:
        text: SQL.
        schema: by party and column, the column's type.
        rules: column names by disclosure rule.
        computes: computing nodes.
        receivers: who opens the result.
        minimum_group: smaller groups are hidden.

    Raises:
        BadExpression, NoSuchColumn, AmbiguousColumn, Undisclosed: as the query itself would.
    """
    query = read_query(text, schema)
    check_rules(query, rules)
    plan = make_plan(query, schema)
    lines = _join(query) + _own(plan)
    nodes = ", ".join(computes)
    lines += [f"{nodes}: on shares {each}" for each in _shared(plan, minimum_group)]
    lines += [
        f"all parties: learn the row count, the columns' names and types"
        f"{', how many groups each party has' if plan.grouped else ''}, and of every shared "
        "part the power of two that bounds it, whether it is whole and whether it has gaps"
    ]
    lines += [f"{', '.join(receivers)}: {each}" for each in _opened(plan)]
    return [*lines, *_rules(query, schema, rules)]


def _join(query: Query) -> list[str]:
    if not query.joins:
        return []
    pairs = " and ".join(f"{show(left)} = {show(right)}" for left, right in query.joins)
    return [
        f"{', '.join(query.tables)}: tables aligned before by {pairs}; each learnt which of its "
        "keys the other has"
    ]


def _own(plan: Plan) -> list[str]:
    lines = []
    for owner in plan.owners:
        own = [f"keeps rows where {show(node)}" for node in plan.own_filters.get(owner, [])]
        own += [f"codes the groups of {show(k.node)}" for k in plan.keys if k.owner == owner]
        own += [
            f"works out {show(leaf.node)}{f' ({leaf.form})' if leaf.form else ''}"
            for leaf in plan.leaves
            if leaf.owner == owner
        ]
        lines += [f"{owner}: {each}, and shares it" for each in own]
    return lines


def _shared(plan: Plan, minimum_group: int) -> list[str]:
    lines = [f"filter by {_written(plan, node)}" for node in plan.filters]
    if not plan.grouped:
        return lines + [f"evaluate {_written(plan, node)}" for _, node, _ in plan.outputs]
    if plan.keys:
        lines.append("multiply the parties' group memberships")
    lines += [f"add up by group for {show(call)}" for call in plan.aggregates]
    return [*lines, f"hide groups of fewer than {minimum_group} rows and what gives them away"]


def _written(plan: Plan, node: Node) -> str:
    def back(each: Node) -> Node | None:
        if isinstance(each, Column) and not each.owner:
            return plan.leaves[int(each.name)].node
        return None

    return show(replace(node, back))


def _opened(plan: Plan) -> list[str]:
    if not plan.grouped:
        lines = ["opens which rows pass, and of these " + ", ".join(n for n, _, _ in plan.outputs)]
        cut = bool(plan.order or plan.limit is not None)
        return lines + (["orders and cuts the rows; it has seen them all"] if cut else [])
    lines = ["opens the labels of every party's groups, and of the groups that are shown: rows"]
    lines[0] += "".join(f", {show(call)}" for call in plan.aggregates if call.args)
    if plan.having is not None or plan.order or plan.limit is not None:
        lines.append("applies HAVING, ORDER BY and LIMIT; it has seen the groups these remove")
    return lines


def _rules(query: Query, schema: Schema, rules: Rules) -> list[str]:
    lines = []
    for rule in RULES:
        named = [
            f"{owner}.{name}"
            for owner in query.tables
            for name in schema[owner]
            if rule_of(name, rules) == rule
        ]
        if named:
            lines.append(f"rule {rule}: {', '.join(named)}")
    return lines
