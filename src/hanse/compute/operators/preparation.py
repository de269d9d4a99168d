"""An owner's preparation of its columns for a model, learnt on training rows.

Numbers: gaps filled with the median, with an indicator column where training rows had gaps.
Dates and timestamps: numbers of days. Texts and truth values: one column per frequent value
and one for the rest (gaps are a value of their own). Then every column is standardised with the
training rows' mean and deviation and clipped to ±10. Constant columns are dropped.

The recipe holds statistics and frequent values of the owner's data: it never leaves the owner.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hanse.compute.errors import NoSuchColumn, OutOfRange
from hanse.compute.operators.reading import read_column
from hanse.compute.operators.schedule import CLIP
from hanse.data.types import Column, ColumnType, TableSource

GAP = "\x00gap"  # stands for a missing value among texts
SMALLEST_DEVIATION = 1e-12
_DAY_US = 86_400_000_000.0
Floats = npt.NDArray[np.float64]


class Feature(msgspec.Struct, frozen=True):
    """One prepared column.

    Attributes:
        column: the table's column.
        what: ``value``, ``gap``, ``is`` (one frequent value) or ``rest``.
        value: the frequent value, for ``is``.
        fill: what fills gaps, for ``value``.
        mean: mean on training rows, after filling.
        deviation: standard deviation on training rows.
    """

    column: str
    what: str
    value: str = ""
    fill: float = 0.0
    mean: float = 0.0
    deviation: float = 1.0


class Recipe(msgspec.Struct, frozen=True):
    """How an owner prepares its table; the same for training, test and new rows.

    Attributes:
        types: the columns used and their types.
        features: the prepared columns in order.
        dropped: columns left out because they were constant.
    """

    types: dict[str, ColumnType]
    features: list[Feature]
    dropped: list[str]


def learn(table: TableSource, columns: Sequence[Column], max_categories: int) -> Recipe:
    """Learn the recipe on training rows.

    Args:
        table: training rows.
        columns: the columns to use; neither keys nor label.
        max_categories: frequent values of a text column that get a column of their own.
    """
    features: list[Feature] = []
    dropped: list[str] = []
    for column in columns:
        array = read_column(table, column.name)
        kept: list[Feature] = []
        for draft in _drafts(column, array, max_categories):
            measured = _measured(draft, column.type, array, kept)
            if measured is not None:
                kept.append(measured)
        features.extend(kept)
        if not kept:
            dropped.append(column.name)
    types = {column.name: column.type for column in columns if column.name not in dropped}
    return Recipe(types, features, dropped)


def apply(recipe: Recipe, table: TableSource, clip: float = CLIP) -> npt.NDArray[np.float32]:
    """Prepare rows; shape (rows, features), every value within ±``clip``.

    Raises:
        NoSuchColumn: when the table lacks a column, or has it with another type.
    """
    present = {column.name: column.type for column in table.columns}
    for name, kind in recipe.types.items():
        if present.get(name) != kind:
            raise NoSuchColumn(f"the model needs the column {name!r} of type {kind}")
    out = np.empty((table.rows, len(recipe.features)), np.float32)
    held: tuple[str, Any] = ("", None)
    for number, feature in enumerate(recipe.features):
        if held[0] != feature.column:
            held = (feature.column, read_column(table, feature.column))
        raw = _raw(feature, recipe.types[feature.column], held[1], recipe.features)
        scaled = (raw - feature.mean) / feature.deviation
        out[:, number] = np.clip(scaled, -clip, clip)
    return out


def _drafts(column: Column, array: Any, max_categories: int) -> list[Feature]:
    if column.type in {"text", "bool"}:
        return _categories(column, array, max_categories)
    values = numbers(array, column.type)
    known = values[~np.isnan(values)]
    if len(known) == 0:
        return []
    value = Feature(column.name, "value", fill=float(np.median(known)))
    return [value] if len(known) == len(values) else [value, Feature(column.name, "gap")]


def _categories(column: Column, array: Any, max_categories: int) -> list[Feature]:
    counts = Counter(
        {
            str(row["values"]): int(row["counts"])
            for row in pc.value_counts(texts(array)).to_pylist()
        }
    )
    ranked = sorted(counts, key=lambda value: (-counts[value], value))
    frequent = [Feature(column.name, "is", value=value) for value in ranked[:max_categories]]
    if len(ranked) == 2:  # one column says it all
        return frequent[:1]
    return frequent if len(ranked) <= max_categories else [*frequent, Feature(column.name, "rest")]


def _measured(
    draft: Feature, kind: ColumnType, array: Any, before: Sequence[Feature]
) -> Feature | None:
    """The feature with its mean and deviation; None when it is constant.

    Raises:
        OutOfRange: when the deviation is no finite number.
    """
    raw = _raw(draft, kind, array, before)
    with np.errstate(over="ignore", invalid="ignore"):
        mean, deviation = float(np.mean(raw)), float(np.std(raw))
    if not np.isfinite(deviation):
        raise OutOfRange(f"the numbers in column {draft.column!r} are too large")
    if deviation <= SMALLEST_DEVIATION * max(1.0, abs(mean)):
        return None
    return msgspec.structs.replace(draft, mean=mean, deviation=deviation)


def _raw(feature: Feature, kind: ColumnType, array: Any, features: Sequence[Feature]) -> Floats:
    """The feature's values before scaling."""
    if feature.what in {"value", "gap"}:
        values = numbers(array, kind)
        gaps = np.isnan(values)
        return np.where(gaps, feature.fill, values) if feature.what == "value" else gaps * 1.0
    column = texts(array)
    if feature.what == "is":
        return np.asarray(pc.equal(column, feature.value), np.float64)
    frequent = [f.value for f in features if f.column == feature.column and f.what == "is"]
    return 1.0 - np.asarray(pc.is_in(column, value_set=pa.array(frequent, pa.string())), np.float64)


def numbers(array: Any, kind: ColumnType) -> Floats:
    """A number, date or timestamp column as floats, NaN where missing; dates in days."""
    if kind == "date":
        array = array.cast(pa.int32())
    elif kind == "timestamp":
        array = array.cast(pa.int64())
    values = np.asarray(pc.fill_null(array.cast(pa.float64(), safe=False), np.nan), np.float64)
    return values / _DAY_US if kind == "timestamp" else values


def texts(array: Any) -> Any:
    """A text or truth-value column as texts, gaps as a value of their own."""
    return pc.fill_null(array.cast(pa.string()), GAP)
