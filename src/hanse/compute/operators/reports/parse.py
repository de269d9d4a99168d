"""SQL expressions to trees: sqlglot reads, an allow-list of node types decides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from hanse.compute.operators.reports.errors import BadExpression
from hanse.compute.operators.reports.tree import Call, Constant, Node

Resolve = Callable[[str, str], Node]
MAX_NODES = 400

_CALLS: dict[type[exp.Expression], str] = {
    exp.Add: "add",
    exp.Sub: "sub",
    exp.Mul: "mul",
    exp.Div: "div",
    exp.Neg: "neg",
    exp.Abs: "abs",
    exp.EQ: "eq",
    exp.NEQ: "ne",
    exp.LT: "lt",
    exp.LTE: "le",
    exp.GT: "gt",
    exp.GTE: "ge",
    exp.And: "and",
    exp.Or: "or",
    exp.Not: "not",
    exp.Round: "round",
    exp.Floor: "floor",
    exp.Ceil: "ceil",
    exp.Lower: "lower",
    exp.Upper: "upper",
    exp.Length: "length",
    exp.Like: "like",
    exp.Sum: "sum",
    exp.Avg: "avg",
    exp.Min: "min",
    exp.Max: "max",
    exp.Variance: "variance",
    exp.Stddev: "stddev",
    exp.StddevSamp: "stddev",
    exp.Count: "count",
}


def read_sql(text: str) -> Any:
    """One statement or expression.

    Raises:
        BadExpression: when it does not parse, is more than one, or is too large.
    """
    try:
        parsed = [each for each in sqlglot.parse(text, dialect="duckdb") if each is not None]
    except (SqlglotError, RecursionError) as error:
        raise BadExpression("the text is no SQL", debug=str(error)) from error
    if len(parsed) != 1:
        raise BadExpression("exactly one statement or expression is expected")
    if sum(1 for _ in parsed[0].walk()) > MAX_NODES:
        raise BadExpression(f"more than {MAX_NODES} parts; split it into several steps")
    return parsed[0]


def build(node: Any, resolve: Resolve) -> Node:
    """The tree of a parsed expression.

    Args:
        node: as sqlglot parsed it.
        resolve: finds a column by table ("" when none is written) and name.

    Raises:
        BadExpression: naming the kind of node that is not offered.
    """
    special = _SPECIAL.get(type(node))
    if special is not None:
        return special(node, resolve)
    op = _CALLS.get(type(node))
    if op is None:
        raise BadExpression(f"{type(node).__name__} is not offered here: {node.sql()[:100]}")
    allowed = {"this", "expression"} if isinstance(node, exp.Binary) else {"this"}
    extra = [key for key, value in node.args.items() if value and key not in allowed]
    if [key for key in extra if key not in {"typed", "safe", "big_int"}]:
        raise BadExpression(f"{op} takes no {extra[0]} here: {node.sql()[:100]}")
    parts = [node.this] if len(allowed) == 1 else [node.this, node.expression]
    return Call(op, tuple(build(part, resolve) for part in parts))


def _column(node: Any, resolve: Resolve) -> Node:
    if node.args.get("db") or node.args.get("catalog") or isinstance(node.this, exp.Star):
        raise BadExpression("columns are written as party.column")
    return resolve(node.table, node.name)


def _literal(node: Any, _: Resolve) -> Node:
    if node.is_string:
        return Constant(str(node.this))
    try:
        number = float(node.this)
    except ValueError:
        number = float("inf")
    if abs(number) > 1e300:
        raise BadExpression("a number in the text is too large")
    return Constant(number)


def _in(node: Any, resolve: Resolve) -> Node:
    if node.args.get("query") or node.args.get("unnest") or not node.expressions:
        raise BadExpression("IN takes a list of constants")
    what = build(node.this, resolve)
    found: Node | None = None
    for each in node.expressions:
        same = Call("eq", (what, build(each, resolve)))
        found = same if found is None else Call("or", (found, same))
    assert found is not None
    return found


def _between(node: Any, resolve: Resolve) -> Node:
    what = build(node.this, resolve)
    low, high = build(node.args["low"], resolve), build(node.args["high"], resolve)
    return Call("and", (Call("ge", (what, low)), Call("le", (what, high))))


def _is(node: Any, resolve: Resolve) -> Node:
    if not isinstance(node.expression, exp.Null):
        raise BadExpression("IS is offered with NULL only")
    return Call("isnull", (build(node.this, resolve),))


def _case(node: Any, resolve: Resolve) -> Node:
    args: list[Node] = []
    for branch in node.args["ifs"]:
        condition = build(branch.this, resolve)
        if node.this is not None:
            condition = Call("eq", (build(node.this, resolve), condition))
        args += [condition, build(branch.args["true"], resolve)]
    otherwise = node.args.get("default")
    args.append(build(otherwise, resolve) if otherwise is not None else Constant(None))
    return Call("case", tuple(args))


def _coalesce(node: Any, resolve: Resolve) -> Node:
    args = [build(each, resolve) for each in (node.this, *node.expressions)]
    found = args[-1]
    for each in reversed(args[:-1]):
        found = Call("case", (Call("not", (Call("isnull", (each,)),)), each, found))
    return found


def _count(node: Any, resolve: Resolve) -> Node:
    if isinstance(node.this, exp.Star):
        return Call("count", ())
    if isinstance(node.this, exp.Distinct):
        raise BadExpression("COUNT(DISTINCT …) is not offered")
    return Call("count", (build(node.this, resolve),))


_SPECIAL: dict[type[exp.Expression], Callable[[Any, Resolve], Node]] = {
    exp.Column: _column,
    exp.Literal: _literal,
    exp.Boolean: lambda node, _: Constant(bool(node.this)),
    exp.Null: lambda node, _: Constant(None),
    exp.Paren: lambda node, resolve: build(node.this, resolve),
    exp.In: _in,
    exp.Between: _between,
    exp.Is: _is,
    exp.Case: _case,
    exp.Coalesce: _coalesce,
    exp.Count: _count,
}
