"""Logistic regression as JAX functions: the same code runs on shares and in plaintext.

The logistic function is written ``(1 + tanh(z/2)) / 2``, which it equals. On shares SPU
evaluates tanh by a Chebyshev polynomial with saturation (largest error 0.0024); the usual
``1 / (1 + exp(-z))`` wraps around for z beyond about 1000 and costs more.

Imports JAX: load only to compile or to run in plaintext.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


def logistic(z: Any) -> Any:
    """The logistic function."""
    return 0.5 + 0.5 * jnp.tanh(0.5 * z)


def epoch(*arguments: Any, batch: int, momentum: float, l2: float) -> tuple[Any, Any]:
    """One pass of mini-batch gradient descent with momentum.

    Args:
        arguments: the owners' blocks, each (rows, columns); labels (rows,); weights and
            velocity, each (all columns + 1,), the intercept last; the learning rate.
        batch: rows per step; divides the number of rows.
        momentum: part of the velocity that is kept.
        l2: weight of the penalty; the intercept is not penalised.

    Returns:
        Weights and velocity after the pass.
    """
    *blocks, labels, weights, velocity, rate = arguments
    table = with_ones(blocks)
    columns = table.shape[1]
    penalty = jnp.concatenate([jnp.full(columns - 1, l2), jnp.zeros(1)]).astype(jnp.float32)

    def step(number: Any, state: tuple[Any, Any]) -> tuple[Any, Any]:
        weights, velocity = state
        rows = jax.lax.dynamic_slice(table, (number * batch, 0), (batch, columns))
        truth = jax.lax.dynamic_slice(labels, (number * batch,), (batch,))
        error = logistic(rows @ weights) - truth
        slope = (error @ rows) * (1.0 / batch) + penalty * weights
        velocity = momentum * velocity - rate * slope
        return weights + velocity, velocity

    done: tuple[Any, Any] = jax.lax.fori_loop(0, table.shape[0] // batch, step, (weights, velocity))
    return done


def scores(*arguments: Any) -> Any:
    """Linear scores of rows: the owners' blocks, then the weights; shape (rows,)."""
    *blocks, weights = arguments
    return with_ones(blocks) @ weights


def with_ones(blocks: Sequence[Any]) -> Any:
    """The owners' columns side by side, and a column of ones for the intercept."""
    ones = jnp.ones((blocks[0].shape[0], 1), jnp.float32)
    return jnp.concatenate([*blocks, ones], axis=1)


def fit(
    blocks: Sequence[Floats],
    labels: Floats,
    *,
    batch: int,
    momentum: float,
    l2: float,
    rates: Sequence[float],
) -> Floats:
    """Train in plaintext on the CPU; one epoch per learning rate."""
    run = jax.jit(epoch, static_argnames=("batch", "momentum", "l2"))
    width = sum(block.shape[1] for block in blocks) + 1
    weights = velocity = jnp.zeros(width, jnp.float32)
    for rate in rates:
        weights, velocity = run(
            *blocks,
            labels,
            weights,
            velocity,
            jnp.float32(rate),
            batch=batch,
            momentum=momentum,
            l2=l2,
        )
    return np.asarray(weights)
