"""Expressions over columns of several owners, as small immutable trees.

Every tree comes from an allow-list of SQL nodes (`parse`), so that whoever walks one meets
nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Literal

import msgspec

from hanse.compute.operators.reports.errors import BadExpression

Type = Literal["number", "truth", "text", "date"]

ARITHMETIC = ("add", "sub", "mul", "div", "neg", "abs")
COMPARISONS = ("eq", "ne", "lt", "le", "gt", "ge")
LOGIC = ("and", "or", "not", "isnull")
LOCAL = ("round", "floor", "ceil", "lower", "upper", "length", "like")
AGGREGATES = ("count", "sum", "avg", "min", "max", "variance", "stddev")
BINARY = {
    "add": "+",
    "sub": "-",
    "mul": "*",
    "eq": "=",
    "ne": "<>",
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
    "and": "AND",
    "or": "OR",
    "like": "LIKE",
}
"""How SQL writes operations of two operands; division is not among them, it guards its divisor."""
_TYPES: dict[str, Type] = {
    "int64": "number",
    "float64": "number",
    "bool": "truth",
    "text": "text",
    "date": "date",
    "timestamp": "date",
}


class Column(msgspec.Struct, frozen=True, tag=True):
    """A column of one owner; the owner is its alias in the step."""

    owner: str
    name: str


class Constant(msgspec.Struct, frozen=True, tag=True):
    """A number, text, truth value, or None for NULL."""

    value: float | str | bool | None


class Call(msgspec.Struct, frozen=True, tag=True):
    """An operation on expressions: one of the names in this module, ``case`` or ``coalesce``.

    The arguments of ``case`` are condition and value by turns, then the value otherwise.
    """

    op: str
    args: tuple[Node, ...]


Node = Column | Constant | Call
Schema = Mapping[str, Mapping[str, str]]


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it."""
    yield node
    if isinstance(node, Call):
        for argument in node.args:
            yield from walk(argument)


def columns(node: Node) -> list[Column]:
    """The columns it uses, each once, in order."""
    return list(dict.fromkeys(each for each in walk(node) if isinstance(each, Column)))


def owners(node: Node) -> list[str]:
    """The owners of the columns it uses, in order."""
    return list(dict.fromkeys(column.owner for column in columns(node)))


def aggregates(node: Node) -> list[Call]:
    """The aggregates it uses, each once."""
    found = [each for each in walk(node) if isinstance(each, Call) and each.op in AGGREGATES]
    return list(dict.fromkeys(found))


def replace(node: Node, change: Callable[[Node], Node | None]) -> Node:
    """The tree with nodes exchanged from the top; None keeps a node and looks below it."""
    changed = change(node)
    if changed is not None:
        return changed
    if isinstance(node, Call):
        return Call(node.op, tuple(replace(argument, change) for argument in node.args))
    return node


def show(node: Node) -> str:
    """The expression as SQL would have it, for messages and explanations."""
    if isinstance(node, Column):
        return f"{node.owner}.{node.name}" if node.owner else node.name
    if isinstance(node, Constant):
        value = node.value
        whole = isinstance(value, float) and value.is_integer() and abs(value) < 1e15
        return "NULL" if value is None else str(int(value)) if whole else repr(value)
    if node.op in BINARY:
        return f" {BINARY[node.op]} ".join(map(_bracketed, node.args))
    return f"{node.op}({', '.join(map(show, node.args))})"


def _bracketed(node: Node) -> str:
    inner = show(node)
    return f"({inner})" if isinstance(node, Call) and node.op in BINARY else inner


def type_of(node: Node, schema: Schema) -> Type:
    """The type of its values.

    Args:
        node: the expression.
        schema: by owner and column, the column's type.

    Raises:
        BadExpression: when an operation gets something else than it takes.
    """
    if isinstance(node, Column):
        return _TYPES[schema[node.owner][node.name]]
    if isinstance(node, Constant):
        if isinstance(node.value, bool):
            return "truth"
        return "text" if isinstance(node.value, str) else "number"
    types = [type_of(argument, schema) for argument in node.args]
    return _call_type(node, types)


def _call_type(node: Call, types: list[Type]) -> Type:
    if node.op in {*ARITHMETIC, "round", "floor", "ceil", "sum", "avg", "variance", "stddev"}:
        _want(node, types, "number")
        return "number"
    if node.op in {"and", "or", "not"}:
        _want(node, types, "truth")
        return "truth"
    if node.op in {"lower", "upper"}:
        return "text"
    if node.op in {"length", "count"}:
        return "number"
    if node.op == "case":
        _want(node, types[:-1:2], "truth")
        return _common(node, [*types[1:-1:2], types[-1]])
    if node.op in COMPARISONS:
        _common(node, types)
    return "truth" if node.op in {*COMPARISONS, "isnull", "like"} else _common(node, types)


def _want(node: Call, types: list[Type], wanted: Type) -> None:
    if any(each != wanted for each in types):
        raise BadExpression(f"{node.op} takes {wanted}s, not {show(node)[:200]}")


def _common(node: Call, types: list[Type]) -> Type:
    kinds = dict.fromkeys(types)
    nulls = [isinstance(a, Constant) and a.value is None for a in node.args]
    if len(kinds) > 1 and any(nulls):
        rest = [t for t, null in zip(types, nulls[-len(types) :], strict=False) if not null]
        kinds = dict.fromkeys(rest or types)
    if len(kinds) == 2 and "date" in kinds and "text" in kinds:
        return "date"
    if len(kinds) != 1:
        raise BadExpression(f"{node.op} mixes {' and '.join(kinds)}: {show(node)[:200]}")
    return next(iter(kinds))
