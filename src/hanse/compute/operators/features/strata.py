"""Choosing the same share of rows of every class, by the owner that knows the classes.

The others are told the chosen row numbers and nothing else. The choice is random under a key
that only the holder can derive (from its data and the agreed seed): with a public permutation
the order in which rows of a class were taken would tell which rows are of one class.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from hanse.compute.errors import BadInput
from hanse.compute.operators.agreement import agreed_rows, only_holder, require_a_row
from hanse.compute.operators.permutation import permutation
from hanse.compute.operators.preparation import texts
from hanse.compute.operators.reading import read_column
from hanse.core.canonical import tagged

if TYPE_CHECKING:
    from hanse.compute.engines.link import Link
    from hanse.compute.worker.task import Task

Rows = npt.NDArray[np.int64]


def choose(classes: npt.NDArray[Any], share: float, key: bytes) -> Rows:
    """Row numbers, ascending: of each class this share, at least one row.

    Args:
        classes: a number per row.
        share: between 0 and 1.
        key: fixes the choice.
    """
    order = permutation(len(classes), key)
    chosen = []
    for each in np.unique(classes):
        rows = order[classes[order] == each]
        chosen.append(rows[: max(1, round(share * len(rows)))])
    return np.sort(np.concatenate(chosen))


def agree_on_rows(task: Task, column: str, share: float) -> Rows:
    """The rows that the holder of the column chose, the same at every owner.

    Raises:
        NoSuchColumn, AmbiguousColumn: when not exactly one owner has the column.
        RowsDiffer: when the tables are not aligned.
        TooFewRows: when there is no row.
    """
    link = task.link("data", task.participants)

    def check() -> dict[str, Any]:
        has = column in {each.name for each in task.readable("table")}
        return {"rows": require_a_row(task), "has": has}

    facts = task.agree(link, check)
    return _told(task, link, facts, column, share)


def _told(task: Task, link: Link, facts: Mapping[str, Any], column: str, share: float) -> Rows:
    rows = agreed_rows(task, facts)
    holder = only_holder(task, facts, "has", column)
    task.phase("choose")
    if task.me == holder:
        encoded = pc.dictionary_encode(texts(read_column(task.table("table"), column)))
        classes = np.asarray(encoded.indices)
        chosen = choose(classes, share, _key(task, classes))
        marks = np.zeros(rows, np.uint8)
        marks[chosen] = 1
        for alias in task.participants:
            if alias != task.me:
                link.send(alias, np.packbits(marks).tobytes())
        return chosen
    data = np.frombuffer(link.receive(holder), np.uint8)
    if len(data) != -(-rows // 8):
        raise BadInput(f"what {holder} sent are no row numbers of this table")
    return np.flatnonzero(np.unpackbits(data, count=rows)).astype(np.int64)


def _key(task: Task, classes: npt.NDArray[Any]) -> bytes:
    digest = task.request.inputs["table"].digest.encode()
    seed = task.integer("seed").to_bytes(8, "big")
    return tagged("hanse/strata/1", seed, digest, classes.astype("<i4").tobytes())
