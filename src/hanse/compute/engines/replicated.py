"""Products with a large secret matrix on replicated shares, outside SPU's interpreter.

This is ABY3's own multiplication without truncation (Araki et al., CCS 2016, section 2; Mohassel
and Rindal, CCS 2018, section 3): every node multiplies what it holds locally, adds a fresh share
of zero made with keys each two nodes share, and passes its part to the node before it. SPU does
the same, but multiplies integers about ten times slower, because its matrix product is not
vectorised for 64-bit integers; the matrix of a boosting run is multiplied hundreds of times.

A value x is x_0 + x_1 + x_2 modulo 2^64; node i holds x_i and x_{i+1}, as SPU's shares do.

**Leaks**: shapes. Every message is masked by a fresh share of zero.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from hanse.compute.engines.link import Link
from hanse.compute.errors import BadInput

Words = npt.NDArray[np.uint64]
KEY_BYTES = 32
NODES = 3


class Replicated:
    """This node's side of products between the three computing nodes.

    Args:
        link: joins them, in rank order.
    """

    def __init__(self, link: Link) -> None:
        self._link = link
        self._before = link.aliases[(link.rank - 1) % NODES]
        self._after = link.aliases[(link.rank + 1) % NODES]
        self._key = secrets.token_bytes(KEY_BYTES)
        link.send(self._before, self._key)
        self._key_after = link.receive(self._after)
        if len(self._key_after) != KEY_BYTES:
            raise BadInput(f"what {self._after} sent is no key")
        self._count = 0

    def sums(self, left: Words, matrix: Matrix) -> Words:
        """``left @ matrix``; shapes (k, rows, 2) and (rows, columns), result (k, columns, 2)."""
        out = np.zeros((left.shape[0], matrix.both.shape[1]), np.uint64)
        own, after = (np.ascontiguousarray(left[:, :, part]) for part in (0, 1))
        _sums(own, after, matrix.both, matrix.own, out)
        return self._reshared(out)

    def answers(self, matrix: Matrix, right: Words) -> Words:
        """``matrix @ right.T``; (rows, columns) and (k, columns, 2), result (rows, k, 2)."""
        out = np.empty((matrix.both.shape[0], right.shape[0]), np.uint64)
        own, after = (np.ascontiguousarray(right[:, :, part]) for part in (0, 1))
        _answers(own, after, matrix.both, matrix.own, out)
        return self._reshared(out)

    def _reshared(self, part: Words) -> Words:
        """This node's additive part as a replicated share."""
        part += self._zero(part.shape)
        self._link.send(self._before, part.tobytes())
        received = np.frombuffer(self._link.receive(self._after), np.uint64)
        if received.size != part.size:
            raise BadInput(f"what {self._after} sent is no share of this product")
        return np.stack([part, received.reshape(part.shape)], axis=-1)

    def _zero(self, shape: tuple[int, ...]) -> Words:
        """A share of zero, fresh in every product: all three add up to 0."""
        self._count += 1
        return _stream(self._key, self._count, shape) - _stream(self._key_after, self._count, shape)


class Matrix:
    """A secret matrix made ready for many products.

    Args:
        words: this node's share, shape (rows, columns, 2).
    """

    def __init__(self, words: Words) -> None:
        self.own = np.ascontiguousarray(words[:, :, 0])
        self.both = words[:, :, 1] + self.own


def _stream(key: bytes, count: int, shape: tuple[int, ...]) -> Words:
    """Pseudo-random words: SHAKE128 (FIPS 202) of key and counter."""
    length = 8 * int(np.prod(shape))
    data = hashlib.shake_128(key + count.to_bytes(8, "big")).digest(length)
    return np.frombuffer(data, np.uint64).reshape(shape)


@numba.njit(nogil=True)  # type: ignore[misc, unused-ignore]
def _sums(own: Any, after: Any, both: Any, first: Any, out: Any) -> None:
    """``out += own @ both + after @ first``, modulo 2^64."""
    for row in range(both.shape[0]):
        for node in range(out.shape[0]):
            a, b = own[node, row], after[node, row]
            for column in range(out.shape[1]):
                out[node, column] += a * both[row, column] + b * first[row, column]


@numba.njit(nogil=True)  # type: ignore[misc, unused-ignore]
def _answers(own: Any, after: Any, both: Any, first: Any, out: Any) -> None:
    """``out = both @ own.T + first @ after.T``, modulo 2^64."""
    for row in range(both.shape[0]):
        for node in range(out.shape[1]):
            total = np.uint64(0)
            for column in range(both.shape[1]):
                total += own[node, column] * both[row, column]
                total += after[node, column] * first[row, column]
            out[row, node] = total
