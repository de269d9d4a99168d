"""What `align` and `intersect` share: keys, intersection, and the rows found."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from hanse.compute.errors import BadInput, NoCommonRows
from hanse.compute.operators.common import UNBALANCED
from hanse.compute.operators.keys import key_digests
from hanse.compute.operators.rows import Rows, select_rows

if TYPE_CHECKING:
    from hanse.compute.engines.link import Link
    from hanse.compute.engines.psi import Keys
    from hanse.compute.worker.task import Task


def side_of(task: Task) -> str:
    """``left`` or ``right``: the port this owner was given."""
    sides = [port for port in ("left", "right") if port in task.request.inputs]
    if len(sides) != 1:
        raise BadInput("each owner brings one table, the left or the right one")
    return sides[0]


def left_owner(task: Task) -> str:
    """Who brings the left table, seen from here; `check_facts` refuses when nobody or both do."""
    if "left" in task.request.inputs:
        return task.me
    return next(alias for alias in task.participants if alias != task.me)


def common_rows(task: Task, *, receiver: str, broadcast: bool) -> Rows:
    """Numbers of this owner's common rows, in an order that both share in every session.

    It is the order of the marks, which depend on the keys alone: the same seed then splits the
    same rows. For the same reason rows found by an attempt that broke off are of use in the next.

    Raises:
        NoCommonRows: when a table has no key at all.
    """
    if task.manifest.protocol == UNBALANCED:
        from hanse.compute.operators import unbalanced_session

        return unbalanced_session.common_rows(task, receiver=receiver, broadcast=broadcast)
    link = task.link("data", task.participants)
    prepared: list[Keys] = []
    facts = task.agree(link, lambda: _prepare(task, prepared))
    check_facts(facts)
    found = _found(task, link, prepared[0], facts, receiver=receiver, broadcast=broadcast)
    if task.text("duplicates") == "all":
        found = prepared[0].with_equal(found)
    task.measures["rows_entered"] = len(prepared[0])
    if broadcast or task.me == receiver:
        task.measures["rows_common"] = len(found)
    return found


def _prepare(task: Task, prepared: list[Keys]) -> dict[str, Any]:
    side = side_of(task)
    keys = keys_of(task)
    prepared.append(keys)
    return {"side": side, "keys": len(keys), "columns": len(task.texts(f"{side}_key"))}


def keys_of(task: Task) -> Keys:
    """This owner's keys.

    Raises:
        DuplicateKeys, NoSuchColumn, BadParameter: naming what does not fit.
    """
    from hanse.compute.engines import psi

    side = side_of(task)
    columns = task.texts(f"{side}_key")
    digests, rows, marks = key_digests(
        task.table(side),
        columns,
        key_type=task.text("key_type"),
        case=task.text("case"),
        nonce=task.nonce,
        granted={column.name for column in task.readable(side)},
    )
    first = task.text("duplicates") != "refuse"
    return psi.Keys(digests, marks, rows, columns=columns, first_of_equal=first)


def check_facts(facts: dict[str, Any]) -> None:
    """Refuse tables that do not go together.

    Raises:
        BadInput, NoCommonRows: naming why.
    """
    if sorted(fact["side"] for fact in facts.values()) != ["left", "right"]:
        raise BadInput("one owner brings the left table and the other the right one")
    if len({fact["columns"] for fact in facts.values()}) != 1:
        raise BadInput("left_key and right_key name different numbers of columns")
    for alias, fact in facts.items():
        if fact["keys"] == 0:
            raise NoCommonRows(f"the table of {alias} has no row with a key")


def _found(
    task: Task, link: Link, keys: Keys, facts: dict[str, Any], *, receiver: str, broadcast: bool
) -> Rows:
    """The common rows part by part, after those of the parts an earlier attempt completed."""
    from hanse.compute.engines import psi

    parts = psi.parts_for(max(fact["keys"] for fact in facts.values()), task.integer("part_keys"))
    found, done = _resumed(task, link)
    task.phase("intersect")
    for number in range(done, parts):
        rows = psi.intersect(
            link,
            *keys.part(number, parts),
            task.scratch,
            protocol=task.manifest.protocol,
            receiver=receiver,
            broadcast=broadcast,
            on_progress=partial(_progress, task, number, parts),
        )
        found.append(rows)
        _progress(task, number, parts, 100)
        if number + 1 < parts:
            task.checkpoint.save(number + 1, {}, piece={"rows": rows.tobytes()})
    return np.concatenate(found)


def _progress(task: Task, number: int, parts: int, percent: int) -> None:
    task.progress(100 * number + percent, 100 * parts)


def _resumed(task: Task, link: Link) -> tuple[list[Rows], int]:
    """Rows found by an earlier attempt, and in how many parts."""
    resumed = task.checkpoint.resume(link, task.parties("owner"))
    if resumed is None:
        return [], 0
    pieces = task.checkpoint.pieces()
    return [np.frombuffer(piece["rows"], np.int64) for piece in pieces], resumed.number


def keep_rows(task: Task, rows: Rows, port: str) -> None:
    """Write these rows of the input table, its granted columns, as an output."""
    task.phase("store")
    side = side_of(task)
    table = select_rows(task.table(side), task.readable(side), np.ascontiguousarray(rows))
    task.keep_table(port, table, {"key_columns": task.texts(f"{side}_key")})
