"""One party's way through an intersection of a small table with a huge one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hanse.compute.operators import unbalanced
from hanse.compute.operators.keys import normal_keys
from hanse.compute.operators.matching import check_facts, keys_of, side_of
from hanse.compute.operators.rows import Rows
from hanse.compute.operators.unbalanced import OwnList, PublicList
from hanse.core.canonical import tagged
from hanse.crypto.errors import BadPoint

if TYPE_CHECKING:
    from hanse.compute.engines.link import Link
    from hanse.compute.engines.psi import Keys
    from hanse.compute.worker.task import Task


def common_rows(task: Task, *, receiver: str, broadcast: bool) -> Rows:
    """Numbers of this owner's common rows; the receiver is the asker.

    Raises: as `hanse.compute.operators.matching.common_rows`.
    """
    party = _Asker(task, receiver) if task.me == receiver else _Holder(task, receiver)
    facts = task.agree(party.link, party.prepare)
    check_facts(facts)
    rows = party.run({alias: fact["keys"] for alias, fact in facts.items()}, broadcast)
    task.measures["rows_entered"] = facts[task.me]["keys"]
    if broadcast or task.me == receiver:
        task.measures["rows_common"] = len(rows)
    return rows


class _Side:
    """What both sides have in common."""

    def __init__(self, task: Task, receiver: str) -> None:
        self.task, self.asker = task, receiver
        self.holder = next(alias for alias in task.participants if alias != receiver)
        self.link: Link = task.link("data", task.participants)
        self.columns = task.texts(f"{side_of(task)}_key")

    def facts(self, keys: int) -> dict[str, Any]:
        """What the other is told before anything else."""
        return {"side": side_of(self.task), "keys": keys, "columns": len(self.columns)}

    def reading(self) -> dict[str, Any]:
        """How keys are read."""
        task = self.task
        granted = {column.name for column in task.readable(side_of(task))}
        return {"key_type": task.text("key_type"), "case": task.text("case"), "granted": granted}

    def did(self, alias: str) -> str:
        """Whose alias it is."""
        return self.task.manifest.party(alias).did


class _Holder(_Side):
    """The owner of the huge table."""

    own: OwnList | None = None
    keys: Keys

    def prepare(self) -> dict[str, Any]:
        """Check the table, and find the list of exactly its content."""
        self.task.table(side_of(self.task))  # compared with its digest
        self.own = self.task.lists.find(self._scope(), OwnList, self._bound())
        if self.own is not None:
            return self.facts(len(self.own.rows) // 8)
        self.keys = keys_of(self.task)
        return self.facts(len(self.keys))

    def run(self, keys: dict[str, int], broadcast: bool) -> Rows:
        """Make the list where there is none, hand it over, answer."""
        task = self.task
        task.phase("set up")
        own = self.own or self._made()
        self.link.send(self.asker, own.id.encode())
        if self.link.receive(self.asker) != b"kept":
            unbalanced.hand_over(self.link, self.asker, own)
        task.phase("intersect")
        try:
            unbalanced.answer(self.link, self.asker, own, keys[self.asker], task.progress)
        except BadPoint as error:
            raise unbalanced.malformed(self.asker) from error
        if not broadcast:
            return np.empty(0, np.int64)
        return unbalanced.told_rows(own, self.link.receive(self.asker), self.asker)

    def _made(self) -> OwnList:
        task, side = self.task, side_of(self.task)
        made = unbalanced.make_list(
            task.table(side), self.columns, self.keys.rows, task.progress, **self.reading()
        )
        task.lists.keep(self._scope(), made, self._bound())
        task.measures["list_made"] = True
        return made

    def _bound(self) -> bytes:
        """The table's own key: who erases it erases the list."""
        return bytes.fromhex(self.task.request.inputs[side_of(self.task)].key)

    def _scope(self) -> bytes:
        """All that the list depends on."""
        task = self.task
        parts = [
            *(task.manifest.genesis, self.did(self.holder), self.did(self.asker)),
            *(task.request.inputs[side_of(task)].digest, task.text("key_type")),
            *(task.text("case"), task.text("duplicates"), *self.columns),
        ]
        return tagged("hanse/own-list/1", *(part.encode() for part in parts))


class _Asker(_Side):
    """The owner of the small table."""

    keys: Keys
    names: list[bytes]

    def prepare(self) -> dict[str, Any]:
        """Read the keys, in the order that both share."""
        self.keys = keys_of(self.task)
        by_row: dict[int, str] = {}
        table = self.task.table(side_of(self.task))
        for texts, held in normal_keys(table, self.columns, **self.reading()):
            by_row.update(zip(held.tolist(), texts.to_pylist(), strict=True))
        self.names = [by_row[row].encode() for row in self.keys.rows.tolist()]
        return self.facts(len(self.keys))

    def run(self, keys: dict[str, int], broadcast: bool) -> Rows:
        """Take the list over unless it is here, and ask."""
        task = self.task
        task.phase("set up")
        entries = self._list(keys[self.holder])
        task.phase("intersect")
        try:
            found = unbalanced.ask(self.link, self.holder, self.names, entries, task.progress)
        except BadPoint as error:
            raise unbalanced.malformed(self.holder) from error
        if broadcast:
            told = np.array([there for _, there in found], "<i8")
            self.link.send(self.holder, told.tobytes())
        rows: Rows = self.keys.rows[[here for here, _ in found]]
        return self.keys.with_equal(rows) if task.text("duplicates") == "all" else rows

    def _list(self, keys: int) -> bytes:
        told = self.link.receive(self.holder).decode(errors="replace")
        parts = (self.task.manifest.genesis, self.did(self.holder), self.did(self.asker), told)
        scope = tagged("hanse/public-list/1", *(part.encode() for part in parts))
        kept = self.task.lists.find(scope, PublicList)
        if kept is not None and len(kept.entries) == keys * unbalanced.ENTRY_BYTES:
            self.link.send(self.holder, b"kept")
            return kept.entries
        self.link.send(self.holder, b"send")
        entries = unbalanced.take_over(self.link, self.holder, keys)
        self.task.lists.keep(scope, PublicList(told, entries))
        return entries
