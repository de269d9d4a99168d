"""The products of private retrieval, modulo 2^32, compiled for all cores."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint32]
_EXACT = 8192  # 255 * 2^31 * 8192 < 2^53: such a sum of products is exact in float64
_BLOCK_ROWS = 512
_CACHED_ROWS = 32


@numba.njit(nogil=True, error_model="numpy")  # type: ignore[misc, unused-ignore]
def _times(matrix: Any, vectors: Any, out: Any) -> None:
    """Each vector multiplied, a pass over the matrix for each; out has shape (vectors, rows)."""
    for number in range(vectors.shape[0]):
        vector = vectors[number]
        for row in range(matrix.shape[0]):
            line = matrix[row]
            total = np.uint32(0)
            for column in range(matrix.shape[1]):
                total += np.uint32(line[column]) * vector[column]
            out[number, row] = total


def times(matrix: Bytes | Words, vectors: Words) -> Words:
    """``matrix @ v`` for each vector v, modulo 2^32, the rows divided among the cores.

    Args:
        matrix: shape (rows, columns), uint8 or uint32, contiguous.
        vectors: shape (vectors, columns), uint32, contiguous.

    Returns:
        Shape (vectors, rows), uint32.
    """
    out = np.empty((len(vectors), len(matrix)), np.uint32)
    cores = len(os.sched_getaffinity(0))
    bounds = [len(matrix) * i // cores for i in range(cores + 1)]

    def part(low: int, high: int) -> None:
        # Many vectors take blocks of rows that stay in the cache from one vector to the next.
        for start in range(low, high, _CACHED_ROWS):
            end = min(start + _CACHED_ROWS, high)
            _times(matrix[start:end], vectors, out[:, start:end])

    _times(matrix[:0], vectors, out[:, :0])  # compiled once, before threads need it
    with ThreadPoolExecutor(cores) as pool:
        list(pool.map(part, bounds[:-1], bounds[1:]))
    return out


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
