"""Logistic regression as JAX functions: the same code runs on shares and in plaintext.

The logistic function is written ``(1 + tanh(z/2)) / 2``, which it equals. On shares SPU
evaluates tanh by a Chebyshev polynomial with saturation (largest error 0.0024); the usual
``1 / (1 + exp(-z))`` wraps around for z beyond about 1000 and costs more.

Imports JAX: load only to compile or to run in plaintext.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp


def logistic(z: Any) -> Any:
    """The logistic function."""
    return 0.5 + 0.5 * jnp.tanh(0.5 * z)


def scores(*arguments: Any) -> Any:
    """Linear scores of rows: the owners' blocks, then the weights; shape (rows,)."""
    *blocks, weights = arguments
    return with_ones(blocks) @ weights


def with_ones(blocks: Sequence[Any]) -> Any:
    """The owners' columns side by side, and a column of ones for the intercept."""
    ones = jnp.ones((blocks[0].shape[0], 1), jnp.float32)
    return jnp.concatenate([*blocks, ones], axis=1)
