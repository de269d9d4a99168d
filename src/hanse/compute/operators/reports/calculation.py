"""Calculations: a query without conditions, made of expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.compute.operators.reports.errors import BadExpression
from hanse.compute.operators.reports.execution import Session
from hanse.compute.operators.reports.parse import read_sql
from hanse.compute.operators.reports.plan import make_plan
from hanse.compute.operators.reports.query import mentioned, read_query
from hanse.compute.operators.reports.row_results import show_rows

if TYPE_CHECKING:
    from hanse.compute.worker.task import Task


def calculate(task: Task) -> None:
    """This party's part of the calculation."""
    text = as_select(task.texts("expressions"), task.parties("owner"))
    session = Session(
        task, mentioned(read_sql(text)), lambda schema: make_plan(read_query(text, schema), schema)
    )
    show_rows(session, "result")


def as_select(expressions: list[str], owners: list[str]) -> str:
    """The query that shows these expressions; its FROM is a form, every owner takes part.

    Raises:
        BadExpression: when one of them is more than one expression.
    """
    if not expressions:
        raise BadExpression("'expressions' holds at least one expression")
    parts = []
    for each in expressions:
        parsed = read_sql(f"SELECT {each}")
        clauses = [name for name, value in parsed.args.items() if value]
        if set(clauses) - {"kind"} != {"expressions"} or len(parsed.expressions) != 1:
            raise BadExpression(f"{each[:100]!r} is not one expression")
        parts.append(parsed.expressions[0].sql(dialect="duckdb"))
    first = owners[0].replace('"', '""')
    return f'SELECT {", ".join(parts)} FROM "{first}"'  # noqa: S608 - read again, never executed
