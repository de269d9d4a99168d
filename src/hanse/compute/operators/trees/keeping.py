"""Checkpoints of a boosting run on shares: scores and gains each time, every tree once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.compute.operators.trees.boosting import MODEL, SCORES

if TYPE_CHECKING:
    from hanse.compute.operators.trees.board import Outputs, SharedBoard
    from hanse.compute.operators.trees.entering import Plan
    from hanse.compute.worker.checkpoint import Checkpoint
    from hanse.compute.worker.checkpoint_files import Saved


class Keeper:
    """One computing node's checkpoints.

    Args:
        checkpoint: the task's.
        plan: sizes and settings.
        board: where the run keeps its variables.
    """

    def __init__(self, checkpoint: Checkpoint, plan: Plan, board: SharedBoard) -> None:
        self._checkpoint, self._board = checkpoint, board
        shapes, depth = plan.shapes, plan.settings.depth
        self._state: Outputs = {
            SCORES: ("float32", (shapes.all_rows,)),
            "gains": ("float32", (shapes.width,)),
        }
        if shapes.validation:
            self._state = {**self._state, "best": ("float32", ()), "since": ("int64", ())}
        self._tree = {
            MODEL[0]: ("int32", ((1 << depth) - 1, shapes.width)),
            MODEL[1]: ("float32", (1 << depth,)),
        }

    def restore(self, saved: Saved) -> None:
        """Set scores, gains and trees to what they were."""
        kinds = {**self._state, **self._trees(0, saved.number)}
        for shares in [saved.shares, *self._checkpoint.pieces()]:
            for name, share in shares.items():
                self._board.machine.put(name, share)
                self._board.secret(name, *kinds[name])

    def after(self, trees: int) -> None:
        """Keep a checkpoint after so many trees, when one is due."""
        if self._checkpoint.due(trees):
            machine = self._board.machine
            fresh = machine.shares(self._trees(self._checkpoint.number, trees))
            self._checkpoint.save(trees, machine.shares(self._state), piece=fresh)

    def _trees(self, first: int, end: int) -> Outputs:
        return {
            f"{what}{tree}": kind for what, kind in self._tree.items() for tree in range(first, end)
        }
