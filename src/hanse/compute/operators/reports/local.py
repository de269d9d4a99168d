"""An owner's own part: expressions over its columns, in DuckDB on its table.

Only SQL made here reaches DuckDB: columns are called c0, c1, …; texts are quoted; there is no
function outside `tree`, no file and no network (`hanse.data.duck`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from hanse.compute.operators.reports.tree import BINARY, Column, Constant, Node, columns
from hanse.data.duck import confined

if TYPE_CHECKING:
    from hanse.data.types import TableSource

_PREFIX = {
    "neg": "-",
    "not": "NOT ",
    "abs": "abs",
    "round": "round",
    "floor": "floor",
    "ceil": "ceil",
    "lower": "lower",
    "upper": "upper",
    "length": "length",
}
Name = Callable[[Column], str]


def to_sql(node: Node, name: Name) -> str:
    """DuckDB's spelling of an expression; every part in brackets.

    Args:
        node: without aggregates.
        name: the SQL of a column.
    """
    if isinstance(node, Column):
        return name(node)
    if isinstance(node, Constant):
        return _constant(node.value)
    parts = [to_sql(argument, name) for argument in node.args]
    return _call(node.op, parts)


def _call(op: str, parts: list[str]) -> str:
    if op in BINARY:
        return f"({parts[0]} {BINARY[op]} {parts[1]})"
    if op in _PREFIX:
        return f"({_PREFIX[op]}({parts[0]}))"
    if op == "div":
        return f"(CASE WHEN {parts[1]} = 0 THEN NULL ELSE {parts[0]} / {parts[1]} END)"
    return f"({parts[0]} IS NULL)" if op == "isnull" else _case(parts)


def _case(parts: list[str]) -> str:
    whens = "".join(
        f" WHEN {condition} THEN {value}"
        for condition, value in zip(parts[:-1:2], parts[1:-1:2], strict=True)
    )
    return f"(CASE{whens} ELSE {parts[-1]} END)"


def _constant(value: float | str | bool | None) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return f"CAST({value!r} AS DOUBLE)"


def evaluate(table: TableSource, nodes: Sequence[Node]) -> list[Any]:
    """Arrow arrays of the expressions' values, rows in the table's order.

    Args:
        table: the owner's table.
        nodes: expressions over its columns; numbers come as doubles.
    """
    if not nodes:
        return []
    used = list(dict.fromkeys(column.name for node in nodes for column in columns(node)))
    numbers = {c.name for c in table.columns if c.type in {"int64", "float64"}}
    number = {column: place for place, column in enumerate(used)}

    def name(column: Column) -> str:
        short = f"c{number[column.name]}"
        return f"CAST({short} AS DOUBLE)" if column.name in numbers else short

    query = ", ".join(f"{to_sql(node, name)} AS e{k}" for k, node in enumerate(nodes))
    held = _arrow(table, used)
    with confined() as connection:
        connection.register("t", held)
        found = connection.sql(f"SELECT {query} FROM t").to_arrow_table()  # noqa: S608
    return [column.combine_chunks() for column in found.columns]


def _arrow(table: TableSource, used: list[str]) -> Any:
    import pyarrow as pa

    if not used:
        return pa.table({"c0": pa.nulls(table.rows, pa.int64())})
    held = pa.Table.from_batches(list(table.batches(used)))
    return held.rename_columns([f"c{place}" for place in range(len(used))])
