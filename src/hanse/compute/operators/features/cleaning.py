"""An owner's cleaning of its columns by agreed rules, learnt on one table and applied to others.

Per column, in this order: numbers are capped at quantiles, gaps filled, values scaled; texts
and truth values have gaps filled and become one column of 0 and 1 per frequent value. The
recipe holds statistics and frequent values of the owner's data: it never leaves the owner.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hanse.compute.errors import BadInput, NoSuchColumn, OutOfRange
from hanse.compute.operators.features.columns import NUMERIC, read_numbers
from hanse.compute.operators.preparation import GAP, texts
from hanse.compute.operators.reading import read_column
from hanse.data.types import Column, ColumnType, TableSource

FAMILY = "preprocess/1"
REST = "*"
GAPS = "∅"
Fill = Literal["none", "mean", "median", "most_frequent", "zero"]
Scale = Literal["none", "standard", "min_max", "robust"]
Floats = npt.NDArray[np.float64]


class Rules(msgspec.Struct, frozen=True):
    """What the parties agreed on.

    Attributes:
        fill: what fills gaps; texts take their most frequent value unless it is ``none``.
        scale: ``standard`` (mean 0, deviation 1), ``min_max`` (0 to 1) or ``robust`` (median 0,
            interquartile range 1).
        low: quantile under which numbers are raised to it; 0 for none.
        high: quantile above which numbers are lowered to it; 1 for none.
        one_hot: whether texts become columns of 0 and 1.
        categories: frequent values that get a column of their own.
    """

    fill: Fill
    scale: Scale
    low: float
    high: float
    one_hot: bool
    categories: int


class ColumnRecipe(msgspec.Struct, frozen=True):
    """How one column is cleaned; None leaves a step out.

    Attributes:
        caps: lower and upper cap of numbers.
        fill: what fills the gaps of numbers.
        fill_text: what fills the gaps of texts.
        center: taken from numbers before they are divided by ``spread``.
        spread: see ``center``.
        values: of one-hot texts, the frequent values in order; `GAP` stands for gaps.
        rest: whether a further column marks all other values.
    """

    name: str
    type: ColumnType
    caps: tuple[float, float] | None = None
    fill: float | None = None
    fill_text: str | None = None
    center: float | None = None
    spread: float = 1.0
    values: list[str] | None = None
    rest: bool = False


class Cleaning(msgspec.Struct, frozen=True):
    """An owner's recipe.

    Attributes:
        family: what kind of recipe, and the version of this form.
        columns: the columns that change.
        dropped: columns the result lacks: those named, and those without a value.
    """

    family: str
    columns: list[ColumnRecipe]
    dropped: list[str]


def learn(
    table: TableSource, columns: Sequence[Column], dropped: Sequence[str], rules: Rules
) -> Cleaning:
    """Learn the recipe of these columns.

    Raises:
        OutOfRange: when numbers are too large to take their mean or deviation.
    """
    learnt: list[ColumnRecipe] = []
    empty: list[str] = []
    for column in columns:
        if column.type in NUMERIC:
            recipe = _number(read_numbers(table, column), column, rules)
        else:
            recipe = _text(read_column(table, column.name), column, rules)
        if recipe is None:
            empty.append(column.name)
        elif recipe != ColumnRecipe(column.name, column.type):
            learnt.append(recipe)
    return Cleaning(FAMILY, learnt, [*dropped, *empty])


def _number(values: Floats, column: Column, rules: Rules) -> ColumnRecipe | None:
    known = values[~np.isnan(values)]
    if len(known) == 0:
        return None
    if column.type in {"date", "timestamp"} and rules.scale == "none":
        return ColumnRecipe(column.name, column.type)
    caps = None
    if rules.low > 0 or rules.high < 1:
        low, high = np.quantile(known, (rules.low, rules.high))
        caps, known = (float(low), float(high)), np.clip(known, low, high)
    fill = _fill(known, rules.fill)
    filled = known
    if fill is not None and len(known) < len(values):
        filled = np.append(known, np.full(len(values) - len(known), fill))
    center, spread = _scaling(filled, column.name, rules.scale)
    return ColumnRecipe(
        column.name, column.type, caps=caps, fill=fill, center=center, spread=spread
    )


def _fill(known: Floats, fill: Fill) -> float | None:
    if fill == "none":
        return None
    if fill == "most_frequent":
        values, counts = np.unique(known, return_counts=True)
        return float(values[np.argmax(counts)])
    if fill == "zero":
        return 0.0
    return float(np.mean(known) if fill == "mean" else np.median(known))


def _scaling(values: Floats, name: str, scale: Scale) -> tuple[float | None, float]:
    """Centre and spread; a column without spread is only centred."""
    if scale == "none":
        return None, 1.0
    with np.errstate(over="ignore", invalid="ignore"):
        if scale == "standard":
            center, spread = float(np.mean(values)), float(np.std(values))
        elif scale == "min_max":
            center, spread = float(values.min()), float(values.max() - values.min())
        else:
            low, center, high = (float(q) for q in np.quantile(values, (0.25, 0.5, 0.75)))
            spread = high - low
    if not np.isfinite(center) or not np.isfinite(spread):
        raise OutOfRange(f"the numbers in column {name!r} are too large")
    return center, spread if spread > 1e-12 * max(1.0, abs(center)) else 1.0


def _text(array: Any, column: Column, rules: Rules) -> ColumnRecipe | None:
    counted = pc.value_counts(texts(array)).to_pylist()
    counts = {str(row["values"]): int(row["counts"]) for row in counted}
    gaps = counts.pop(GAP, 0)
    if not counts:
        return None
    ranked = sorted(counts, key=lambda value: (-counts[value], value))
    fill = ranked[0] if rules.fill != "none" else None
    if not rules.one_hot:
        return ColumnRecipe(column.name, column.type, fill_text=fill)
    values = ranked[: rules.categories]
    if gaps and fill is None:
        values = [*values, GAP]
    rest = len(ranked) > rules.categories
    return ColumnRecipe(column.name, column.type, fill_text=fill, values=values, rest=rest)


def apply(recipe: Cleaning, table: TableSource, columns: Sequence[Column]) -> pa.Table:
    """Clean rows; columns the recipe does not know stay as they are.

    Raises:
        NoSuchColumn: when a column of the recipe is not there, or has another type.
        BadInput: when two columns would have one name.
    """
    there = {column.name: column.type for column in columns}
    for known in recipe.columns:
        if there.get(known.name) != known.type:
            raise NoSuchColumn(f"the recipe needs the column {known.name!r} of type {known.type}")
    by_name = {known.name: known for known in recipe.columns}
    out: dict[str, Any] = {}
    for column in columns:
        if column.name in recipe.dropped:
            continue
        for name, array in _cleaned(by_name.get(column.name), table, column):
            if name in out:
                raise BadInput(f"a column made from {column.name!r} has the name of another")
            out[name] = array
    return pa.table(out)


def _cleaned(
    recipe: ColumnRecipe | None, table: TableSource, column: Column
) -> list[tuple[str, Any]]:
    if recipe is None:
        return [(column.name, read_column(table, column.name))]
    if column.type in NUMERIC:
        return [(column.name, _numbers(recipe, read_numbers(table, column)))]
    array = read_column(table, column.name)
    if recipe.values is not None:
        return _flags(recipe, texts(array))
    filled = pc.fill_null(array.cast(pa.string()), recipe.fill_text)
    return [(column.name, filled.cast(array.type))]


def _numbers(recipe: ColumnRecipe, values: Floats) -> Any:
    if recipe.caps is not None:
        values = np.clip(values, *recipe.caps)
    if recipe.fill is not None:
        values = np.where(np.isnan(values), recipe.fill, values)
    if recipe.center is not None:
        values = (values - recipe.center) / recipe.spread
    return pa.array(values, mask=np.isnan(values))


def _flags(recipe: ColumnRecipe, column: Any) -> list[tuple[str, Any]]:
    if recipe.fill_text is not None:
        column = pc.if_else(pc.equal(column, GAP), recipe.fill_text, column)
    values = recipe.values or []
    flags = [
        (f"{recipe.name}={GAPS if value == GAP else value}", pc.equal(column, value))
        for value in values
    ]
    if recipe.rest:
        others = pc.invert(pc.is_in(column, value_set=pa.array(values, pa.string())))
        flags.append((f"{recipe.name}={REST}", others))
    return [(name, flag.cast(pa.int64())) for name, flag in flags]
