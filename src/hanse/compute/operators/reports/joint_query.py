"""A joint query carried out: read, held against its rules, planned, run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hanse.compute.errors import NoSuchColumn
from hanse.compute.operators.reports.cells import open_groups
from hanse.compute.operators.reports.errors import BadExpression
from hanse.compute.operators.reports.execution import Session
from hanse.compute.operators.reports.parse import read_sql
from hanse.compute.operators.reports.plan import Plan, make_plan
from hanse.compute.operators.reports.query import Query, mentioned, read_query
from hanse.compute.operators.reports.row_results import show_rows
from hanse.compute.operators.reports.rules import RULES, check_rules
from hanse.compute.operators.reports.tree import Schema, columns

if TYPE_CHECKING:
    from hanse.compute.worker.task import Task

PORT = "result"


def run_query(task: Task) -> None:
    """This party's part of the query."""
    text = task.text("query")
    rules = {rule: task.texts(rule) for rule in RULES}
    used = mentioned(read_sql(text))
    named = [("", name) for rule in RULES for name in rules[rule]]
    queries: list[Query] = []

    def plan(schema: dict[str, Any]) -> Plan:
        for _, name in named:
            check_named(name, schema)
        query = read_query(text, schema)
        _check_tables(query)
        check_rules(query, rules)
        queries.append(query)
        return make_plan(query, schema)

    session = Session(task, list(dict.fromkeys([*used, *named])), plan)
    check_join(queries[0], session.key_columns)
    if session.plan.grouped:
        _show_groups(session)
    else:
        show_rows(session, PORT)


def check_named(name: str, schema: Schema) -> None:
    """A rule must name a column that is there: a slip would leave another without its rule.

    Raises:
        NoSuchColumn: when no party has it.
    """
    if not any(name in held for held in schema.values()):
        raise NoSuchColumn(f"a disclosure rule names {name[:60]!r}, which no party has")


def _show_groups(session: Session) -> None:
    task = session.task
    opened = open_groups(session, task.integer("minimum_group"), task.integer("maximum_groups"))
    if opened is not None:
        from hanse.compute.operators.reports.group_table import result_table
        from hanse.data.batches import ArrowTable

        task.phase("store")
        table = ArrowTable(result_table(session.plan, opened))
        task.keep_table(PORT, table, {"key_columns": []})
    task.finish()


def _check_tables(query: Query) -> None:
    """Columns come from the tables after FROM and JOIN only."""
    nodes = [node for _, node in query.items] + query.group
    nodes += [node for node, _ in query.order]
    nodes += [node for node in (query.where, query.having) if node is not None]
    for node in nodes:
        for column in columns(node):
            if column.owner not in query.tables:
                raise BadExpression(f"{column.owner} is not after FROM or JOIN")


def check_join(query: Query, keys: dict[str, list[str]]) -> None:
    """The join must be the alignment that was made.

    Args:
        query: the query.
        keys: by party, the columns its table was aligned by.

    Raises:
        BadExpression: when ON joins by other columns, or a table was joined without ON.
    """
    joined = {query.tables[0]}
    for left, right in query.joins:
        joined |= {left.owner, right.owner}
        places = [
            keys.get(column.owner, []).index(column.name)
            if column.name in keys.get(column.owner, [])
            else -1
            for column in (left, right)
        ]
        if places[0] != places[1] or places[0] < 0:
            raise BadExpression(
                f"the tables are not aligned by {left.owner}.{left.name} = "
                f"{right.owner}.{right.name}; align them by these columns first"
            )
    for owner in query.tables:
        wanted = {column.name for pair in query.joins for column in pair if column.owner == owner}
        if owner not in joined or (query.joins and wanted != set(keys.get(owner, []))):
            raise BadExpression(f"ON leaves out a column that {owner}'s table is aligned by")
