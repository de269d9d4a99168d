"""Counts, sums and products of all pairs of columns, as one JAX matrix product.

Imports JAX: load only to compile or to run in plaintext.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp


def moments(*arguments: Any, owners: int, parts: int, least: int) -> Any:
    """Pairwise moments of columns with gaps, zero for pairs with too few common rows.

    Args:
        arguments: presence of each owner's columns, then high parts, then low parts (see
            `hanse.compute.operators.statistics`) and, when some column has gaps, squared high
            parts and high times low; int64, shape (rows, columns of the owner).
        owners: how many owners bring columns.
        parts: three, or five with the squares.
        least: pairs with fewer common rows are hidden.

    Returns:
        int64 of shape (2k, parts·k) for k columns: presence and high parts, times all parts.
    """
    blocks = [
        jnp.concatenate(arguments[start * owners : (start + 1) * owners], axis=1)
        for start in range(parts)
    ]
    found = jnp.concatenate(blocks[:2], axis=1).T @ jnp.concatenate(blocks, axis=1)
    width = blocks[0].shape[1]
    shown = (found[:width, :width] >= least).astype(jnp.int64)
    return found * jnp.tile(shown, (2, parts))
