"""How training goes through the rows, and whether its numbers fit the ring."""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt

from hanse.compute.errors import OutOfRange
from hanse.compute.operators.permutation import permutation

CLIP = 10.0
FINAL_RATE = 0.1
# Products carry 36 fraction bits in a 64-bit ring; one bit of margin beside the sign.
LARGEST_PRODUCT = 2.0**26


class Schedule(msgspec.Struct, frozen=True):
    """Batches and learning rates of a training run.

    Attributes:
        rows: rows of the table.
        steps: steps per epoch.
        batch: rows per step; ``steps * batch`` is ``rows`` or a little more.
        rates: learning rate of each epoch.
    """

    rows: int
    steps: int
    batch: int
    rates: list[float]

    def order(self, seed: bytes) -> npt.NDArray[np.int64]:
        """Row numbers in training order, ``steps * batch`` of them.

        All owners use the same pseudo-random order, so that sorted tables do no harm; the first
        rows stand in once more to fill the last batch.
        """
        order = permutation(self.rows, seed)
        return np.concatenate([order, order[: self.steps * self.batch - self.rows]])


def make_schedule(
    rows: int, batch_size: int, epochs: int, learning_rate: float, final: float = FINAL_RATE
) -> Schedule:
    """Equal batches of at most ``batch_size`` rows; rates fall geometrically to a tenth, or to
    the part ``final``."""
    steps = -(-rows // batch_size)
    batch = -(-rows // steps)
    span = max(epochs - 1, 1)
    rates = [learning_rate * final ** (number / span) for number in range(epochs)]
    return Schedule(rows, steps, batch, rates)


def check_range(schedule: Schedule, columns: int, momentum: float) -> None:
    """Refuse parameters under which a weight could grow until products wrap around.

    No slope exceeds ±10 in a coordinate, because prepared values lie within ±10 and errors
    within ±1; so a weight moves at most ``rate * 10 / (1 - momentum)`` per step, and a linear
    score is at most ``columns * 10`` times the largest weight.

    Raises:
        OutOfRange: saying what to change.
    """
    travelled = schedule.steps * sum(schedule.rates) * CLIP / (1.0 - momentum)
    if (columns + 1) * CLIP * travelled >= LARGEST_PRODUCT:
        raise OutOfRange(
            "so many steps on so many prepared columns could leave the range of the arithmetic"
        )
