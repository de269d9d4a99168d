"""Principal components as JAX functions: the same code runs on shares and in plaintext.

Orthogonal iteration (Golub and Van Loan, Matrix Computations, 8.2.4) on the correlation matrix,
with Gram-Schmidt in each step.

Imports JAX: load only to compile or to run in plaintext.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

STRETCH = 2.0**9


def components(*arguments: Any, iterations: int) -> tuple[Any, Any]:
    """The leading eigenvectors of the correlation matrix.

    Args:
        arguments: the owners' blocks, each (rows, columns): standardised columns divided by the
            root of the row count and multiplied by 512, so that their products carry enough
            fraction bits; then orthonormal vectors to start from, (all columns, components).
        iterations: steps.

    Returns:
        Components (all columns, components), each of length 1, largest variance first;
        variances along them.
    """
    *blocks, start = arguments
    table = jnp.concatenate(blocks, axis=1)
    matrix = (table.T @ table) * (1.0 / STRETCH) * (1.0 / STRETCH)

    def step(_number: Any, vectors: Any) -> Any:
        return _orthonormal(matrix @ vectors)

    vectors = jax.lax.fori_loop(0, iterations, step, start)
    return vectors, jnp.sum(vectors * (matrix @ vectors), axis=0)


def project(*arguments: Any) -> Any:
    """Rows along the components: the owners' blocks, then the components."""
    *blocks, vectors = arguments
    return jnp.concatenate(blocks, axis=1) @ vectors


def _orthonormal(vectors: Any) -> Any:
    """Gram-Schmidt; two Newton steps make up for the approximate inverse root."""
    done: list[Any] = []
    for number in range(vectors.shape[1]):
        vector = vectors[:, number]
        if done:
            basis = jnp.stack(done, axis=1)
            vector = vector - basis @ (basis.T @ vector)
        vector = vector * jax.lax.rsqrt(jnp.sum(vector * vector) + 1e-4)
        for _ in range(2):
            vector = vector * (1.5 - 0.5 * jnp.sum(vector * vector))
        done.append(vector)
    return jnp.stack(done, axis=1)
