"""An owner's groups: its own keys' combinations that are frequent enough, and who is in them."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from hanse.compute.operators.reports.local import evaluate
from hanse.compute.operators.reports.plan import Plan
from hanse.data.types import TableSource


class Groups(msgspec.Struct, frozen=True):
    """The groups of one owner.

    Attributes:
        labels: values of the owner's keys, by group.
        codes: group of each row, -1 for none.
    """

    labels: list[list[Any]]
    codes: npt.NDArray[np.int64]

    @property
    def count(self) -> int:
        """How many groups."""
        return len(self.labels)

    def members(self) -> npt.NDArray[np.int64]:
        """Membership of the rows, 0 and 1; shape (rows, groups)."""
        found: npt.NDArray[np.int64] = np.equal.outer(self.codes, np.arange(self.count)) * 1
        return found


def own_groups(table: TableSource, plan: Plan, owner: str, least: int) -> Groups:
    """The groups of an owner's rows that pass its own conditions.

    A combination with fewer rows than ``least`` is left out: it could not be shown anyhow, and
    its label stays at home. Without keys all rows that pass are one group.
    """
    keys = [key.node for key in plan.keys if key.owner == owner]
    conditions = plan.own_filters.get(owner, [])
    found = evaluate(table, [*keys, *conditions])
    passes = np.ones(table.rows, bool)
    for each in found[len(keys) :]:
        passes &= np.asarray(each.fill_null(False)).astype(bool)
    if not keys:
        return Groups([[]], np.where(passes, 0, -1))
    return _frequent(found[: len(keys)], passes, least)


def _frequent(columns: list[Any], passes: Any, least: int) -> Groups:
    coded, values = [], []
    for column in columns:
        encoded = column.dictionary_encode(null_encoding="encode")
        coded.append(np.asarray(encoded.indices).astype(np.int64))
        values.append([_plain(value) for value in encoded.dictionary.to_pylist()])
    table = np.stack(coded, axis=1)
    distinct, inverse = np.unique(table, axis=0, return_inverse=True)
    counts = np.bincount(inverse.reshape(-1)[passes], minlength=len(distinct))
    labels = [[values[n][code] for n, code in enumerate(row)] for row in distinct.tolist()]
    order = sorted(
        (n for n, count in enumerate(counts) if count >= least), key=lambda n: _rank(labels[n])
    )
    places = np.full(len(distinct), -1)
    places[order] = np.arange(len(order))
    codes = np.where(passes, places[inverse.reshape(-1)], -1)
    return Groups([labels[n] for n in order], codes.astype(np.int64))


def _plain(value: Any) -> Any:
    """A label as JSON has it; whole numbers without a point."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if value is None or isinstance(value, (str, int, float)) else str(value)


def _rank(label: list[Any]) -> list[tuple[bool, bool, Any]]:
    return [(v is None, isinstance(v, str), 0 if v is None else v) for v in label]
