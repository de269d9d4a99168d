"""What an owner brings to a training: prepared columns, the label, weights and exposure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import msgspec
import numpy as np
import numpy.typing as npt

from hanse.compute.errors import (
    BadInput,
    BadLabel,
    NoFeatures,
    NoSuchColumn,
    OutOfRange,
)
from hanse.compute.operators import labels, preparation
from hanse.compute.operators.agreement import (
    agreed_rows,
    known_of,
    only_holder,
    require_excluded,
    require_rows,
)
from hanse.compute.operators.model import Scale
from hanse.compute.operators.models import whitening

if TYPE_CHECKING:
    from hanse.compute.worker.task import Task
    from hanse.data.types import Column, TableSource

LabelKind = Literal["binary", "classes", "number", "amount"]
Floats = npt.NDArray[Any]
# An amount may be so many times the mean: beyond, single rows would rule the fit.
LARGEST_AMOUNT = 10_000.0
LARGEST_EXPOSURE = 1_000.0


class Own(msgspec.Struct, frozen=True):
    """What an owner keeps of a model beside its recipe.

    Attributes:
        white: how it whitens its columns; None where a family does not.
        exposure: name of the exposure column, at its holder.
        exposure_mean: its mean in training.
    """

    white: whitening.Whitening | None = None
    exposure: str = ""
    exposure_mean: float = 1.0


@dataclass
class Held:
    """An owner's side of a training; empty at a party that owns nothing."""

    recipe: preparation.Recipe | None = None
    own: Own = field(default_factory=Own)
    scale: Scale | None = None
    block: Floats = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    labels: Floats | None = None
    offset: Floats | None = None
    checked: dict[str, Floats] = field(default_factory=dict)


@dataclass(frozen=True)
class Agreed:
    """What all parties know once their inputs are seen to fit together.

    Attributes:
        rows: training rows.
        widths: columns each owner shares, by alias.
        holder: alias of the label's holder.
        exposure: alias of the exposure's holder, or "".
        classes: names of the classes, for a label of several.
        checked: validation rows; 0 without a validation table.
    """

    rows: int
    widths: dict[str, int]
    holder: str
    exposure: str
    classes: list[str]
    checked: int

    @property
    def columns(self) -> int:
        """Columns of all owners."""
        return sum(self.widths.values())


def bring(task: Task, kind: LabelKind, held: Held, *, white: bool, l2: float) -> dict[str, Any]:
    """Check and prepare this owner's part; what the others are told of it."""
    if not task.is_in("owner"):
        return {}
    table = task.table("table")
    require_rows(task)
    columns = task.readable("table")
    exposure = _named(task, "exposure")
    label = next((column for column in columns if column.name == task.text("label")), None)
    classes = labels.class_names(table, label) if label and kind == "classes" else []
    if label is not None:
        held.labels, held.scale = _label(table, label, kind, classes)
    _learn(task, columns, held, white, l2)
    for column in columns:
        if exposure and column.name == exposure:
            _bring_exposure(table, column, held)
    return {
        "rows": table.rows,
        "columns": held.block.shape[1],
        "label": label is not None,
        "exposure": held.offset is not None,
        "classes": classes,
        "excluded": known_of(task, "exclude"),
        "checked": _bring_validation(task, kind, classes, held),
    }


def _named(task: Task, parameter: str) -> str:
    return task.text(parameter) if parameter in task.parameters else ""


def _learn(task: Task, columns: list[Column], held: Held, white: bool, l2: float) -> None:
    keys = task.meta("table").get("key_columns", [])
    skipped = {task.text("label"), _named(task, "exposure"), *task.texts("exclude"), *keys}
    wanted = [column for column in columns if column.name not in skipped]
    table = task.table("table")
    held.recipe = preparation.learn(table, wanted, task.integer("max_categories"))
    held.block = preparation.apply(held.recipe, table)
    if white:
        held.own = Own(whitening.learn(held.block, l2))
        held.block = whitening.apply(held.own.white or whitening.Whitening([], []), held.block)


