"""Logistic regression by Newton's method (iteratively reweighted least squares) in JAX.

Columns come whitened, so that the matrix of the first step, X'X, is near the identity but for what
columns of different owners have to do with each other. Its inverse is found by Newton-Schulz
iteration (Higham, Functions of Matrices, 7.3); with weights p(1-p) of at most a quarter the
matrices of later steps are never larger, so the same inverse starts theirs and a step is at worst
too short, never too long (Böhning and Lindsay, Annals of the Institute of Statistical Mathematics
40, 1988). Matrices cost most, so three moves are made with each (Shamanskii, Ukrainian Mathematical
Journal 19, 1967: such rounds converge with order four). Matrices are four times Fisher's, so that
entries are about 1.

Imports JAX: load only to compile or to run in plaintext.
"""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp

from hanse.compute.operators.models.chunks import LARGEST_STEP, MOVES, bits_of, chunks_of, row_bits
from hanse.compute.operators.models.powers import exp

# Added to the diagonal while a matrix is inverted: directions with smaller eigenvalues are damped.
RIDGE = 1.0 / 512.0
LARGEST_SCORE = 8.0
WARM, PLAIN = 8, 4


def probability(z: Any) -> Any:
    """The logistic function of ``z`` cut to ±8; absolute error below 2e-4 on shares."""
    return 1.0 / (1.0 + exp(-z, LARGEST_SCORE))


def begin(*arguments: Any, blocks: int, weighted: int, penalised: int, rows: int) -> Any:
    """Inverse of X'SX plus a little on the diagonal; shape (columns + 1, columns + 1).

    Args:
        arguments: as for `step`, without labels and weights.
        blocks: owners' blocks that come first.
        weighted: 1 when rows have weights.
        penalised: 1 when there is a penalty.
        rows: rows before zeros were added at the end.
    """
    table, more, penalty = _read(arguments, blocks, weighted, penalised, rows)
    matrix = _products(table, jnp.ones(len(table)) if more is None else more) + _diagonal(penalty)
    width, bound = matrix.shape[0], blocks + 1.0 + 4.0 * penalised
    rounds = math.ceil(math.log2(bound / RIDGE)) + 3
    return _inverse(matrix + jnp.eye(width) * RIDGE, jnp.eye(width) * (1.0 / bound), rounds)


def step(*arguments: Any, blocks: int, weighted: int, penalised: int, rows: int) -> Any:
    """Coefficients after three more moves with the same matrix; shape (columns + 1,).

    Args:
        arguments: blocks (rows, columns); row weights (rows,) up to 1 when weighted; when
            penalised the owners' penalties (columns,), and if also weighted what they are
            multiplied with (1,); labels (rows,); coefficients; the inverse.
        blocks: owners' blocks that come first.
        weighted: 1 when rows have weights.
        penalised: 1 when there is a penalty.
        rows: rows before zeros were added at the end.
    """
    *data, truth, values, inverse = arguments
    table, more, penalty = _read(data, blocks, weighted, penalised, rows)

    def move(_number: Any, values: Any) -> Any:
        error = truth - probability(table @ values)
        slope = _sums(table, error if more is None else error * more)
        if penalty is not None:
            slope = slope - 0.25 * penalty * values
        return values + jnp.clip(4.0 * (inverse @ slope), -LARGEST_STEP, LARGEST_STEP)

    return jax.lax.fori_loop(0, MOVES, move, values)


def renew(*arguments: Any, blocks: int, weighted: int, penalised: int, rows: int) -> Any:
    """The inverse at these coefficients; arguments as for `step`, without labels, and what
    `begin` returned at the end."""
    *data, values, first = arguments
    table, more, penalty = _read(data, blocks, weighted, penalised, rows)
    spread = _spread(probability(table @ values))
    matrix = _products(table, spread if more is None else spread * more) + _diagonal(penalty)
    return _solved(matrix, first)


