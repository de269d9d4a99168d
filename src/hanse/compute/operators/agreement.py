"""What the owners' inputs must have in common, seen by all parties before anything is shared.

Every owner checks its own part and states facts of it (`Task.agree`); all parties draw the same
conclusions from the same facts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hanse.compute.errors import AmbiguousColumn, NoSuchColumn, RowsDiffer, TooFewRows
from hanse.compute.operators.sharing import same

if TYPE_CHECKING:
    from hanse.compute.worker.task import Task

Facts = Mapping[str, Any]


def require_rows(task: Task, port: str = "table") -> int:
    """The row count of this owner's table.

    Raises:
        TooFewRows: when it is under ``minimum_rows``.
    """
    rows, least = task.table(port).rows, task.integer("minimum_rows")
    if rows < least:
        raise TooFewRows(f"fewer rows than the {least} that are needed")
    return rows


def require_a_row(task: Task) -> int:
    """The row count of this owner's input ``table``.

    Raises:
        TooFewRows: when it has none.
    """
    rows = task.table("table").rows
    if rows < 1:
        raise TooFewRows("the table has no row")
    return rows


def agreed_rows(task: Task, facts: Facts, fact: str = "rows", tables: str = "tables") -> int:
    """The row count that all owners stated under ``fact``.

    Raises:
        RowsDiffer: when they stated different ones.
    """
    rows = same(facts, task.parties("owner"), fact)
    if rows is None:
        raise RowsDiffer(f"the owners' {tables} have different numbers of rows")
    return int(rows)


def only_holder(task: Task, facts: Facts, fact: str, name: str, called: str = "column") -> str:
    """The one owner whose ``fact`` is true: it has the column ``name``.

    Raises:
        NoSuchColumn: when no owner has it.
        AmbiguousColumn: when several have.
    """
    holders = [alias for alias in task.parties("owner") if facts[alias][fact]]
    if not holders:
        raise NoSuchColumn(f"no owner has the {called} {name!r}")
    if len(holders) > 1:
        raise AmbiguousColumn(f"several owners have a column {name!r}")
    return holders[0]


def known_of(task: Task, *parameters: str, port: str = "table") -> list[str]:
    """Columns named by these list parameters that this owner has."""
    named = [name for parameter in parameters for name in task.texts(parameter)]
    have = {column.name for column in task.readable(port)}
    return [name for name in named if name in have]


def require_known(task: Task, facts: Facts, *parameters: str) -> None:
    """Refuse a list parameter that names a column no owner has.

    Every owner's fact ``known`` is its `known_of` these parameters.

    Raises:
        NoSuchColumn: naming the first.
    """
    known = _stated(task, facts, "known")
    for parameter in parameters:
        for name in task.texts(parameter):
            if name not in known:
                raise NoSuchColumn(f"no owner has the column {name!r} of {parameter!r}")


def require_excluded(task: Task, facts: Facts) -> None:
    """Refuse a parameter ``exclude`` that names a column no owner has.

    Every owner's fact ``excluded`` is its `known_of` that parameter.

    Raises:
        NoSuchColumn: naming the first.
    """
    known = _stated(task, facts, "excluded")
    for name in task.texts("exclude"):
        if name not in known:
            raise NoSuchColumn(f"no owner has the excluded column {name!r}")


def _stated(task: Task, facts: Facts, fact: str) -> set[str]:
    return {name for alias in task.parties("owner") for name in facts[alias][fact]}
