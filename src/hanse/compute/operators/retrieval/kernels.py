"""The products of private retrieval, modulo 2^32, compiled for all cores."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint32]
_EXACT = 8192  # 255 * 2^31 * 8192 < 2^53: such a sum of products is exact in float64
_BLOCK_ROWS = 512


@numba.njit(parallel=True)  # type: ignore[misc, unused-ignore]
def _times(matrix: Any, vectors: Any) -> Any:
    """Each vector multiplied, a pass over the matrix for each; shape (vectors, rows)."""
    rows, columns = matrix.shape
    out = np.empty((vectors.shape[0], rows), np.uint32)
    for row in numba.prange(rows):
        for number in range(vectors.shape[0]):
            total = np.uint32(0)
            for column in range(columns):
                total += np.uint32(matrix[row, column]) * vectors[number, column]
            out[number, row] = total
    return out


def times(matrix: Bytes | Words, vectors: Words) -> Words:
    """``matrix @ v`` for each vector v, modulo 2^32.

    Args:
        matrix: shape (rows, columns), uint8 or uint32, contiguous.
        vectors: shape (vectors, columns), uint32, contiguous.

    Returns:
        Shape (vectors, rows), uint32.
    """
    products: Words = _times(matrix, vectors)
    return products


def bytes_times_matrix(data: Bytes, matrix: Words) -> Words:
    """``data @ matrix`` modulo 2^32, by exact products of floats.

    Args:
        data: shape (rows, columns), uint8.
        matrix: shape (columns, width), uint32; read as signed, which is the same modulo 2^32.

    Returns:
        Shape (rows, width), uint32.
    """
    signed = matrix.view(np.int32)
    out = np.zeros((len(data), matrix.shape[1]), np.uint32)
    for start in range(0, len(matrix), _EXACT):
        factor = signed[start : start + _EXACT].astype(np.float64)
        for row in range(0, len(data), _BLOCK_ROWS):
            block = data[row : row + _BLOCK_ROWS, start : start + _EXACT].astype(np.float64)
            out[row : row + _BLOCK_ROWS] += (block @ factor).astype(np.int64).astype(np.uint32)
    return out