def covariance(*arguments: Any, blocks: int, rows: int) -> tuple[Any, Any]:
    """A quarter of the inverse of Fisher's information of one row, and how far from it that is.

    Args:
        arguments: blocks; coefficients; what `begin` returned.
        blocks: how many blocks come first.
        rows: rows before zeros were added at the end.

    Returns:
        The matrix, (columns + 1, columns + 1); the largest entry of I - AC, (1,): near 0 unless
        columns of different owners determine each other.
    """
    *data, values, first = arguments
    table, *_ = _read(data, blocks, 0, 0, rows)
    matrix = _products(table, _spread(probability(table @ values)))
    inverse = _solved(matrix, first)
    off = jnp.max(jnp.abs(jnp.eye(len(values)) - matrix @ inverse))
    return inverse * (rows / 2.0 ** row_bits(len(table))), jnp.reshape(off, (1,))


def _read(
    arguments: Any, blocks: int, weighted: int, penalised: int, rows: int
) -> tuple[Any, Any, Any]:
    """The table with its intercept, row weights and penalties by column, or None."""
    held = arguments[:blocks]
    total = held[0].shape[0]
    ones = (jnp.arange(total) < rows).astype(jnp.float32)[:, None]
    table = jnp.concatenate([*held, ones], axis=1)
    more = arguments[blocks] if weighted else None
    if not penalised:
        return table, more, None
    penalties = arguments[blocks + weighted : blocks + weighted + blocks]
    penalty = jnp.concatenate([*penalties, jnp.zeros(1)]) * (4.0 * rows / 2.0 ** row_bits(total))
    if weighted:
        penalty = penalty * arguments[blocks + weighted + blocks][0]
    return table, more, penalty


def _diagonal(penalty: Any) -> Any:
    return 0.0 if penalty is None else jnp.diag(penalty)


def _spread(chance: Any) -> Any:
    return 4.0 * chance * (1.0 - chance)


def _solved(matrix: Any, first: Any) -> Any:
    """The inverse: with a little on the diagonal, then without for a few rounds, in which
    directions without variance cannot grow out of range."""
    damped = _inverse(matrix + jnp.eye(len(matrix)) * RIDGE, first, WARM)
    return _inverse(matrix, damped, PLAIN)


def _inverse(matrix: Any, start: Any, rounds: int) -> Any:
    def better(_number: Any, inverse: Any) -> Any:
        return inverse + inverse @ (jnp.eye(len(matrix)) - matrix @ inverse)

    return jax.lax.fori_loop(0, rounds, better, start)


def _products(table: Any, spread: Any) -> Any:
    """``table' diag(spread) table`` over two to the `row_bits`, by chunks of rows."""
    size, width = len(table) // chunks_of(len(table)), table.shape[1]

    def add(number: Any, total: Any) -> Any:
        rows = jax.lax.dynamic_slice(table, (number * size, 0), (size, width))
        parts = jax.lax.dynamic_slice(spread, (number * size,), (size,))
        return total + (rows.T @ (rows * parts[:, None])) * 2.0 ** -bits_of(size)

    zeros = jnp.zeros((width, width), jnp.float32)
    found = jax.lax.fori_loop(0, chunks_of(len(table)), add, zeros)
    return found * 2.0 ** -bits_of(chunks_of(len(table)))


def _sums(table: Any, error: Any) -> Any:
    """``table' error`` over two to the `row_bits`."""
    chunks = chunks_of(len(table))
    size, width = len(table) // chunks, table.shape[1]

    def add(number: Any, total: Any) -> Any:
        rows = jax.lax.dynamic_slice(table, (number * size, 0), (size, width))
        parts = jax.lax.dynamic_slice(error, (number * size,), (size,))
        return total + (parts @ rows) * 2.0 ** -bits_of(size)

    zeros = jnp.zeros(width, jnp.float32)
    return jax.lax.fori_loop(0, chunks, add, zeros) * 2.0 ** -bits_of(chunks)
