"""k-means as JAX functions (Lloyd, 1982): the same code runs on shares and in plaintext.

Of the distance to a centre only ``x·c - |c|²/2`` is compared, which is largest at the nearest.
A centre without rows stays where it is.

Imports JAX: load only to compile or to run in plaintext.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

SMALLEST = 1e-3


def move(*arguments: Any, owners: int) -> tuple[Any, ...]:
    """Centres after some iterations.

    Args:
        arguments: the owners' blocks, each (rows, columns); their parts of the centres, each
            (clusters, columns); how often rows are assigned and centres moved.
        owners: how many blocks.

    Returns:
        The owners' parts of the centres.
    """
    table = jnp.concatenate(arguments[:owners], axis=1)
    *parts, count = arguments[owners:]

    def step(_number: Any, centres: Any) -> Any:
        flags = _flags(_closeness(table, centres))[0]
        counts = jnp.sum(flags, axis=0)
        moved = (flags.T @ table) / jnp.maximum(counts, 1.0)[:, None]
        return jnp.where((counts > 0.5)[:, None], moved, centres)

    centres = jax.lax.fori_loop(0, count, step, jnp.concatenate(parts, axis=1))
    ends = np.cumsum([part.shape[1] for part in parts])
    return tuple(jnp.split(centres, ends[:-1].tolist(), axis=1))


def fit(*arguments: Any, owners: int) -> tuple[Any, ...]:
    """How well centres fit.

    Args:
        arguments: the owners' blocks and their parts of the centres, as for `move`.
        owners: how many blocks.

    Returns:
        Centres (clusters, all columns); rows of each cluster; the sum of squared distances to
        the centres; the simplified silhouette (Hruschka et al., 2004), the mean over the rows
        of 1 - a/b with the distances a to the own and b to the next centre.
    """
    table = jnp.concatenate(arguments[:owners], axis=1)
    centres = jnp.concatenate(arguments[owners:], axis=1)
    flags, best, second = _flags(_closeness(table, centres))
    lengths = jnp.sum(table * table, axis=1)
    own = jnp.maximum(lengths - 2.0 * best, 0.0)
    other = jnp.maximum(lengths - 2.0 * second, SMALLEST)
    quality = 1.0 - jnp.sqrt(jnp.minimum(own / other, 1.0))
    # The mean is taken by the receiver: 1/rows has too few fraction bits.
    return centres, jnp.sum(flags, axis=0), jnp.sum(own), jnp.sum(quality)


def assign(*arguments: Any) -> Any:
    """The nearest cluster of each row, from 0: the owners' blocks, then the centres."""
    *blocks, centres = arguments
    flags = _flags(_closeness(jnp.concatenate(blocks, axis=1), centres))[0]
    return flags @ jnp.arange(centres.shape[0], dtype=jnp.float32)


def _closeness(table: Any, centres: Any) -> Any:
    return table @ centres.T - 0.5 * jnp.sum(centres * centres, axis=1)


def _flags(closeness: Any) -> tuple[Any, Any, Any]:
    """1 at the first largest of each row; the largest and the second largest value."""
    columns = [closeness[:, number] for number in range(closeness.shape[1])]
    best, second = columns[0], None
    wins: Sequence[Any] = []
    for value in columns[1:]:
        better = value > best
        loser = jnp.where(better, best, value)
        second = loser if second is None else jnp.maximum(second, loser)
        best = jnp.where(better, value, best)
        wins = [*wins, better]
    left = jnp.ones_like(wins[0])
    flags = []
    for win in reversed(wins):
        flags.append(jnp.logical_and(win, left))
        left = jnp.logical_and(left, jnp.logical_not(win))
    return jnp.stack([left, *reversed(flags)], axis=1).astype(jnp.float32), best, second
