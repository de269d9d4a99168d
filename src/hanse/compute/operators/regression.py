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

SATURATION = 6.0
# Of powers 1, 3, 5, 7, 9 of z/6; minimises the largest error.
ODD = (1.463780, -3.422140, 5.965092, -5.409208, 1.902719)


def logistic(z: Any) -> Any:
    """The logistic function."""
    return 0.5 + 0.5 * jnp.tanh(0.5 * z)


def short_logistic(z: Any) -> Any:
    """The logistic function by half as many products of shares; largest error 0.0027.

    An odd polynomial of degree 9 on [-6, 6], the best one there, and its end values beyond.
    """
    part = jnp.clip(z * (1.0 / SATURATION), -1.0, 1.0)
    square = part * part
    inner: Any = ODD[-1]
    for coefficient in reversed(ODD[:-1]):
        inner = coefficient + square * inner
    return 0.5 + part * inner


def scores(*arguments: Any) -> Any:
    """Linear scores of rows: the owners' blocks, then the weights; shape (rows,)."""
    *blocks, weights = arguments
    return with_ones(blocks) @ weights


class SideBySide:
    """The owners' columns and a column of ones, each block multiplied by itself.

    A block that stays with its owner is multiplied by shares in one direction only.
    """

    def __init__(self, blocks: Sequence[Any]) -> None:
        self._blocks = blocks
        self.shape = (blocks[0].shape[0], sum(block.shape[1] for block in blocks) + 1)

    def __matmul__(self, values: Any) -> Any:
        """Scores: ``values`` has the columns, then the intercept, along its first axis."""
        total, at = values[-1], 0
        for block in self._blocks:
            total = total + block @ values[at : at + block.shape[1]]
            at += block.shape[1]
        return total

    def __rmatmul__(self, left: Any) -> Any:
        """``left`` has the rows along its last axis."""
        ones = jnp.sum(left, axis=-1, keepdims=True)
        return jnp.concatenate([*(left @ block for block in self._blocks), ones], axis=-1)


def with_ones(blocks: Sequence[Any]) -> Any:
    """The owners' columns side by side, and a column of ones for the intercept."""
    ones = jnp.ones((blocks[0].shape[0], 1), jnp.float32)
    return jnp.concatenate([*blocks, ones], axis=1)
