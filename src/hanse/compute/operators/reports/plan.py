"""Planning a query: what each owner does by itself, what runs on shares, what is opened.

Pure: the same query and schema give the same plan at every party.
"""

from __future__ import annotations

import msgspec

from hanse.compute.operators.reports.errors import BadExpression
from hanse.compute.operators.reports.leaves import Leaf, lift, refer
from hanse.compute.operators.reports.query import Query
from hanse.compute.operators.reports.tree import (
    Call,
    Column,
    Constant,
    Node,
    Schema,
    aggregates,
    owners,
    replace,
    show,
    type_of,
)

_ONE, _ZERO = Constant(1.0), Constant(0.0)


class Key(msgspec.Struct, frozen=True):
    """A group key and the owner that evaluates it."""

    owner: str
    node: Node


class Plan(msgspec.Struct, frozen=True):
    """What is done with a query.

    Attributes:
        owners: parties with a table, in order.
        leaves: what owners evaluate and share.
        own_filters: by owner, conditions it applies to its rows by itself.
        filters: conditions on shares, over leaves.
        keys: group keys.
        grouped: whether groups are shown.
        aggregates: what is aggregated, as written.
        sums: expressions over leaves that are added up by group.
        squares: for each sum, whether the squares are added up too.
        extremes: ``min`` or ``max`` and an expression over leaves, by group.
        uses: for each aggregate, numbers of sums (for ``min`` and ``max``: of extremes).
        outputs: for rows: names, expressions over leaves, and whether a condition.
        shown: names and expressions over keys ``k0``… and aggregates ``a0``…
        having: condition over the same.
        order: expressions over the same (for rows: over the outputs), and whether descending.
        limit: most rows.
    """

    owners: list[str]
    leaves: list[Leaf]
    own_filters: dict[str, list[Node]]
    filters: list[Node]
    keys: list[Key]
    grouped: bool
    aggregates: list[Call]
    sums: list[Node]
    squares: list[bool]
    extremes: list[tuple[str, Node]]
    uses: list[list[int]]
    outputs: list[tuple[str, Node, bool]]
    shown: list[tuple[str, Node]]
    having: Node | None
    order: list[tuple[Node, bool]]
    limit: int | None


def make_plan(query: Query, schema: Schema) -> Plan:
    """Plan a query.

    Raises:
        BadExpression: when something is needed on shares that is not offered there.
    """
    return _grouped(query, schema) if query.grouped else _rows(query, schema)


def conjuncts(node: Node | None) -> list[Node]:
    """The conditions that AND joins."""
    if node is None:
        return []
    if isinstance(node, Call) and node.op == "and":
        return [each for argument in node.args for each in conjuncts(argument)]
    return [node]


def _conditions(query: Query, schema: Schema) -> list[Node]:
    found = conjuncts(query.where)
    for node in found:
        if type_of(node, schema) != "truth":
            raise BadExpression(f"WHERE takes conditions, not {show(node)[:200]}")
    return found


def _rows(query: Query, schema: Schema) -> Plan:
    leaves: list[Leaf] = []
    outputs = []
    for name, node in query.items:
        kind = type_of(node, schema)
        if kind not in {"number", "truth"}:
            raise BadExpression(f"rows show numbers and conditions only; {name[:60]!r} is a {kind}")
        outputs.append((name, lift(node, schema, leaves), kind == "truth"))
    filters = [lift(node, schema, leaves) for node in _conditions(query, schema)]
    names = {node: Column("", name) for name, node in query.items}
    order = [(_renamed(node, names), down) for node, down in query.order]
    return Plan(
        owners=list(schema),
        leaves=leaves,
        own_filters={},
        filters=filters,
        keys=[],
        grouped=False,
        aggregates=[],
        sums=[],
        squares=[],
        extremes=[],
        uses=[],
        outputs=outputs,
        shown=[],
        having=None,
        order=order,
        limit=query.limit,
    )


def _grouped(query: Query, schema: Schema) -> Plan:
    own: dict[str, list[Node]] = {}
    leaves: list[Leaf] = []
    filters: list[Node] = []
    for node in _conditions(query, schema):
        held = owners(node)
        if len(held) == 1:
            own.setdefault(held[0], []).append(node)
        else:
            filters.append(lift(node, schema, leaves))
    keys = [_key(node) for node in query.group]
    after = [node for _, node in query.items] + [node for node, _ in query.order]
    after += [query.having] if query.having is not None else []
    calls = list(dict.fromkeys(call for node in after for call in aggregates(node)))
    work = _Work(schema, leaves)
    uses = [work.add(call) for call in calls]
    names: dict[Node, Column] = {key.node: Column("", f"k{n}") for n, key in enumerate(keys)}
    names |= {call: Column("", f"a{n}") for n, call in enumerate(calls)}
    return Plan(
        owners=list(schema),
        leaves=leaves,
        own_filters=own,
        filters=filters,
        keys=keys,
        grouped=True,
        aggregates=calls,
        sums=work.sums,
        squares=work.squares,
        extremes=work.extremes,
        uses=uses,
        outputs=[],
        shown=[(name, _renamed(node, names)) for name, node in query.items],
        having=None if query.having is None else _renamed(query.having, names),
        order=[(_renamed(node, names), down) for node, down in query.order],
        limit=query.limit,
    )


def _key(node: Node) -> Key:
    held = owners(node)
    if len(held) != 1:
        raise BadExpression(f"a group key belongs to one party: {show(node)[:200]}")
    return Key(held[0], node)


def _renamed(node: Node, names: dict[Node, Column]) -> Node:
    """The expression over result columns.

    Raises:
        BadExpression: when a column is left that is neither grouped nor aggregated.
    """
    changed = replace(node, names.get)
    left = owners(changed)
    if any(left):
        raise BadExpression(f"{show(node)[:200]} is neither a group key, aggregated nor shown")
    return changed


class _Work:
    """Collects what is added up for the aggregates."""

    def __init__(self, schema: Schema, leaves: list[Leaf]) -> None:
        self._schema, self._leaves = schema, leaves
        self.sums: list[Node] = []
        self.squares: list[bool] = []
        self.extremes: list[tuple[str, Node]] = []

    def add(self, call: Call) -> list[int]:
        """Numbers of the sums (or of the extreme and its sum) that an aggregate needs."""
        if not call.args:
            return []
        node = call.args[0]
        kind = type_of(node, self._schema)
        if call.op != "count" and kind != "number":
            raise BadExpression(f"{call.op} takes numbers, not {show(node)[:200]}")
        if call.op in {"variance", "stddev"}:
            return self._spread(node)
        lifted = lift(node, self._schema, self._leaves)
        if call.op == "count":
            there = Call("not", (Call("isnull", (lifted,)),))
            return [self._sum(Call("case", (there, _ONE, _ZERO)), squares=False)]
        total = self._sum(lifted, squares=False)
        if call.op in {"sum", "avg"}:
            return [total]
        self.extremes.append((call.op, lifted))
        return [total, len(self.extremes) - 1]

    def _spread(self, node: Node) -> list[int]:
        held = owners(node)
        if len(held) != 1:
            return [self._sum(lift(node, self._schema, self._leaves), squares=True)]
        parts = [
            refer(Leaf(held[0], node, "number", form), self._leaves)
            for form in ("centred", "square")
        ]
        return [self._sum(part, squares=False) for part in parts]

    def _sum(self, node: Node, *, squares: bool) -> int:
        wanted = list(zip(self.sums, self.squares, strict=True))
        if (node, squares) in wanted:
            return wanted.index((node, squares))
        self.sums.append(node)
        self.squares.append(squares)
        return len(self.sums) - 1
