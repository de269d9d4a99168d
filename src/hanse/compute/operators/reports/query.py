"""A joint query: SELECT over the tables of several parties, read into trees."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlglot import exp

from hanse.compute.errors import AmbiguousColumn, NoSuchColumn
from hanse.compute.operators.reports.errors import BadExpression
from hanse.compute.operators.reports.parse import Resolve, build, read_sql
from hanse.compute.operators.reports.tree import Call, Column, Constant, Node, Schema, aggregates

_CLAUSES = {
    "kind",
    "expressions",
    "from",
    "from_",
    "joins",
    "where",
    "group",
    "having",
    "order",
    "limit",
}


class Query(msgspec.Struct, frozen=True):
    """What a SELECT asks for.

    Attributes:
        tables: parties after FROM and JOIN.
        joins: pairs of key columns that ON makes equal.
        where: condition on rows.
        items: names and expressions of the result's columns.
        group: expressions of GROUP BY.
        having: condition on groups.
        order: expressions, and whether descending.
        limit: most rows of the result.
    """

    tables: list[str]
    joins: list[tuple[Column, Column]]
    where: Node | None
    items: list[tuple[str, Node]]
    group: list[Node]
    having: Node | None
    order: list[tuple[Node, bool]]
    limit: int | None

    @property
    def grouped(self) -> bool:
        """Whether it shows groups of rows rather than rows."""
        return bool(self.group) or any(aggregates(node) for _, node in self.items)


def mentioned(parsed: Any) -> list[tuple[str, str]]:
    """Table ("" when none is written) and name of every column that is used."""
    found = [(each.table, each.name) for each in parsed.find_all(exp.Column)]
    return list(dict.fromkeys(found))


def resolver(schema: Schema) -> Resolve:
    """Finds columns in a schema by owner and name."""

    def resolve(table: str, name: str) -> Column:
        if table:
            if name not in schema.get(table, {}):
                raise NoSuchColumn(f"{table[:60]!r} has no column {name[:60]!r}")
            return Column(table, name)
        holders = [owner for owner, columns in schema.items() if name in columns]
        if not holders:
            raise NoSuchColumn(f"no party has a column {name[:60]!r}")
        if len(holders) > 1:
            raise AmbiguousColumn(f"{' and '.join(holders)} have a column {name[:60]!r}")
        return Column(holders[0], name)

    return resolve


def read_query(text: str, schema: Schema) -> Query:
    """The query of a SELECT.

    Args:
        text: SQL; tables are named after the parties.
        schema: by party and column, the column's type.

    Raises:
        BadExpression: naming the clause or function that is not offered.
        NoSuchColumn, AmbiguousColumn: naming the column.
    """
    parsed = read_sql(text)
    if not isinstance(parsed, exp.Select):
        raise BadExpression("a query begins with SELECT")
    for clause, value in parsed.args.items():
        if value and clause not in _CLAUSES:
            raise BadExpression(f"{clause.upper()} is not offered in joint queries")
    resolve = resolver(schema)
    tables, joins = _tables(parsed, schema, resolve)
    items = [_item(each, number, resolve) for number, each in enumerate(parsed.expressions, 1)]
    if len({name for name, _ in items}) != len(items):
        raise BadExpression("two columns of the result have the same name; use AS")
    named = dict(items)
    group = parsed.args.get("group")
    query = Query(
        tables=tables,
        joins=joins,
        where=_part(parsed, "where", resolve, named),
        items=items,
        group=_groups(group, resolve, items),
        having=_part(parsed, "having", resolve, named),
        order=_order(parsed.args.get("order"), resolve, items),
        limit=_limit(parsed.args.get("limit")),
    )
    _check(query)
    return query


def _tables(
    parsed: Any, schema: Schema, resolve: Resolve
) -> tuple[list[str], list[tuple[Column, Column]]]:
    source = parsed.args.get("from") or parsed.args.get("from_")
    if source is None:
        raise BadExpression("FROM is missing")
    tables, joins = [_table(source.this, schema)], []
    for join in parsed.args.get("joins") or []:
        if join.side or join.kind not in {"", "INNER"} or join.args.get("using"):
            raise BadExpression("only INNER JOIN … ON is offered")
        tables.append(_table(join.this, schema))
        on = join.args.get("on")
        conditions = list(on.flatten()) if isinstance(on, exp.And) else [on]
        joins += [_equal(condition, resolve) for condition in conditions]
    if len(set(tables)) != len(tables):
        raise BadExpression("a party's table is joined once")
    return tables, joins


def _table(node: Any, schema: Schema) -> str:
    plain = isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier)
    if not plain or node.args.get("db") or node.args.get("joins") or node.alias:
        raise BadExpression("tables are named after their parties, without alias")
    name = str(node.name)
    if name not in schema:
        raise BadExpression(f"{name[:60]!r} is no owner in this step; owners: {', '.join(schema)}")
    return name


def _equal(condition: Any, resolve: Resolve) -> tuple[Column, Column]:
    node = build(condition, resolve) if condition is not None else None
    if isinstance(node, Call) and node.op == "eq":
        left, right = node.args
        if isinstance(left, Column) and isinstance(right, Column) and left.owner != right.owner:
            return left, right
    raise BadExpression("ON makes columns of two parties equal: a.key = b.key AND …")


def _item(node: Any, number: int, resolve: Resolve) -> tuple[str, Node]:
    if isinstance(node, exp.Star):
        raise BadExpression("SELECT * is not offered; name the columns")
    name = node.alias or (node.name if isinstance(node, exp.Column) else f"column_{number}")
    inner = node.this if isinstance(node, exp.Alias) else node
    return str(name), build(inner, resolve)


def _part(parsed: Any, clause: str, resolve: Resolve, named: dict[str, Node]) -> Node | None:
    found = parsed.args.get(clause)
    if found is None:
        return None
    return build(found.this, _with_names(resolve, named) if clause == "having" else resolve)


def _with_names(resolve: Resolve, named: dict[str, Node]) -> Resolve:
    """Also finds the result's own columns by name."""

    def wider(table: str, name: str) -> Node:
        return named[name] if not table and name in named else resolve(table, name)

    return wider


