"""Coefficients, their variances and scorecard points out of a shared model, as JAX functions.

Owners know how their columns were whitened: a coefficient of an owner's column is linear in the
owner's slice of the weights. What all owners have a part in is the intercept.

Imports JAX: load only to compile or to run in plaintext.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np


def points(*arguments: Any, widths: str, offset: float, factor: float, whole: int) -> Any:
    """Base points (1,), then each owner's slice of the weights.

    Args:
        arguments: each owner's shift (its whitened columns,), then the weights.
        widths: whitened columns of each owner, joined by commas.
        offset: points at log odds 0.
        factor: points by which a unit of log odds lowers them.
        whole: 1 to round.
    """
    *shifts, weights = arguments
    base = offset - factor * _intercept(shifts, weights)
    return jnp.floor(base + 0.5) if whole else base, *_slices(weights, widths)


def wald(*arguments: Any, widths: str, reach: int) -> Any:
    """Intercept (1,) and its variance over 4 to the ``reach`` (1,); each owner's weights, then
    the variances along each owner's directions.

    Args:
        arguments: each owner's shift (its whitened columns,), each owner's directions (its
            columns, its whitened columns) of length at most 1, weights, covariance.
        widths: whitened columns of each owner, joined by commas.
        reach: shifts are no longer than two to this power.
    """
    *held, weights, covariance = arguments
    half = len(held) // 2
    shifts, directions = held[:half], held[half:]
    whole = jnp.concatenate([*(-shift for shift in shifts), jnp.ones(1)]) * 2.0**-reach
    variance = jnp.reshape(jnp.sum((covariance @ whole) * whole), (1,))
    spreads, at = [], 0
    for each in directions:
        inner = covariance[at : at + each.shape[1], at : at + each.shape[1]]
        spreads.append(jnp.sum((each @ inner) * each, axis=1))
        at += each.shape[1]
    slices = _slices(weights, widths)
    return jnp.reshape(_intercept(shifts, weights), (1,)), variance, *slices, *spreads


def _intercept(shifts: Any, weights: Any) -> Any:
    """Of the columns in their own units: at 0, not at the training mean."""
    moved = jnp.sum(jnp.concatenate(list(shifts)) * weights[:-1])
    return jnp.reshape(weights[-1] - moved, (1,))


def _slices(weights: Any, widths: str) -> Any:
    ends = np.cumsum([int(width) for width in widths.split(",")])
    return [weights[end - int(w) : end] for end, w in zip(ends, widths.split(","), strict=True)]
