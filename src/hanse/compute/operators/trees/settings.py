"""Parameters of a boosting run, and how its sums are kept inside the ring."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from hanse.compute.errors import OutOfRange
from hanse.compute.operators.parameters import decimal_of
from hanse.compute.operators.permutation import permutation
from hanse.core.canonical import tagged

MOST_BITS = 16  # of a gradient
SUM_BITS = 30  # of an integer sum of gradients
SCALED_BITS = 12  # of such a sum as a fixed-point number
LARGEST_SUM = 2.0**27


class Scaling(msgspec.Struct, frozen=True):
    """How gradients become integers and their sums fixed-point numbers.

    A sum of gradients is at most ``rows * positive`` in size: errors of the logistic loss lie
    within ±1, and standardised labels have a mean square of 1, which boosting never increases.
    Sums are scaled to at most 2^12, so that sum times leaf weight (at most 2^9) stays inside.

    Attributes:
        bits: fraction bits of a gradient.
        e1: a sum is divided by ``2^e1 * 2^e2``.
        e2: as above.
        unit: what 1 becomes: ``2^bits / 2^(e1 + e2)``.
    """

    bits: int
    e1: int
    e2: int
    unit: float


def make_scaling(rows: int, positive: float) -> Scaling:
    """The scaling for so many rows.

    Raises:
        OutOfRange: when gradients would be left with fewer than three bits.
    """
    size = rows * max(positive, 1.0)
    if size >= LARGEST_SUM:
        raise OutOfRange("so many rows with so large a weight leave the range of the arithmetic")
    magnitude = math.ceil(math.log2(size))
    bits = min(MOST_BITS, SUM_BITS - magnitude)
    shift = bits + max(0, magnitude - SCALED_BITS)
    return Scaling(bits, shift // 2, shift - shift // 2, 2.0 ** (bits - shift))


class Settings(msgspec.Struct, frozen=True):
    """Parameters of a boosting run, by the names XGBoost gives them."""

    binary: bool
    trees: int
    depth: int
    rate: float
    l2: float
    gamma: float
    least: float
    subsample: float
    columns: float
    positive: float
    patience: int
    seed: int

    def split_rules(self, scaling: Scaling) -> dict[str, int | float | str]:
        """Keyword arguments of `growing.best`; a gain of rounding errors is none."""
        return {
            "e1": scaling.e1,
            "e2": scaling.e2,
            "l2": self.l2 * scaling.unit,
            "gamma": max(self.gamma * scaling.unit, 2.0**-13),
            "least": max(self.least * scaling.unit - 2.0**-16, 2.0**-16),
        }

    def leaf_rules(self, scaling: Scaling) -> dict[str, int | float | str]:
        """Keyword arguments of `growing.leaves`."""
        return {
            "e1": scaling.e1,
            "e2": scaling.e2,
            "l2": self.l2 * scaling.unit,
            "rate": self.rate,
        }


def read_settings(parameters: Mapping[str, Any]) -> Settings:
    """The settings of checked parameters."""

    def decimal(name: str) -> float:
        return decimal_of(parameters[name])

    return Settings(
        binary=parameters["objective"] == "binary:logistic",
        trees=int(parameters["n_estimators"]),
        depth=int(parameters["max_depth"]),
        rate=decimal("learning_rate"),
        l2=decimal("reg_lambda"),
        gamma=decimal("gamma"),
        least=decimal("min_child_weight"),
        subsample=decimal("subsample"),
        columns=decimal("colsample_bytree"),
        positive=decimal("scale_pos_weight"),
        patience=int(parameters["early_stopping_rounds"]),
        seed=int(parameters["seed"]),
    )


def rows_used(settings: Settings, tree: int, rows: int, validation: int) -> npt.NDArray[np.int64]:
    """1 for rows this tree learns from; validation rows, which stand last, never do."""
    used = np.zeros(rows + validation, np.int64)
    if settings.subsample >= 1.0:
        used[:rows] = 1
        return used
    kept = max(1, round(rows * settings.subsample))
    used[permutation(rows, _seed(settings, "rows", tree))[:kept]] = 1
    return used


def candidates_allowed(
    settings: Settings, tree: int, sizes: Sequence[int]
) -> npt.NDArray[np.int64]:
    """1 for candidates of the columns this tree may use; ``sizes`` by column of all owners."""
    kept = max(1, round(len(sizes) * settings.columns))
    chosen = np.zeros(len(sizes), np.int64)
    chosen[permutation(len(sizes), _seed(settings, "columns", tree))[:kept]] = 1
    return np.repeat(chosen, sizes)


def _seed(settings: Settings, what: str, tree: int) -> bytes:
    text = f"{settings.seed} {what} {tree}".encode("ascii")
    return hashlib.sha256(tagged("hanse/trees/1", text)).digest()
