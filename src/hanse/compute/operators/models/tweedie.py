"""Poisson and Tweedie regression with log link as JAX functions.

With mean μ = exp(z) the unit deviance of power p has the slope μ^(2-p) - y μ^(1-p) by z
(Jørgensen, The Theory of Dispersion Models, 1997); p = 1 is Poisson's. Labels are amounts over
their mean, so μ near 1 is the mean; z is cut to ±6, that is to 1/403 to 403 times the mean.

Imports JAX: load only to compile or to run in plaintext.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from hanse.compute.operators.models.descent import Values
from hanse.compute.operators.models.powers import LIMIT, exp
from hanse.compute.operators.regression import with_ones

SHRINK = 2.0**-6
LARGEST_ERROR = 512.0


def slopes(rows: Any, truth: Any, more: Sequence[Any], values: Values, *, power: float) -> Values:
    """Of half the deviance; ``more`` may hold the logarithm of exposures."""
    z = _linear(rows, more, values)
    if power == 1.0:
        error = exp(z) - truth
    else:
        raw = exp((2.0 - power) * z) - truth * exp((1.0 - power) * z)
        error = jnp.clip(raw, -LARGEST_ERROR, LARGEST_ERROR)
    # In two steps: divided at once small errors would lose their digits, not divided the sum
    # over the batch could leave the ring.
    return (((error * SHRINK) @ rows) * (1.0 / SHRINK / rows.shape[0]),)


def loss(rows: Any, truth: Any, more: Sequence[Any], values: Values, *, power: float) -> Any:
    """Half the mean deviance, but for what does not depend on the model."""
    z = _linear(rows, more, values)
    if power == 1.0:
        units = exp(z) - truth * z
    else:
        first, second = exp((2.0 - power) * z), truth * exp((1.0 - power) * z)
        units = first * (1.0 / (2.0 - power)) + second * (1.0 / (power - 1.0))
    return jnp.sum(units * (1.0 / rows.shape[0]))


def scores(*arguments: Any, exposure: int) -> Any:
    """Linear scores of rows: the owners' blocks, exposures' logarithms, the weights."""
    *blocks, weights = arguments
    offset = blocks.pop() if exposure else 0.0
    return with_ones(blocks) @ weights + offset


def _linear(rows: Any, more: Sequence[Any], values: Values) -> Any:
    z = rows @ values[0]
    return jnp.clip(z + more[0] if more else z, -LIMIT, LIMIT)
