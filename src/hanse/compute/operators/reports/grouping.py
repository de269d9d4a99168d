"""The cross-tabulated report: a query made of parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from hanse.compute.errors import BadParameter
from hanse.compute.operators.reports.cells import open_groups
from hanse.compute.operators.reports.execution import Session
from hanse.compute.operators.reports.group_table import group_table
from hanse.compute.operators.reports.plan import Plan, make_plan
from hanse.compute.operators.reports.query import Query, resolver
from hanse.compute.operators.reports.tree import Call, Node, Schema

if TYPE_CHECKING:
    from hanse.compute.worker.task import Task

AGGREGATES = {
    "sum": "sum",
    "mean": "avg",
    "variance": "variance",
    "minimum": "min",
    "maximum": "max",
}


def report(task: Task) -> None:
    """This party's part of the report."""
    by, columns = task.texts("by"), task.texts("columns")
    asked = task.texts("aggregates") if columns else []
    _check(by, columns, asked)
    names = list(dict.fromkeys([*by, *columns]))
    session = Session(
        task, [("", name) for name in names], lambda schema: _plan(schema, by, columns, asked)
    )
    opened = open_groups(session, task.integer("minimum_group"), task.integer("maximum_groups"))
    if opened is not None:
        made = assemble(group_table(session.plan, opened), by, columns, asked)
        made["hidden_or_empty"] = int((opened.counts[:, 0] == 0).sum())
        task.keep_bytes("report", msgspec.json.encode(made), {})
    task.finish()


def _check(by: list[str], columns: list[str], asked: list[str]) -> None:
    for name in asked:
        if name not in AGGREGATES:
            raise BadParameter(f"'aggregates' holds any of {', '.join(AGGREGATES)}")
    if not by:
        raise BadParameter("'by' names at least one column")
    if columns and not asked:
        raise BadParameter("'aggregates' names what is wanted of the columns")


def _plan(schema: Schema, by: list[str], columns: list[str], asked: list[str]) -> Plan:
    resolve = resolver(schema)
    keys: list[Node] = [resolve("", name) for name in by]
    items: list[tuple[str, Node]] = [("count", Call("count", ()))]
    for name in columns:
        column = resolve("", name)
        items += [(f"{each} {name}", Call(AGGREGATES[each], (column,))) for each in asked]
    query = Query(
        tables=list(schema),
        joins=[],
        where=None,
        items=items,
        group=keys,
        having=None,
        order=[],
        limit=None,
    )
    return make_plan(query, schema)


def assemble(groups: Any, by: list[str], columns: list[str], asked: list[str]) -> dict[str, Any]:
    """The report from the table of groups."""
    lines = []
    for row in groups.to_pylist():
        values = iter([row[f"a{n}"] for n in range(1, 1 + len(columns) * len(asked))])
        lines.append(
            {
                "key": [row[f"k{n}"] for n in range(len(by))],
                "count": row["rows"],
                "columns": {name: {each: next(values) for each in asked} for name in columns},
            }
        )
    return {"by": by, "groups": lines}
