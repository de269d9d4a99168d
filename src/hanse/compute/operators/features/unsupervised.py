"""What k-means and PCA share: prepared columns of all owners on shares, and a model of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from hanse.compute.errors import NoFeatures
from hanse.compute.operators import preparation
from hanse.compute.operators.agreement import agreed_rows, known_of, require_known, require_rows
from hanse.compute.operators.features.columns import chosen_columns
from hanse.compute.operators.model import new_part

if TYPE_CHECKING:
    from hanse.compute.engines.link import Link
    from hanse.compute.worker.task import Task

LARGEST_PRODUCT = 2.0**26


class Held(msgspec.Struct):
    """What an owner holds: how it prepares its columns."""

    recipe: preparation.Recipe | None = None


class Agreed(msgspec.Struct, frozen=True):
    """What all parties know: rows, and prepared columns of each owner by alias."""

    rows: int
    widths: dict[str, int]

    @property
    def columns(self) -> int:
        """Prepared columns of all owners."""
        return sum(self.widths.values())

    @property
    def having(self) -> list[str]:
        """Owners that bring columns."""
        return [alias for alias, width in self.widths.items() if width]


def agree(task: Task, link: Link, held: Held) -> Agreed:
    """Learn how this owner's columns are prepared, and agree on the sizes.

    Raises:
        NoFeatures: when no column is left.
    """
    facts = task.agree(link, lambda: _prepare(task, held))
    rows = agreed_rows(task, facts)
    require_known(task, facts, "columns", "exclude")
    widths = {alias: int(facts[alias]["columns"]) for alias in task.parties("owner")}
    if sum(widths.values()) == 0:
        raise NoFeatures("no column is left to learn from")
    return Agreed(rows, widths)


def _prepare(task: Task, held: Held) -> dict[str, Any]:
    if not task.is_in("owner"):
        return {}
    rows = require_rows(task)
    columns = chosen_columns(task, without=task.texts("exclude"))
    held.recipe = preparation.learn(task.table("table"), columns, task.integer("max_categories"))
    return {
        "rows": rows,
        "columns": len(held.recipe.features),
        "known": known_of(task, "columns", "exclude"),
    }


def keep_model(
    task: Task, agreed: Agreed, held: Held, family: str, settings: dict[str, Any], **shares: bytes
) -> None:
    """This party's part of the model: the recipe at an owner, shares at a computing node."""
    dropped: Sequence[str] = held.recipe.dropped if held.recipe else []
    part = new_part(
        task,
        agreed.widths,
        family=family,
        recipe=held.recipe,
        settings=settings,
        shares=shares,
    )
    task.keep_bytes("model", part, {"dropped": list(dropped)})
    task.measures.update(rows=agreed.rows, columns=agreed.columns)
