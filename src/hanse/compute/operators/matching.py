"""What `align` and `intersect` share: keys, intersection, and the rows found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hanse.compute.errors import BadInput, NoCommonRows
from hanse.compute.operators.keys import key_digests
from hanse.compute.operators.rows import Rows, select_rows

if TYPE_CHECKING:
    from hanse.compute.worker.task import Task


def side_of(task: Task) -> str:
    """``left`` or ``right``: the port this owner was given."""
    sides = [port for port in ("left", "right") if port in task.request.inputs]
    if len(sides) != 1:
        raise BadInput("each owner brings one table, the left or the right one")
    return sides[0]


def common_rows(task: Task, *, receiver: str, broadcast: bool) -> Rows:
    """Numbers of this owner's common rows, in an order that both share in every session.

    It is the order of the marks, which depend on the keys alone: the same seed then splits the
    same rows.

    Raises:
        NoCommonRows: when a table has no key at all.
    """
    from hanse.compute.engines import psi

    side = side_of(task)
    link = task.link("data", task.participants)
    prepared: dict[str, Any] = {}

    def prepare() -> dict[str, Any]:
        columns = task.texts(f"{side}_key")
        granted = {column.name for column in task.readable(side)}
        digests, rows, marks = key_digests(
            task.table(side),
            columns,
            key_type=task.text("key_type"),
            case=task.text("case"),
            nonce=task.nonce,
            granted=granted,
        )
        first = task.text("duplicates") == "first"
        prepared.update(keys=psi.Keys(digests, marks, first_of_equal=first), rows=rows)
        return {"side": side, "keys": len(prepared["keys"]), "columns": len(columns)}

    facts = task.agree(link, prepare)
    _check_facts(facts)
    task.phase("intersect")
    found = psi.intersect(
        link,
        prepared["keys"],
        task.scratch,
        protocol=task.manifest.protocol,
        receiver=receiver,
        broadcast=broadcast,
        on_progress=lambda percent: task.progress(percent, 100),
    )
    rows: Rows = prepared["rows"][found]
    task.measures["rows_entered"] = len(prepared["keys"])
    if broadcast or task.me == receiver:
        task.measures["rows_common"] = len(rows)
    return rows


def _check_facts(facts: dict[str, Any]) -> None:
    if sorted(fact["side"] for fact in facts.values()) != ["left", "right"]:
        raise BadInput("one owner brings the left table and the other the right one")
    if len({fact["columns"] for fact in facts.values()}) != 1:
        raise BadInput("left_key and right_key name different numbers of columns")
    if min(fact["keys"] for fact in facts.values()) == 0:
        raise NoCommonRows("one of the tables has no row with a key")


def keep_rows(task: Task, rows: Rows, port: str) -> None:
    """Write these rows of the input table, its granted columns, as an output."""
    task.phase("store")
    side = side_of(task)
    table = select_rows(task.table(side), task.readable(side), np.ascontiguousarray(rows))
    task.keep_table(port, table, {"key_columns": task.texts(f"{side}_key")})
