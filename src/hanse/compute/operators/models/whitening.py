"""An owner's own columns made uncorrelated, in plaintext, before they are shared.

Let X (n, p) be an owner's prepared columns with means taken off, C = X'X/n and λ the ridge
penalty. With the eigenvectors V and eigenvalues d of C the owner shares Q = X V (d + λ)^-½.
Least squares on the Q of all owners is the same problem as on their X (the same predictions, and
w = V (d + λ)^-½ u), but its matrix has the identity in every owner's diagonal block: only what
columns of different owners have to do with each other is left for the protocol, and iterations
need a few dozen steps instead of thousands. Directions without variance are left out.

This is block Jacobi preconditioning (Saad, Iterative Methods for Sparse Linear Systems, 10.4).
"""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
# A direction with less than this part of the largest variance counts as none.
SMALLEST_VARIANCE = 1e-6
LIMIT = 64.0


class Whitening(msgspec.Struct, frozen=True):
    """How an owner whitens its prepared columns; it stays with the owner.

    Attributes:
        means: of the prepared training columns, shape (columns,).
        matrix: prepared columns by whitened columns.
    """

    means: list[float]
    matrix: list[list[float]]

    @property
    def width(self) -> int:
        """Whitened columns."""
        return len(self.matrix[0]) if self.matrix else 0


def learn(block: npt.NDArray[np.float32], l2: float = 0.0) -> Whitening:
    """Learn it on prepared training rows, shape (rows, columns)."""
    if block.shape[1] == 0:
        return Whitening([], [])
    wide = block.astype(np.float64)
    means = wide.mean(axis=0)
    wide -= means
    variances, directions = np.linalg.eigh(wide.T @ wide / len(wide))
    kept = variances + l2 > SMALLEST_VARIANCE * (variances[-1] + l2)
    matrix = directions[:, kept] / np.sqrt(variances[kept] + l2)
    return Whitening(means.tolist(), matrix.tolist())


def apply(whitening: Whitening, block: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Whitened rows, shape (rows, whitened columns), within ±64 standard deviations."""
    if whitening.width == 0:
        return np.zeros((len(block), 0), np.float32)
    centred = block.astype(np.float64) - np.asarray(whitening.means)
    white = centred @ np.asarray(whitening.matrix)
    return np.asarray(np.clip(white, -LIMIT, LIMIT), np.float32)
