"""What every owner brings to boosted trees, checked before anything leaves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import numpy.typing as npt

from hanse.compute.errors import (
    BadInput,
    BadParameter,
    NoFeatures,
    OutOfRange,
)
from hanse.compute.operators.agreement import (
    agreed_rows,
    known_of,
    only_holder,
    require_excluded,
    require_rows,
)
from hanse.compute.operators.labels import read_labels, read_numbers
from hanse.compute.operators.model import Scale
from hanse.compute.operators.trees.boosting import Shapes
from hanse.compute.operators.trees.buckets import Bits, Buckets, indicators, learn
from hanse.compute.operators.trees.settings import (
    Scaling,
    Settings,
    make_scaling,
    read_settings,
)

if TYPE_CHECKING:
    from hanse.compute.worker.task import Task
    from hanse.data.types import Column, TableSource

MOST_VALIDATION_ROWS = 1 << 17
MOST_CELLS = 1 << 31  # candidate bits of all rows
LARGEST_LABEL = 1 << 10  # deviations a standardised label may lie from its base


class Own(msgspec.Struct):
    """What an owner has ready.

    Attributes:
        buckets: its recipe.
        block: answers of all rows to its candidates, training rows first, (rows, candidates).
        labels: 0 and 1, or standardised numbers, of all rows; None where it holds no label.
        start: linear score before the first tree, at the label's holder.
        scale: of a number label, at its holder.
    """

    buckets: Buckets
    block: Bits
    labels: npt.NDArray[np.float32] | None = None
    start: float = 0.0
    scale: Scale | None = None


class Plan(msgspec.Struct, frozen=True):
    """What all parties agree on.

    Attributes:
        settings: the parameters.
        shapes: rows, validation rows, candidates by column.
        scaling: of sums of gradients.
        widths: candidates of each owner, by alias.
        holder: alias of the label's holder.
    """

    settings: Settings
    shapes: Shapes
    scaling: Scaling
    widths: dict[str, int]
    holder: str


def prepare(task: Task) -> tuple[Own | None, dict[str, Any]]:
    """Check and prepare this owner's columns; and what the others are told of them.

    Raises:
        HanseError: a named error when something does not fit.
    """
    settings = read_settings(task.parameters)
    base = _base(task, settings)
    if settings.patience and not task.has("validation") and task.is_in("owner"):
        raise BadInput("early stopping needs the input 'validation'")
    if not task.is_in("owner"):
        return None, {}
    table, columns = task.table("table"), task.readable("table")
    require_rows(task)
    skipped = {
        task.text("label"),
        *task.texts("exclude"),
        *task.meta("table").get("key_columns", []),
    }
    wanted = [column for column in columns if column.name not in skipped]
    recipe = learn(table, wanted, task.integer("max_bin"), task.integer("max_categories"))
    tables = [table, task.table("validation")] if _judges(task, settings) else [table]
    blocks = [indicators(recipe, each) for each in tables]
    own = Own(recipe, np.concatenate(blocks))
    label = next((column for column in columns if column.name == task.text("label")), None)
    if label is not None:
        _read(own, settings, tables, label, base)
    return own, {
        "rows": table.rows,
        "validation": len(own.block) - table.rows,
        "columns": recipe.sizes,
        "label": label is not None,
        "excluded": known_of(task, "exclude"),
    }


def agreed(task: Task, facts: dict[str, Any]) -> Plan:
    """The plan, once all parties' inputs are seen to fit together."""
    owners = task.parties("owner")
    rows, validation = (agreed_rows(task, facts, fact) for fact in ("rows", "validation"))
    holder = only_holder(task, facts, "label", task.text("label"), "label column")
    require_excluded(task, facts)
    sizes = [int(size) for alias in owners for size in facts[alias]["columns"]]
    if not sizes:
        raise NoFeatures("no column is left to learn from")
    shapes = Shapes(rows, validation, sizes)
    if shapes.validation > MOST_VALIDATION_ROWS or shapes.all_rows * shapes.width > MOST_CELLS:
        raise OutOfRange("so many rows with so many buckets are beyond what one run can take")
    settings = read_settings(task.parameters)
    widths = {alias: sum(facts[alias]["columns"]) for alias in owners}
    scaling = make_scaling(shapes.rows, settings.positive)
    return Plan(settings, shapes, scaling, widths, holder)


def _judges(task: Task, settings: Settings) -> bool:
    return settings.patience > 0 and task.has("validation")


def _base(task: Task, settings: Settings) -> float | None:
    """The parameter ``base_score``, None when the label's mean is to be taken."""
    text = task.text("base_score")
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or (settings.binary and not 0.0 < value < 1.0):
        raise BadParameter("'base_score' must be a number, for a binary label between 0 and 1")
    return value


def _read(
    own: Own, settings: Settings, tables: Sequence[TableSource], label: Column, base: float | None
) -> None:
    """Read the label of training and validation rows."""
    if settings.binary:
        own.labels = np.concatenate([read_labels(table, label) for table in tables])
        mean = float(own.labels[: tables[0].rows].mean()) if base is None else base
        own.start = math.log(mean / (1.0 - mean))
        return
    values = [read_numbers(table, label) for table in tables]
    middle = float(values[0].mean()) if base is None else base
    deviation = float(np.sqrt(np.mean((values[0] - middle) ** 2)))
    own.scale = Scale(middle, deviation)
    own.labels = ((np.concatenate(values) - middle) / deviation).astype(np.float32)
    if float(np.abs(own.labels).max()) >= LARGEST_LABEL:
        raise OutOfRange(f"a number in the label {label.name!r} lies too far from its mean")
