"""Boosted trees in plaintext: the same candidates and the same functions on one machine.

For reports and tests that compare the joint model with what it would be if one party had all
the data. Loads JAX.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from hanse.compute.operators.trees.board import PlainBoard
from hanse.compute.operators.trees.boosting import LABELS, SCORES, Run, Shapes, quiet, start_judging
from hanse.compute.operators.trees.settings import Settings, make_scaling

Floats = npt.NDArray[Any]


class PlainTrees(msgspec.Struct, frozen=True):
    """A model in plaintext.

    Attributes:
        selectors: (trees * nodes, candidates).
        weights: (trees, leaves).
        gains: of each candidate.
        start: linear score before the first tree.
    """

    selectors: Any
    weights: Any
    gains: Any
    start: float


def fit(
    blocks: Sequence[Floats],
    sizes: Sequence[int],
    labels: Floats,
    settings: Settings,
    *,
    start: float = 0.0,
    validation: int = 0,
) -> PlainTrees:
    """Grow trees; the last ``validation`` rows decide when to stop.

    Args:
        blocks: the owners' indicators, each (rows, candidates).
        sizes: candidates of each column.
        labels: 0 and 1, or standardised numbers.
        settings: the parameters.
        start: linear score before the first tree.
        validation: rows that only judge.
    """
    board = PlainBoard()
    shapes = Shapes(len(labels) - validation, validation, list(sizes))
    board.public("candidates", np.concatenate(list(blocks), axis=1).astype(np.int64))
    board.public(LABELS, np.asarray(labels, np.float32))
    board.public(SCORES, np.full(len(labels), start, np.float32))
    start_judging(board)
    scaling = make_scaling(shapes.rows, settings.positive)

    def stop(name: str) -> bool:
        return bool(board.values[name])

    Run(board, settings, scaling, shapes, stop, quiet).grow()
    held = board.values
    return PlainTrees(held["selectors"], held["weights"], held["gains"], start)


def scores(model: PlainTrees, blocks: Sequence[Floats]) -> npt.NDArray[np.float64]:
    """Linear scores of rows; shape (rows,)."""
    from hanse.compute.operators.trees import growing

    trees, leaves = model.weights.shape
    found = growing.walk(
        *[np.asarray(block, np.int32) for block in blocks],
        model.selectors,
        model.weights,
        np.asarray([model.start], np.float32),
        depth=int(leaves).bit_length() - 1,
        trees=int(trees),
    )
    return np.asarray(found, np.float64)
