"""The run of a boosting: tree by tree, level by level, on any board."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np

from hanse.compute.operators.trees.board import Board
from hanse.compute.operators.trees.settings import (
    Scaling,
    Settings,
    candidates_allowed,
    rows_used,
)

CANDIDATES = "candidates"
SCORES = "scores"
LABELS = "labels"
MODEL = ("selectors", "weights")


class Shapes(msgspec.Struct, frozen=True):
    """Sizes of a run.

    Attributes:
        rows: training rows, which stand first.
        validation: validation rows behind them.
        sizes: candidates of each column, all owners' columns in order.
    """

    rows: int
    validation: int
    sizes: list[int]

    @property
    def all_rows(self) -> int:
        """Training and validation rows."""
        return self.rows + self.validation

    @property
    def width(self) -> int:
        """Candidates in all."""
        return sum(self.sizes)


def forget(_trees: int) -> None:
    """Keep no checkpoint."""


class Run:
    """One boosting run. The board holds ``candidates``, ``labels`` and ``scores`` at the start.

    Args:
        board: where variables are.
        settings: the parameters.
        scaling: of sums of gradients.
        shapes: sizes.
        stop: opens a variable that says whether to stop; called after each tree when there are
            validation rows.
        progress: called with the number of trees done.
    """

    def __init__(
        self,
        board: Board,
        settings: Settings,
        scaling: Scaling,
        shapes: Shapes,
        stop: Callable[[str], bool],
        progress: Callable[[int, int], None],
    ) -> None:
        self._board, self._settings, self._scaling, self._shapes = board, settings, scaling, shapes
        self._stop, self._progress = stop, progress

    def grow(self, done: int = 0, after: Callable[[int], None] = forget) -> int:
        """Grow all trees and keep ``selectors``, ``weights`` and ``gains`` on the board.

        Args:
            done: trees that are on the board already, with the scores and gains they led to.
            after: called with the number of trees done while more are to come.

        Returns:
            Trees kept: fewer than asked for when early stopping cut the run.
        """
        settings, board = self._settings, self._board
        if not done:
            board.public("gains", np.zeros(self._shapes.width, np.float32))
        kept = settings.trees
        for tree in range(done, settings.trees):
            self._tree(tree)
            stops = bool(self._shapes.validation) and self._judged()
            if not stops:
                after(tree + 1)
            self._progress(tree + 1, settings.trees)
            if stops:
                kept = max(tree + 1 - settings.patience, 1)
                break
        names = [f"{what}{tree}" for what in MODEL for tree in range(kept)]
        nodes, width = (1 << settings.depth) - 1, self._shapes.width
        board.run(
            "collect",
            names,
            {
                MODEL[0]: ("int32", (kept * nodes, width)),
                MODEL[1]: ("float32", (kept, nodes + 1)),
            },
        )
        return kept

    def _tree(self, tree: int) -> None:
        settings, shapes, board = self._settings, self._shapes, self._board
        used = rows_used(settings, tree, shapes.rows, shapes.validation)
        board.public("used", used)
        board.public("allowed", candidates_allowed(settings, tree, shapes.sizes))
        board.run(
            "gradients",
            [SCORES, LABELS, "used"],
            {"gradient": ("int64", (2, shapes.all_rows)), "sums": ("int64", (1, 2))},
            binary=int(settings.binary),
            positive=settings.positive,
            bits=self._scaling.bits,
        )
        for level in range(settings.depth):
            self._level(level)
        self._leaves(tree)
        self._record(tree)

    def _level(self, level: int) -> None:
        """Choose the splits of a level's nodes and send the rows on."""
        k, rows, width = 1 << level, self._shapes.all_rows, self._shapes.width
        board, inside = self._board, "inside"
        made = {
            f"selectors-{level}": ("int64", (k, width)),
            "sums": ("int64", (2 * k, 2)),
            f"gain-{level}": ("float32", (width,)),
        }
        rules = self._settings.split_rules(self._scaling)
        if level == 0:
            board.public(inside, np.ones((rows, 1), np.int64))
            board.product("gradient", CANDIDATES, "above", (2, width))
            board.run("best", ["above", "sums", "allowed"], made, **rules)
        else:
            board.product("masked", CANDIDATES, "right", (k, width))
            above = {"above": ("int64", (k, 2, width))}
            board.run("choose", ["above", "right", "sums", "allowed"], above | made, **rules)
        selectors = f"selectors-{level}"
        board.product(CANDIDATES, selectors, "answers", (rows, k), transposed=True)
        children = {inside: ("int64", (rows, 2 * k))}
        if level + 1 < self._settings.depth:
            children["masked"] = ("int64", (2 * k, rows))
            board.run("send_on", ["answers", inside, "gradient"], children)
        else:
            board.run("route", ["answers", inside], children)

    def _leaves(self, tree: int) -> None:
        self._board.run(
            "leaves",
            ["sums", "inside", SCORES],
            {
                f"weights{tree}": ("float32", (1 << self._settings.depth,)),
                SCORES: ("float32", (self._shapes.all_rows,)),
            },
            **self._settings.leaf_rules(self._scaling),
        )

    def _record(self, tree: int) -> None:
        depth, width = self._settings.depth, self._shapes.width
        parts = [f"{what}-{level}" for what in ("selectors", "gain") for level in range(depth)]
        self._board.run(
            "record",
            [*parts, "gains"],
            {
                f"selectors{tree}": ("int32", ((1 << depth) - 1, width)),
                "gains": ("float32", (width,)),
            },
        )

    def _judged(self) -> bool:
        """Whether validation rows say that it is enough."""
        self._board.run(
            "judge",
            [SCORES, LABELS, "best", "since"],
            {"best": ("float32", ()), "since": ("int64", ()), "enough": ("int64", ())},
            binary=int(self._settings.binary),
            patience=self._settings.patience,
            rows=self._shapes.rows,
        )
        return self._stop("enough")


def start_judging(board: Board) -> None:
    """No tree judged yet."""
    board.public("best", np.float32(2.0**25))
    board.public("since", np.int64(0))


def accept(_name: str) -> bool:
    """Never stop."""
    return False


def quiet(_done: int, _total: int) -> None:
    """Tell nobody."""
