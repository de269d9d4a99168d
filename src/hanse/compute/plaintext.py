"""The plaintext twin: the same preparation and the same JAX functions on one machine.

For reports and tests that compare the joint model with what it would be if one party had all
the data. Loads JAX.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from hanse.compute.errors import AmbiguousColumn, NoFeatures, NoSuchColumn, RowsDiffer
from hanse.compute.operators import Value, decimal_of, get_operator, metrics, preparation
from hanse.compute.operators.labels import read_labels
from hanse.compute.operators.models.generalised import logistic_method
from hanse.compute.operators.parameters import validate_parameters
from hanse.compute.plain_models import descend, newton
from hanse.data.batches import ArrowTable
from hanse.data.types import Column


class PlainModel(msgspec.Struct, frozen=True):
    """A model trained in plaintext: each owner's recipe, and weights, the intercept last."""

    recipes: dict[str, preparation.Recipe]
    weights: list[float]


def fit(tables: Mapping[str, Any], parameters: Mapping[str, object]) -> PlainModel:
    """Train on the owners' aligned tables as `logistic_regression` does on shares; without early
    stopping.

    Args:
        tables: Arrow tables by owner, without key columns, rows in the same order.
        parameters: those of `logistic_regression`.

    Raises:
        HanseError: the same named errors as the operator.
    """
    checked = validate_parameters(get_operator("logistic_regression"), parameters)
    held = {owner: ArrowTable(table) for owner, table in tables.items()}
    rows = {table.rows for table in held.values()}
    if len(rows) != 1:
        raise RowsDiffer("the owners' tables have different numbers of rows")
    labels = _labels(held, str(checked["label"]))
    skipped = {str(checked["label"]), *_texts(checked["exclude"])}
    recipes = {
        owner: preparation.learn(
            table,
            [column for column in table.columns if column.name not in skipped],
            int(str(checked["max_categories"])),
        )
        for owner, table in held.items()
    }
    blocks = _blocks(recipes, held)
    if not blocks:
        raise NoFeatures("no column is left to learn from")
    return PlainModel(recipes, [float(weight) for weight in _weights(checked, blocks, labels)])


def _weights(checked: Mapping[str, Value], blocks: list[Any], labels: Any) -> Any:
    method, epochs = logistic_method(checked), int(str(checked["epochs"]))
    if checked["solver"] == "newton":
        l2 = decimal_of(checked["l2"])
        rounds = int(str(checked["rounds"]))
        return newton(method, blocks, labels, rounds=rounds, l2=l2).prepared()
    return descend(
        method,
        blocks,
        labels,
        epochs=epochs,
        batch_size=int(str(checked["batch_size"])),
        learning_rate=decimal_of(checked["learning_rate"]),
        momentum=decimal_of(checked["momentum"]),
        l2=decimal_of(checked["l2"]),
        seed=int(str(checked["seed"])),
    )["weights"]


def predict(model: PlainModel, tables: Mapping[str, Any]) -> npt.NDArray[np.float64]:
    """Probabilities of aligned rows; shape (rows,)."""
    return metrics.logistic(_linear(model, tables))


def evaluate(
    model: PlainModel, tables: Mapping[str, Any], label: str, threshold: float = 0.5
) -> dict[str, Any]:
    """The report `evaluate` would give."""
    labels = _labels({owner: ArrowTable(table) for owner, table in tables.items()}, label)
    return metrics.evaluate(labels, _linear(model, tables), threshold)


def _linear(model: PlainModel, tables: Mapping[str, Any]) -> npt.NDArray[np.float64]:
    held = {owner: ArrowTable(tables[owner]) for owner in model.recipes}
    blocks = _blocks(model.recipes, held)
    weights = np.asarray(model.weights)
    table = np.concatenate(blocks, axis=1).astype(np.float64)
    return np.asarray(table @ weights[:-1] + weights[-1])


def _blocks(recipes: Mapping[str, preparation.Recipe], held: Mapping[str, ArrowTable]) -> list[Any]:
    blocks = [preparation.apply(recipe, held[owner]) for owner, recipe in recipes.items()]
    return [block for block in blocks if block.shape[1]]


def _labels(held: Mapping[str, ArrowTable], label: str) -> npt.NDArray[np.float32]:
    found: list[tuple[ArrowTable, Column]] = [
        (table, column)
        for table in held.values()
        for column in table.columns
        if column.name == label
    ]
    if not found:
        raise NoSuchColumn(f"no owner has the label column {label!r}")
    if len(found) > 1:
        raise AmbiguousColumn(f"several owners have a column {label!r}")
    return read_labels(*found[0])


def _texts(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]
