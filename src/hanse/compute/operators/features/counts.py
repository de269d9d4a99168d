"""Events by bin: the bins at one owner, the label at another, counted on shares.

An owner writes down for each row which bins it is in, as indicators, several of them side by
side in one ring element. The computing nodes multiply them with the shared label. What comes
out is exact, and is opened to the owner of the column alone; bins with too few rows are not
told, by a comparison on shares. The holder of the label counts its own columns by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import numpy.typing as npt

from hanse.compute.errors import BadRoles, NoFeatures
from hanse.compute.operators.agreement import (
    agreed_rows,
    known_of,
    only_holder,
    require_known,
    require_rows,
)
from hanse.compute.operators.features.columns import chosen_columns
from hanse.compute.operators.features.packing import Counts, make_packing
from hanse.compute.operators.features.prebins import PreBins, codes, make_prebins
from hanse.compute.operators.features.rounds import Rounds
from hanse.compute.operators.labels import read_labels
from hanse.compute.operators.sharing import LABELS, enter, start_machine

if TYPE_CHECKING:
    from hanse.compute.engines.link import Link
    from hanse.compute.worker.task import Task


class Column(msgspec.Struct):
    """A column of this owner: its fine bins and, once counted, events and rows in them.

    Attributes:
        codes: bin of each row.
        events: by bin; -1 where the bin is too small to be told.
        rows: likewise.
    """

    prebins: PreBins
    codes: npt.NDArray[np.int32]
    events: Any = None
    rows: Any = None


class Own(msgspec.Struct):
    """What this party brings.

    Attributes:
        columns: those that have bins.
        left_out: names of columns in which fewer than two bins are large enough.
        labels: at the holder, 0.0 and 1.0.
    """

    columns: list[Column] = []
    left_out: list[str] = []
    labels: Any = None


def prepare(task: Task, own: Own, *, method: str, bins: int) -> dict[str, Any]:
    """Cut this owner's columns into fine bins; what the others are told of it."""
    if not task.is_in("owner"):
        return {}
    rows = require_rows(task)
    table, label = task.table("table"), task.text("label")
    for column in task.readable("table"):
        if column.name == label:
            own.labels = read_labels(table, column)
    least = task.integer("minimum_bin_rows")
    for column in chosen_columns(task, without={label, *task.texts("exclude")}):
        prebins = make_prebins(table, column, method=method, bins=bins, least=least)
        if prebins is None:
            own.left_out.append(column.name)
        else:
            own.columns.append(Column(prebins, codes(prebins, table)))
    return {
        "rows": rows,
        "label": own.labels is not None,
        "bins": sum(column.prebins.count for column in own.columns),
        "known": known_of(task, "columns", "exclude"),
    }


def count(task: Task, link: Link, own: Own, facts: Mapping[str, Any]) -> tuple[int, int]:
    """Count events by bin for all owners; fills in this owner's columns.

    Returns:
        All events and all non-events, at an owner that has columns or the label; else zeros.

    Raises:
        BadRoles: when an owner would learn counts without being a receiver.
    """
    rows, holder = _agreed(task, facts)
    counting = _counting(task, facts, holder)
    machine = start_machine(task)
    arrays = {LABELS: own.labels.astype(np.int64)[None, :]} if own.labels is not None else {}
    enter(task, link, arrays, machine)
    found: list[tuple[Counts, Counts]] = []
    if counting:
        packing = make_packing(rows, max(int(facts[a]["bins"]) + 1 for a in counting))
        rounds = Rounds(task, link, machine, packing, rows)
        blocks = {a: packing.blocks(int(facts[a]["bins"]) + 1) for a in counting}
        found = rounds.run(blocks, [(c.codes, c.prebins.count) for c in own.columns])
    if own.labels is not None:
        return _count_own(own)
    return _take_counts(own, found) if found else (0, 0)


def _count_own(own: Own) -> tuple[int, int]:
    hits = own.labels == 1.0
    for column in own.columns:
        there = column.codes >= 0
        size = column.prebins.count
        column.rows = np.bincount(column.codes[there], minlength=size).astype(np.int64)
        column.events = np.bincount(column.codes[there & hits], minlength=size).astype(np.int64)
    return int(hits.sum()), int((~hits).sum())


def _take_counts(own: Own, found: Sequence[tuple[Counts, Counts]]) -> tuple[int, int]:
    """Opened counts, position by position; the first position is that of all rows."""
    events = np.concatenate([each.T.reshape(-1) for each, _ in found])
    rows = np.concatenate([each.T.reshape(-1) for _, each in found])
    at = 1
    for column in own.columns:
        size = column.prebins.count
        column.events, column.rows = events[at : at + size], rows[at : at + size]
        at += size
    return int(events[0]), int(rows[0] - events[0])


def _agreed(task: Task, facts: Mapping[str, Any]) -> tuple[int, str]:
    rows = agreed_rows(task, facts)
    holder = only_holder(task, facts, "label", task.text("label"))
    require_known(task, facts, "columns", "exclude")
    if not any(facts[alias]["bins"] for alias in task.parties("owner")):
        raise NoFeatures("no column is left to bin")
    for alias in _counting(task, facts, holder):
        if alias not in task.parties("receiver"):
            raise BadRoles(f"{alias} would learn events by bin, but is no receiver of this step")
    return rows, holder


def _counting(task: Task, facts: Mapping[str, Any], holder: str) -> list[str]:
    """Owners whose bins are counted on shares."""
    return [a for a in task.parties("owner") if a != holder and facts[a]["bins"]]
