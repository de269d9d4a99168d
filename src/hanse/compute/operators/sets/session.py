"""One party's way through an operation on sets: keys, agreement, ring, and the rows told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pyarrow as pa

from hanse.compute.engines.psi import Keys
from hanse.compute.errors import BadInput, BadRoles, NoCommonRows
from hanse.compute.operators.keys import key_digests
from hanse.compute.operators.rows import Rows, select_rows
from hanse.compute.operators.sets.ring import Decide, Ring
from hanse.compute.operators.sets.texts import PORTS
from hanse.data.batches import ArrowTable
from hanse.data.types import TableSource

if TYPE_CHECKING:
    from hanse.compute.engines.link import Link
    from hanse.compute.worker.task import Task


class Told(msgspec.Struct, frozen=True):
    """What a receiver was told.

    Attributes:
        rows: its rows with a key, by ascending mark: an order that all share.
        numbers: what was decided for each of them, int64.
        total: what was told besides.
    """

    rows: Rows
    numbers: Rows
    total: int


def port_of(task: Task) -> str:
    """The port of this owner's table.

    Raises:
        BadInput: when it was given none or several.
    """
    held = [port for port in PORTS if task.has(port)]
    if len(held) != 1:
        raise BadInput("each owner brings one table")
    return held[0]


def key_columns(task: Task) -> list[str]:
    """The key columns of this owner's table."""
    own = task.texts(port_of(task).replace("table", "key"))
    return own or task.texts("key_1")


def comparer_of(task: Task) -> str:
    """Who compares: of two owners a receiver, for whom nothing is left to learn; of more, the
    first that is none, so that receivers learn no more than their result."""
    owners, receivers = task.parties("owner"), task.parties("receiver")
    wanted = [o for o in owners if (o in receivers) == (len(owners) == 2)]
    return (wanted or owners)[0]


def require_owners(task: Task) -> None:
    """Refuse receivers that bring no table.

    Raises:
        BadRoles: when one is no owner.
    """
    if not set(task.parties("receiver")) <= set(task.parties("owner")):
        raise BadRoles(f"the receivers of {task.spec.name} are owners; they get rows of their own")


def compare(task: Task, link: Link, decide: Decide, receivers: list[str]) -> Told:
    """Run the ring and tell receivers about their rows; empty at those that are told nothing.

    Raises: as `enter`.
    """
    ring, keys = enter(task, link)
    task.phase("tell")
    numbers, told = ring.tell(decide, receivers)
    if task.text("duplicates") == "all" and len(numbers):
        return Told(keys.every, np.repeat(numbers, keys.counts), told)
    return Told(keys.rows, numbers, told)


def total(task: Task, link: Link, decide: Decide) -> int | None:
    """Run the ring and tell receivers, owners or not, a number alone; None elsewhere.

    Raises: as `enter`.
    """
    comparer, found = comparer_of(task), None
    if task.is_in("owner"):
        ring, _ = enter(task, link)
        task.phase("tell")
        found = ring.total(decide)
    else:
        check(task, task.agree(link, lambda: {}))
        task.phase("tell")
    if task.me == comparer:
        for receiver in task.parties("receiver"):
            if receiver != task.me:
                link.send(receiver, msgspec.json.encode(found))
    elif task.is_in("receiver"):
        found = msgspec.json.decode(link.receive(comparer), type=int)
    return found if task.is_in("receiver") else None


def enter(task: Task, link: Link) -> tuple[Ring, Keys]:
    """Agree with the others and send this owner's keys around the ring.

    Returns:
        The ring and this owner's keys.

    Raises:
        NoCommonRows: when a table has no row with a key.
        DuplicateKeys, NoSuchColumn, BadParameter, BadInput: naming what does not fit.
    """
    prepared: dict[str, Any] = {}
    facts = task.agree(link, lambda: _prepare(task, prepared))
    check(task, facts)
    keys: Keys = prepared["keys"]
    task.phase("blind")
    owners = task.parties("owner")
    points = sum(facts[owner]["keys"] for owner in owners)
    ring = Ring(link, owners, comparer_of(task), lambda done: task.progress(done, points))
    ring.blind([digest.tobytes() for digest in keys.digests])
    task.measures["rows_entered"] = len(keys)
    return ring, keys


def _prepare(task: Task, prepared: dict[str, Any]) -> dict[str, Any]:
    port, columns = port_of(task), key_columns(task)
    digests, rows, marks = key_digests(
        task.table(port),
        columns,
        key_type=task.text("key_type"),
        case=task.text("case"),
        nonce=task.nonce,
        granted={column.name for column in task.readable(port)},
    )
    first = task.text("duplicates") != "refuse"
    prepared["keys"] = Keys(digests, marks, rows, columns=columns, first_of_equal=first)
    return {"port": port, "keys": len(prepared["keys"]), "columns": len(columns)}


def check(task: Task, facts: dict[str, Any]) -> None:
    """Refuse owners' tables that do not go together.

    Raises:
        BadInput, NoCommonRows: naming why.
    """
    told = [facts[owner] for owner in task.parties("owner")]
    if len({fact["port"] for fact in told}) != len(told):
        raise BadInput("each owner brings a table of its own")
    if len({fact["columns"] for fact in told}) != 1:
        raise BadInput("the keys of the tables have different numbers of columns")
    for owner, fact in zip(task.parties("owner"), told, strict=True):
        if fact["keys"] == 0:
            raise NoCommonRows(f"the table of {owner} has no row with a key")


def own_rows(task: Task, rows: Rows) -> TableSource:
    """These rows of this owner's table, its granted columns."""
    port = port_of(task)
    return select_rows(task.table(port), task.readable(port), np.ascontiguousarray(rows))


def spread_rows(task: Task, told: Told) -> TableSource:
    """This owner's rows at their places in the union, the other places without values."""
    rows = task.table(port_of(task)).to_arrow([c.name for c in task.readable(port_of(task))])
    taken = np.full(told.total, -1, np.int64)
    taken[told.numbers] = told.rows
    places = pa.array(taken, mask=taken < 0)
    return ArrowTable(rows.combine_chunks().take(places).combine_chunks())
