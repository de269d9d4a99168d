"""What the holder of the label computes in the clear in SecureBoost-style training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from hanse.compute.operators.metrics import logistic
from hanse.compute.operators.trees.boosting import Shapes
from hanse.compute.operators.trees.settings import Scaling, Settings, candidates_allowed, rows_used

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
LARGEST_WEIGHT = 512.0
SMALLEST = 1e-6


class Split(msgspec.Struct, frozen=True):
    """A chosen split: the node within its level, the candidate among all owners', the gain."""

    node: int
    candidate: int
    gain: float


class Holder:
    """Scores, gradients and the place of every row in the tree that is being grown.

    Args:
        settings: the parameters.
        scaling: of gradients; only its bits are used.
        shapes: sizes.
        labels: of all rows, 0 and 1 or standardised.
        start: linear score before the first tree.
    """

    def __init__(
        self, settings: Settings, scaling: Scaling, shapes: Shapes, labels: Any, start: float
    ) -> None:
        self._settings, self._shapes = settings, shapes
        self._one = float(1 << scaling.bits)
        self._labels = np.asarray(labels, np.float64)
        self.scores: Floats = np.full(shapes.all_rows, start, np.float64)
        self.weights: list[npt.NDArray[np.float32]] = []
        self._best, self._since = np.inf, 0

    def state(self) -> tuple[dict[str, bytes], dict[str, Any]]:
        """What a run goes on from after a tree: scores and weights, and what judging knows."""
        held = {"scores": self.scores.tobytes(), "weights": np.stack(self.weights).tobytes()}
        return held, {"best": self._best, "since": self._since}

    def restore(self, held: Mapping[str, bytes], state: Mapping[str, Any]) -> None:
        """Undo `state`."""
        self.scores = np.frombuffer(held["scores"], np.float64).copy()
        weights = np.frombuffer(held["weights"], np.float32)
        self.weights = list(weights.reshape(-1, 1 << self._settings.depth).copy())
        self._best, self._since = state["best"], state["since"]

    def begin(self, tree: int) -> None:
        """Gradients for a new tree; all rows in its root."""
        error = self._said() - self._labels
        bend = self._said() * (1.0 - self._said()) if self._settings.binary else np.ones_like(error)
        weight = 1.0 + (self._settings.positive - 1.0) * self._labels
        if not self._settings.binary:
            weight = np.ones_like(error)
        rounded = np.rint(np.stack([error * weight, bend * weight]) * self._one).astype(np.int64)
        used = rows_used(self._settings, tree, self._shapes.rows, self._shapes.validation)
        self._gradient: Ints = rounded * used
        self._allowed = candidates_allowed(self._settings, tree, self._shapes.sizes) > 0
        self.node: Ints = np.zeros(self._shapes.all_rows, np.int64)
        self._level = 0
        self._sums = self._gradient.sum(axis=1)[None, :]
        self._above: Ints = np.zeros((0, 2, 0), np.int64)

    def masked(self) -> Ints:
        """Gradients of the rows in right children (at the root: of all); (k or 2, rows)."""
        if self._level == 0:
            return self._gradient
        right = np.arange(1, 1 << self._level, 2)[:, None] == self.node[None, :]
        masked = right[:, None, :] * self._gradient[None, :, :]
        return np.asarray(masked.reshape(-1, len(self.node)), np.int64)

    def choose(self, right: Ints) -> list[Split]:
        """The best splits of the level's nodes.

        Args:
            right: sums of `masked` right of every candidate, in the order of all owners.
        """
        if self._level == 0:
            above = right.reshape(1, 2, -1)
        else:
            right = right.reshape(-1, 2, right.shape[1])
            above = np.stack([self._above - right, right], axis=1).reshape(-1, *right.shape[1:])
        self._above = above
        gain = self._gains(above)
        found = gain.argmax(axis=1)
        least = max(self._settings.gamma, SMALLEST)
        splits = [
            Split(node, int(at), float(gain[node, at]))
            for node, at in enumerate(found)
            if gain[node, at] > least
        ]
        chosen = np.zeros_like(self._sums)
        for split in splits:
            chosen[split.node] = above[split.node, :, split.candidate]
        self._sums = np.stack([self._sums - chosen, chosen], axis=1).reshape(-1, 2)
        return splits

    def rows_in(self, node: int) -> npt.NDArray[np.bool_]:
        """Which rows are in a node of the level."""
        return np.asarray(self.node == node)

    def send_on(self, answers: dict[int, npt.NDArray[np.bool_]]) -> None:
        """Move rows to the next level.

        Args:
            answers: by split node, what the rows in it answer, in their order.
        """
        right = np.zeros(len(self.node), np.int64)
        for node, said in answers.items():
            right[self.rows_in(node)] = said
        self.node = 2 * self.node + right
        self._level += 1

    def end(self) -> bool:
        """Weigh the leaves and add the tree; returns whether it is time to stop."""
        weights = -self._settings.rate * self._ratio(self._sums[:, 0], self._sums[:, 1])
        self.weights.append(weights.astype(np.float32))
        self.scores += weights[self.node]
        if not self._shapes.validation:
            return False
        error = (self._said() - self._labels)[self._shapes.rows :]
        loss = float(np.sum(error * error))
        self._since = 0 if loss < self._best else self._since + 1
        self._best = min(loss, self._best)
        if self._since < self._settings.patience:
            return False
        del self.weights[max(len(self.weights) - self._settings.patience, 1) :]
        return True

    def _said(self) -> Floats:
        return logistic(self.scores) if self._settings.binary else self.scores

    def _ratio(self, gradient: Any, bend: Any) -> Floats:
        smallest = max(self._settings.l2, 2.0**-12)
        weight = (gradient / self._one) / (bend / self._one + smallest)
        return np.asarray(np.clip(weight, -LARGEST_WEIGHT, LARGEST_WEIGHT))

    def _value(self, sums: Ints) -> Floats:
        return np.asarray(sums[:, 0] / self._one * self._ratio(sums[:, 0], sums[:, 1]))

    def _gains(self, above: Ints) -> Floats:
        """Gain of every candidate at every node, -1 where it is not allowed."""
        whole = self._sums[:, :, None]
        before = whole - above
        gain = self._value(above) + self._value(before) - self._value(whole)
        least = max(self._settings.least, SMALLEST) * self._one
        good = (above[:, 1] >= least) & (before[:, 1] >= least) & self._allowed[None, :]
        return np.where(good, gain, -1.0)
