"""How a plan's leaves are shared: their scales, and where their columns stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from hanse.compute.operators.reports.leaves import Fact, encode
from hanse.compute.operators.reports.plan import Plan
from hanse.compute.operators.reports.scaling import Scaler


class Encoding:
    """Scales for a plan and the columns that carry its leaves.

    Args:
        plan: the plan.
        facts: what is known of each of its leaves.
        rows: of the tables.
    """

    def __init__(self, plan: Plan, facts: Sequence[Fact], rows: int) -> None:
        self.plan, self.rows = plan, rows
        self._facts = facts
        self.scaler = Scaler(plan.leaves, facts)

    def places(self) -> tuple[list[list[int]], dict[str, int]]:
        """Where the slots stand (see `cells_program.slots_of`), and columns of each owner.

        Call it when all steps have been written down.
        """
        places: list[list[int]] = []
        widths: dict[str, int] = {}
        tables = {owner: number for number, owner in enumerate(self._sharing())}
        for slot in self.scaler.slots:
            leaf, fact = self.plan.leaves[slot.leaf], self._facts[slot.leaf]
            column = widths.get(leaf.owner, 0)
            second = column + 1 if fact.gaps else -1
            places.append([tables[leaf.owner], column, second, int(leaf.type == "truth")])
            widths[leaf.owner] = column + 1 + fact.gaps
        return places, {owner: widths[owner] for owner in tables}

    def _sharing(self) -> list[str]:
        """Owners that share leaves, in order."""
        used = {self.plan.leaves[slot.leaf].owner for slot in self.scaler.slots}
        return [owner for owner in self.plan.owners if owner in used]

    def arrays(self, owner: str, values: Sequence[Any]) -> dict[str, Any]:
        """An owner's leaves side by side, by variable; empty when it shares none.

        Args:
            owner: its alias.
            values: of its leaves, in their order.
        """
        mine = [leaf for leaf in self.plan.leaves if leaf.owner == owner]
        columns: list[Any] = []
        for slot in self.scaler.slots:
            leaf = self.plan.leaves[slot.leaf]
            if leaf.owner == owner:
                held = values[mine.index(leaf)]
                columns += encode(leaf, held, self._facts[slot.leaf], slot.scale)
        return {f"leaves-{owner}": np.stack(columns, axis=1)} if columns else {}
