"""Rows of several tables joined by different keys: A and B by one, B and C by another.

In the ring of `hanse.compute.operators.sets.ring` an entry is a row with all its keys, blinded
each and kept together. The comparer follows equal points from table to table and so finds the
rows that belong together, without learning any key or whose rows they are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from hanse.compute.engines.psi import Keys
from hanse.compute.errors import BadInput, BadParameter
from hanse.compute.operators.keys import key_digests
from hanse.compute.operators.rows import Rows
from hanse.compute.operators.sets.ring import Blinded, Decision, Ring
from hanse.compute.operators.sets.session import Told, check, comparer_of, port_of
from hanse.core.canonical import tagged
from hanse.crypto.curve25519 import POINT_BYTES

if TYPE_CHECKING:
    from hanse.compute.engines.link import Link
    from hanse.compute.worker.task import Task

Names = Mapping[str, Sequence[str]]
_ABSENT = -1


def key_columns(task: Task) -> list[str]:
    """The key columns of this owner's table."""
    return task.texts(port_of(task).replace("table", "key"))


def names_by_port(task: Task) -> dict[str, list[str]]:
    """What the keys of each table are called, in the order of its key columns.

    Raises:
        BadParameter: when names do not fit the columns, or do not link all tables.
    """
    found: dict[str, list[str]] = {}
    for port in task.manifest.inputs:
        number = port.removeprefix("table_")
        columns = task.texts(f"key_{number}")
        names = task.texts(f"name_{number}") or columns
        if not columns:
            raise BadParameter(f"key_{number} names no column")
        if len(names) != len(columns) or len(set(names)) != len(names):
            raise BadParameter(f"name_{number} has one name, used once, for each of key_{number}")
        found[port] = names
    _require_linked(found)
    return found


def _require_linked(names: Names) -> None:
    """Refuse tables that no chain of keys connects."""
    first, *others = names
    reached = set(names[first])
    while near := [port for port in others if reached & set(names[port])]:
        for port in near:
            reached |= set(names[port])
        others = [port for port in others if port not in near]
    if others:
        raise BadParameter(f"{others[0]} has no key in common with the tables before it")


def compare(task: Task, link: Link, receivers: list[str]) -> Told:
    """Run the ring; receivers are told a number for each of their rows, see `linked`.

    Raises:
        NoCommonRows: when a table has no row with all its keys.
        DuplicateKeys, NoSuchColumn, BadParameter, BadInput: naming what does not fit.
    """
    prepared: dict[str, Any] = {}

    def prepare() -> dict[str, Any]:
        named, port = names_by_port(task), port_of(task)
        entries, rows = entries_of(task, named[port])
        prepared.update(named=named, entries=entries, rows=rows)
        return {"port": port, "keys": len(rows), "columns": 1}

    facts = task.agree(link, prepare)
    check(task, facts)
    owners = task.parties("owner")
    named = {owner: _names_at(prepared["named"], facts[owner]["port"]) for owner in owners}
    widths = {owner: len(named[owner]) for owner in owners}
    points = sum(facts[owner]["keys"] * widths[owner] for owner in owners)
    task.phase("blind")
    progress = partial(task.progress, total=points)
    ring = Ring(link, owners, comparer_of(task), progress, widths)
    ring.blind(prepared["entries"])
    task.measures["rows_entered"] = len(prepared["rows"])
    task.phase("tell")
    numbers, total = ring.tell(partial(linked, names=named), receivers)
    return Told(prepared["rows"], numbers, total)


def _names_at(named: Names, port: str) -> Sequence[str]:
    if port not in named:
        raise BadInput("an owner brings a table the step does not have")
    return named[port]


def entries_of(task: Task, names: Sequence[str]) -> tuple[list[bytes], Rows]:
    """This owner's rows that have all keys: their digests row after row, and the row numbers.

    Raises:
        DuplicateKeys, NoSuchColumn, BadParameter: naming what does not fit.
    """
    port = port_of(task)
    columns = key_columns(task)
    by_row: list[dict[int, bytes]] = []
    for column, name in zip(columns, names, strict=True):
        digests, rows, marks = key_digests(
            task.table(port),
            [column],
            key_type=task.text("key_type"),
            case=task.text("case"),
            nonce=task.nonce,
            granted={each.name for each in task.readable(port)},
        )
        first = task.text("duplicates") == "first"
        keys = Keys(digests, marks, rows, columns=[column], first_of_equal=first)
        named = (_named(name, digest.tobytes()) for digest in keys.digests)
        by_row.append(dict(zip(keys.rows.tolist(), named, strict=True)))
    whole = sorted(set.intersection(*(set(held) for held in by_row)))
    flat = [held[row] for row in whole for held in by_row]
    return flat, np.array(whole, np.int64)


def _named(name: str, digest: bytes) -> bytes:
    """Keys of two names never meet, whatever their values."""
    return hashlib.sha256(tagged("hanse/linked-key/1", name.encode(), digest)).digest()


def linked(lists: Blinded, names: Names) -> Decision:
    """The same number, from 0, for rows that belong together in all tables; -1 for others.

    Args:
        lists: by owner, entries of as many points as the owner has names.
        names: by owner.
    """
    places = {
        owner: {
            (name, entry[i * POINT_BYTES : (i + 1) * POINT_BYTES]): place
            for place, entry in enumerate(entries)
            for i, name in enumerate(names[owner])
        }
        for owner, entries in lists.items()
    }
    numbers = {owner: np.full(len(entries), _ABSENT, np.int64) for owner, entries in lists.items()}
    first = next(iter(lists))
    total = 0
    for start in range(len(lists[first])):
        found = _followed(lists, names, places, first, start)
        if found is not None:
            for owner, place in found.items():
                numbers[owner][place] = total
            total += 1
    return Decision(numbers, total)


def _followed(
    lists: Blinded, names: Names, places: Mapping[str, Any], first: str, start: int
) -> dict[str, int] | None:
    """The entry of each owner that belongs to one of the first owner's; None when one lacks."""
    found, waiting = {first: start}, [first]
    while waiting:
        owner = waiting.pop()
        for other, key in _leads(lists[owner][found[owner]], owner, names):
            place = places[other].get(key)
            if place is None or found.get(other, place) != place:
                return None
            if other not in found:
                found[other] = place
                waiting.append(other)
    return found


def _leads(entry: bytes, owner: str, names: Names) -> Iterator[tuple[str, tuple[str, bytes]]]:
    """The other owners that have one of an entry's keys too, and that key."""
    for i, name in enumerate(names[owner]):
        key = name, entry[i * POINT_BYTES : (i + 1) * POINT_BYTES]
        yield from ((other, key) for other in names if other != owner and name in names[other])