def _groups(group: Any, resolve: Resolve, items: list[tuple[str, Node]]) -> list[Node]:
    if group is None:
        return []
    if any(value for key, value in group.args.items() if key != "expressions"):
        raise BadExpression("GROUP BY takes expressions only")
    return [_by_number_or_name(each, resolve, items) for each in group.expressions]


def _order(order: Any, resolve: Resolve, items: list[tuple[str, Node]]) -> list[tuple[Node, bool]]:
    if order is None:
        return []
    return [
        (_by_number_or_name(each.this, resolve, items), bool(each.args.get("desc")))
        for each in order.expressions
    ]


def _by_number_or_name(node: Any, resolve: Resolve, items: list[tuple[str, Node]]) -> Node:
    if isinstance(node, exp.Literal) and not node.is_string:
        place = int(node.this) if str(node.this).isdigit() else 0
        if not 1 <= place <= len(items):
            raise BadExpression(f"there is no column number {str(node.this)[:10]}")
        return items[place - 1][1]
    named = dict(items)
    if isinstance(node, exp.Column) and not node.table and node.name in named:
        return named[node.name]
    return build(node, resolve)


def _limit(limit: Any) -> int | None:
    if limit is None:
        return None
    node = limit.expression
    if not isinstance(node, exp.Literal) or not str(node.this).isdigit():
        raise BadExpression("LIMIT takes a whole number")
    return int(node.this)


def _check(query: Query) -> None:
    named = dict(query.items)
    if any(aggregates(node) for node in [query.where, *query.group] if node is not None):
        raise BadExpression("aggregates belong into SELECT, HAVING and ORDER BY")
    if query.having is not None and not query.grouped:
        raise BadExpression("HAVING needs groups")
    for node in (*named.values(), *(each for each, _ in query.order)):
        for call in aggregates(node):
            if any(aggregates(argument) for argument in call.args):
                raise BadExpression("an aggregate of an aggregate is not offered")
    if all(isinstance(node, Constant) for node in named.values()):
        raise BadExpression("the query shows no column")
