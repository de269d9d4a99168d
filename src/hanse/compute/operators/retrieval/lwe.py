"""SimplePIR: single-server private information retrieval from learning with errors.

Henzinger, Hong, Corrigan-Gibbs, Meiklejohn and Vaikuntanathan, "One Server for the Price of Two:
Simple and Fast Single-Server Private Information Retrieval", USENIX Security 2023, figure 3.

Parameters are the paper's (section 4.2): n = 1024, q = 2^32, errors from a discrete Gaussian of
standard deviation 6.4, uniform secrets. They give 128 bits of security, by the paper's estimate
with the tool of Albrecht, Player and Scott, for up to 2^20 samples a secret; a query is one secret
and as many samples as the table has columns, at most 2^16. The plaintext modulus is p = 2^8, so
that the table is kept as bytes.

A query for column j is ``A s + e + 2^24 u_j``, the answer ``D`` times that, and ``D A`` (the hint)
is sent once. The answer opens when the error ``D e`` is below 2^23 in size. Its entries are sums
of at most 2^16 terms ``d * e`` with d < 2^8, so by the sub-Gaussian tail the probability that one
is not is below 2 exp(-(2^23)^2 / (2 * 2^16 * 255^2 * 6.4^2)) < 2^-280; for 2^13 columns
2^-2300.

**Leaks**: to the holder, how many columns are asked. To the asker, the whole column: records in
it are encrypted by key, see `hanse.compute.operators.retrieval.database`.
"""

from __future__ import annotations

import secrets
from functools import cache
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from hanse.compute.operators.retrieval.errors import BadAnswer
from hanse.compute.operators.retrieval.kernels import Bytes, Words, bytes_times_matrix, times
from hanse.crypto.keystream import keystream

DIMENSION = 1024
DEVIATION = 6.4
SHIFT = 24  # q / p = 2^32 / 2^8
MAX_COLUMNS = 1 << 16
_TAIL = 96  # fifteen deviations: what lies beyond has probability below 2^-160


class Prepared(msgspec.Struct, frozen=True):
    """A secret made before it is known what is asked; used once.

    Attributes:
        masks: ``A s + e``, shape (columns,), uint32.
        hinted: ``hint s``, shape (height,), uint32.
    """

    masks: Any
    hinted: Any


def expand(seed: bytes, columns: int) -> Words:
    """The public matrix A, shape (columns, 1024), uint32: AES-256-CTR of zeros under the seed."""
    words = np.frombuffer(keystream(seed, 4 * columns * DIMENSION), "<u4")
    return words.reshape(columns, DIMENSION)


def hint_of(data: Bytes, seed: bytes) -> Words:
    """``D A``, shape (height, 1024), for a table of shape (height, columns), uint8."""
    return bytes_times_matrix(data, expand(seed, data.shape[1]))


def errors(shape: tuple[int, ...]) -> npt.NDArray[np.int32]:
    """Discrete Gaussian numbers by inversion, from 63 random bits of the system each."""
    count = int(np.prod(shape))
    draws = np.frombuffer(secrets.token_bytes(8 * count), np.uint64) >> np.uint64(1)
    found = np.searchsorted(_thresholds(), draws, side="right") - _TAIL
    return found.astype(np.int32).reshape(shape)


@cache
def _thresholds() -> npt.NDArray[np.uint64]:
    """Cumulative probabilities of -96, …, 95, in units of 2^-63."""
    values = np.arange(-_TAIL, _TAIL + 1)
    weights = np.exp(-(values.astype(np.float64) ** 2) / (2 * DEVIATION**2))
    cumulated = np.cumsum(weights)[:-1] / weights.sum()
    thresholds: npt.NDArray[np.uint64] = (np.minimum(cumulated, 1.0) * 2.0**63).astype(np.uint64)
    return thresholds


def prepare(matrix: Words, hint: Words, count: int) -> list[Prepared]:
    """Secrets for ``count`` queries, with everything that does not depend on what is asked.

    Args:
        matrix: A, shape (columns, 1024).
        hint: shape (height, 1024).
        count: how many, at least one.
    """
    drawn = np.frombuffer(secrets.token_bytes(4 * count * DIMENSION), "<u4")
    wanted = drawn.reshape(count, DIMENSION)
    masks = times(matrix, wanted)
    masks += errors(masks.shape).view(np.uint32)
    hinted = times(hint, wanted)
    return [Prepared(masks[i], hinted[i]) for i in range(count)]


def query(prepared: Prepared, column: int) -> Words:
    """The encrypted unit vector of a column, shape (columns,), uint32."""
    vector = np.array(prepared.masks, np.uint32)
    vector[column : column + 1] += np.uint32(1 << SHIFT)  # an array wraps without a warning
    return vector


def answer(data: Bytes, queries: Words) -> Words:
    """The holder's answers, shape (queries, height), uint32.

    Raises:
        BadAnswer: when the queries are not of the table's width.
    """
    if queries.ndim != 2 or queries.shape[1] != data.shape[1]:
        raise BadAnswer("a query has another size than the table")
    return times(data, np.ascontiguousarray(queries))


def decode(prepared: Prepared, answered: Words) -> Bytes:
    """The column asked for, shape (height,), uint8.

    Raises:
        BadAnswer: when the answer has another height.
    """
    if answered.shape != prepared.hinted.shape:
        raise BadAnswer("an answer has another size than the hint")
    noisy = answered - prepared.hinted
    column: Bytes = ((noisy + np.uint32(1 << (SHIFT - 1))) >> np.uint32(SHIFT)).astype(np.uint8)
    return column
