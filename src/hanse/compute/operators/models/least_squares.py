"""Least squares on whitened columns as JAX functions: the same on shares and in plaintext.

Imports JAX: load only to compile or to run in plaintext.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

# For two owners; the error is then below a thousandth wherever eigenvalues are reached.
STEPS = 120
# Eigenvalues of the matrix down to here are reached in full; smaller ones (columns of different
# owners that all but determine each other) are damped like a ridge penalty of that size would.
SMALLEST_EIGENVALUE = 1.0 / 512.0
CHUNK_BITS = 13


def fit(*arguments: Any, widths: str, row_bits: int) -> Any:
    """Coefficients of whitened columns; shape (all columns + 1,), the intercept 0 at the end.

    Args:
        arguments: the owners' whitened blocks and the standardised labels, scaled so that
            products summed over ``2**row_bits`` rows (zeros at the end) are means.
        widths: columns of each owner, joined by commas.
        row_bits: logarithm of the number of rows, a power of two so that dividing by it is exact.

    The matrix of the normal equations has the identity in every owner's block (`whitening`), so
    its eigenvalues lie between 0 and the number of owners: Chebyshev iteration with fixed
    coefficients (Saad, 12.3.2) solves it without opening anything.
    """
    *blocks, labels = arguments
    sizes = [int(width) for width in widths.split(",")]
    products = _products(jnp.concatenate([*blocks, labels[:, None]], axis=1), row_bits)
    total = sum(sizes)
    right = products[:total, total]
    if len(sizes) == 1:
        return jnp.concatenate([right, jnp.zeros(1)])
    outside = jnp.asarray(_outside(sizes))
    matrix = jnp.where(outside, products[:total, :total], jnp.eye(total))
    return jnp.concatenate([_chebyshev(matrix, right, float(len(sizes))), jnp.zeros(1)])


def _products(table: Any, row_bits: int) -> Any:
    """Mean products of all pairs of columns, summed by chunks of rows."""
    bits = min(row_bits, CHUNK_BITS)
    size, width = 1 << bits, table.shape[1]

    def add(number: Any, total: Any) -> Any:
        rows = jax.lax.dynamic_slice(table, (number * size, 0), (size, width))
        return total + (rows.T @ rows) * 2.0**-bits

    zeros = jnp.zeros((width, width), jnp.float32)
    return jax.lax.fori_loop(0, 1 << (row_bits - bits), add, zeros) * 2.0 ** (bits - row_bits)


def _outside(sizes: list[int]) -> Any:
    """Which entries belong to two different owners."""
    owner = np.repeat(np.arange(len(sizes)), sizes)
    return owner[:, None] != owner[None, :]


def _chebyshev(matrix: Any, right: Any, largest: float) -> Any:
    """Solve ``matrix @ x = right`` for eigenvalues up to ``largest``."""
    first, second = coefficients(largest)

    def step(number: Any, state: tuple[Any, Any]) -> tuple[Any, Any]:
        value, move = state
        move = second[number] * move + first[number] * (right - matrix @ value)
        return value + move, move

    start = (jnp.zeros_like(right), jnp.zeros_like(right))
    return jax.lax.fori_loop(0, len(first), step, start)[0]


def coefficients(largest: float) -> tuple[Any, Any]:
    """Of the residual and of the last move, by step."""
    middle = (largest + SMALLEST_EIGENVALUE) / 2.0
    half = (largest - SMALLEST_EIGENVALUE) / 2.0
    sigma = middle / half
    first, second, rho = [1.0 / middle], [0.0], 1.0 / sigma
    for _ in range(round(STEPS * (largest / 2.0) ** 0.5) - 1):
        following = 1.0 / (2.0 * sigma - rho)
        first.append(2.0 * following / half)
        second.append(following * rho)
        rho = following
    return jnp.asarray(first, jnp.float32), jnp.asarray(second, jnp.float32)
