"""Carrying out a plan: what all kinds of reports do alike, up to sharing.

1. Every owner tells which of the mentioned columns it holds, and all parties make the same plan.
2. Every owner evaluates its leaves and says how large they are; all parties give the same scales.
3. Owners share their leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from hanse.compute.errors import BadInput
from hanse.compute.operators.agreement import agreed_rows, require_rows
from hanse.compute.operators.reports.encoding import Encoding
from hanse.compute.operators.reports.leaves import Fact, formed, measure
from hanse.compute.operators.reports.local import evaluate
from hanse.compute.operators.reports.plan import Plan

if TYPE_CHECKING:
    from hanse.compute.engines.link import Link
    from hanse.compute.worker.task import Task

Mentioned = Sequence[tuple[str, str]]


class Session:
    """One party's part of carrying out a plan.

    Args:
        task: the task.
        mentioned: table ("" when none is written) and name of the columns that are used.
        make: the plan for a schema.
    """

    def __init__(
        self, task: Task, mentioned: Mentioned, make: Callable[[dict[str, Any]], Plan]
    ) -> None:
        self.task = task
        self.link: Link = task.link("data", task.participants)
        facts = task.agree(self.link, lambda: _columns(task, mentioned))
        owners = task.parties("owner")
        self.rows = agreed_rows(task, facts)
        self.schema: dict[str, dict[str, str]] = {o: facts[o]["columns"] for o in owners}
        self.key_columns: dict[str, list[str]] = {o: facts[o]["keys"] for o in owners}
        self.plan = make(self.schema)
        self.values: list[Any] = []
        self.facts: list[Fact] = []

    def measure(self, also: Callable[[], Any] = lambda: None) -> dict[str, Any]:
        """Evaluate the leaves and share what is told of them.

        Args:
            also: checks and tells something more.

        Returns:
            What everybody told more, by alias.
        """
        told = self.task.agree(self.link, lambda: [self._measured(), also()])
        for leaf in self.plan.leaves:
            mine = [each for each in self.plan.leaves if each.owner == leaf.owner]
            raw = told[leaf.owner][0][mine.index(leaf)]
            try:
                self.facts.append(msgspec.convert(raw, Fact))
            except msgspec.ValidationError as error:
                raise BadInput(f"{leaf.owner} told nothing usable of its values") from error
        return {alias: each[1] for alias, each in told.items()}

    def _measured(self) -> list[Any]:
        mine = [leaf for leaf in self.plan.leaves if leaf.owner == self.task.me]
        if not mine:
            return []
        found = evaluate(self.task.table("table"), [leaf.node for leaf in mine])
        self.values = [formed(leaf, each) for leaf, each in zip(mine, found, strict=True)]
        return [
            msgspec.to_builtins(measure(leaf, each))
            for leaf, each in zip(mine, self.values, strict=True)
        ]

    def encoding(self) -> Encoding:
        """How leaves are shared, once all facts are known."""
        return Encoding(self.plan, self.facts, self.rows)


def _columns(task: Task, mentioned: Mentioned) -> dict[str, Any]:
    """The mentioned columns that this owner holds, with their types."""
    if not task.is_in("owner"):
        return {}
    wanted = {name for table, name in mentioned if table in {"", task.me}}
    held = {c.name: c.type for c in task.readable("table") if c.name in wanted}
    keys = task.meta("table").get("key_columns", [])
    return {"rows": require_rows(task), "columns": held, "keys": list(keys)}
