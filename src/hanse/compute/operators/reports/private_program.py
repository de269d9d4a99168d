"""Counts and sums by group with everybody's noise on top, as a JAX function of whole numbers.

Imports JAX: load only to compile or to run in plaintext.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp


def noisy_sums(*arguments: Any, groups: int, values: int, block: int) -> Any:
    """Sum rows by group and add all noise; nothing without noise comes out.

    Args:
        arguments: membership of the rows in each owner's groups, 0 and 1, shape (rows, groups of
            the owner); the owners' values, shape (rows, columns of the owner); each computing
            node's noise, shape (groups, families). int64.
        groups: how many memberships there are.
        values: how many blocks of values.
        block: rows handled at a time; divides the number of rows.

    Returns:
        int64 of shape (groups, families): row counts when there are groups, then sums.
    """
    noise = sum(arguments[groups + values :])
    entering = arguments[: groups + values]
    rows = entering[0].shape[0]

    def step(number: Any, total: Any) -> Any:
        parts = [
            jax.lax.dynamic_slice(each, (number * block, 0), (block, each.shape[1]))
            for each in entering
        ]
        return total + _block(parts, groups)

    if rows == block:
        return step(0, noise)
    return jax.lax.fori_loop(0, rows // block, step, noise)


def _block(parts: list[Any], groups: int) -> Any:
    """Counts and sums of one block of rows."""
    if groups == 0:
        return jnp.sum(jnp.concatenate(parts, axis=1), axis=0, keepdims=True)
    member = parts[0]
    for other in parts[1:groups]:
        member = (member[:, :, None] * other[:, None, :]).reshape(member.shape[0], -1)
    counts = jnp.sum(member, axis=0)[:, None]
    if len(parts) == groups:
        return counts
    sums = member.T @ jnp.concatenate(parts[groups:], axis=1)
    return jnp.concatenate([counts, sums], axis=1)