def _label(
    table: TableSource, column: Column, kind: LabelKind, classes: list[str]
) -> tuple[Floats, Scale | None]:
    """Labels as they are shared, and their scale when they are numbers."""
    if kind == "binary":
        return labels.read_labels(table, column), None
    if kind == "classes":
        return labels.read_classes(table, column, classes), None
    values = labels.read_numbers(table, column)
    if kind == "number":
        scale = Scale(float(values.mean()), float(values.std()))
    else:
        scale = Scale(0.0, float(values.mean()))
        if values.min() < 0.0:
            raise BadLabel(f"the label {column.name!r} has negative amounts")
        if values.max() > LARGEST_AMOUNT * scale.deviation:
            raise OutOfRange(f"the label {column.name!r} has single amounts that rule all others")
    return ((values - scale.mean) / scale.deviation).astype(np.float32), scale


def _bring_exposure(table: TableSource, column: Column, held: Held) -> None:
    values = read_exposure(table, column)
    mean = float(values.mean())
    held.own = msgspec.structs.replace(held.own, exposure=column.name, exposure_mean=mean)
    held.offset = offset_of(values, mean, column.name)


def read_exposure(table: TableSource, column: Column) -> Floats:
    """Exposures of all rows: positive numbers."""
    values = labels.read_numbers(table, column, constant=True)
    if values.min() <= 0.0:
        raise BadLabel(f"the exposure {column.name!r} is not above zero everywhere")
    return values


def offset_of(values: Floats, mean: float, name: str) -> Floats:
    """Logarithm of exposures over their training mean; shape (rows,)."""
    ratio = np.asarray(values / mean)
    if ratio.max() > LARGEST_EXPOSURE or ratio.min() < 1.0 / LARGEST_EXPOSURE:
        raise OutOfRange(f"the exposure {name!r} has rows a thousand times above or below its mean")
    return np.log(ratio).astype(np.float32)


def _bring_validation(task: Task, kind: LabelKind, classes: list[str], held: Held) -> int:
    """Prepare the validation table as the training table; its rows, or 0."""
    if "validation" not in task.spec.inputs or not task.has("validation"):
        return 0
    table = task.table("validation")
    columns = {column.name: column for column in task.readable("validation")}
    if held.recipe is None or not set(held.recipe.types) <= set(columns):
        raise NoSuchColumn("the validation table lacks columns of the training table")
    block = preparation.apply(held.recipe, table)
    if held.own.white is not None:
        block = whitening.apply(held.own.white, block)
    held.checked["x"] = block
    if held.labels is not None:
        if task.text("label") not in columns:
            raise NoSuchColumn("the validation table lacks the label")
        held.checked["y"] = _check_labels(table, columns[task.text("label")], kind, classes, held)
    if held.offset is not None:
        name = held.own.exposure
        if name not in columns:
            raise NoSuchColumn("the validation table lacks the exposure")
        values = read_exposure(table, columns[name])
        held.checked["offset"] = offset_of(values, held.own.exposure_mean, name)
    return table.rows


def _check_labels(
    table: TableSource, column: Column, kind: LabelKind, classes: list[str], held: Held
) -> Floats:
    if kind == "binary":
        return labels.read_labels(table, column)
    if kind == "classes":
        return labels.read_classes(table, column, classes)
    scale = held.scale or Scale()
    values = (labels.read_numbers(table, column) - scale.mean) / scale.deviation
    if np.abs(values).max() > LARGEST_AMOUNT:
        raise OutOfRange(f"the label {column.name!r} has single amounts that rule all others")
    return values.astype(np.float32)


def agree_on(task: Task, facts: dict[str, Any]) -> Agreed:
    """See that all owners' parts fit together.

    Raises:
        RowsDiffer: tables are not aligned.
        NoSuchColumn: nobody has the label, the exposure or an excluded column.
        AmbiguousColumn: several have it.
        NoFeatures: no column is left.
        BadInput: only some owners have a validation table.
    """
    owners = task.parties("owner")
    rows = agreed_rows(task, facts)
    checked = agreed_rows(task, facts, "checked", "validation tables")
    require_excluded(task, facts)
    holder = only_holder(task, facts, "label", task.text("label"), "label column")
    exposure = _named(task, "exposure")
    agreed = Agreed(
        rows=rows,
        widths={alias: int(facts[alias]["columns"]) for alias in owners},
        holder=holder,
        exposure=only_holder(task, facts, "exposure", exposure, "exposure column")
        if exposure
        else "",
        classes=list(facts[holder]["classes"]),
        checked=checked,
    )
    if agreed.columns == 0:
        raise NoFeatures("no column is left to learn from")
    if "validation" in task.spec.inputs and task.integer("patience") and not agreed.checked:
        raise BadInput("early stopping needs a validation table")
    return agreed
