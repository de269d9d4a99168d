"""The sums behind a joint summary, as a JAX function of whole numbers.

Imports JAX: load only to compile or to run in plaintext.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp


def sums(*arguments: Any, owners: int, numeric: int) -> tuple[Any, Any, Any, Any, Any]:
    """Column sums over the rows.

    Args:
        arguments: presence of each owner's columns, then high parts, then low parts of the
            number columns of each owner that has any; int64, shape (rows, columns).
        owners: how many presence blocks.
        numeric: how many high blocks, and as many low blocks.

    Returns:
        Counts; sums of highs, of lows, of squared highs, and of high times low.
    """
    present = jnp.concatenate(arguments[:owners], axis=1)
    high = jnp.concatenate(arguments[owners : owners + numeric], axis=1)
    low = jnp.concatenate(arguments[owners + numeric :], axis=1)
    return (
        jnp.sum(present, axis=0),
        jnp.sum(high, axis=0),
        jnp.sum(low, axis=0),
        jnp.sum(high * high, axis=0),
        jnp.sum(high * low, axis=0),
    )
