"""Quality of scores as JAX functions: the same on shares and in plaintext.

Imports JAX: load only to compile or to run in plaintext.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from hanse.compute.operators.models.chunks import bits_of

PLACES, AT_ONCE, FARTHEST = 96, 8, 4.0
SMALLEST_VARIANCE = 1e-4


def measured(*arguments: Any, score: Callable[..., Any], kind: str, **static: Any) -> Any:
    """Quality (1,) of scores against labels, which come last.

    Args:
        arguments: what ``score`` takes, then the labels (rows,).
        score: of rows, (rows,).
        kind: ``binary`` for AUC, ``number`` for R².
        static: passed on to ``score``.
    """
    *given, truth = arguments
    scores = score(*given, **static)
    return jnp.reshape(auc(truth, scores) if kind == "binary" else r2(truth, scores), (1,))


def auc(truth: Any, scores: Any) -> Any:
    """Area under the ROC curve through 96 places of the standardised scores, by trapezoids."""
    scale, total = 2.0 ** -bits_of(len(truth)), len(truth) / 2 ** bits_of(len(truth))
    places = jnp.linspace(-FARTHEST, FARTHEST, PLACES)
    apart = _standardised(scores, scale, total)

    def count(number: Any, state: tuple[Any, Any]) -> tuple[Any, Any]:
        hits, found = state
        limits = jax.lax.dynamic_slice(places, (number * AT_ONCE,), (AT_ONCE,))
        above = (apart[:, None] >= limits[None, :]).astype(jnp.float32)
        at = (number * AT_ONCE,)
        hits = jax.lax.dynamic_update_slice(hits, (truth @ above) * scale, at)
        return hits, jax.lax.dynamic_update_slice(found, jnp.sum(above, axis=0) * scale, at)

    zeros = jnp.zeros(PLACES, jnp.float32)
    hits, found = jax.lax.fori_loop(0, PLACES // AT_ONCE, count, (zeros, zeros))
    positives = jnp.sum(truth) * scale
    true = jnp.concatenate([jnp.reshape(positives, (1,)), hits, jnp.zeros(1)])
    every = jnp.concatenate([jnp.full(1, total), found, jnp.zeros(1)])
    false = every - true
    area = jnp.sum((false[:-1] - false[1:]) * (true[:-1] + true[1:])) * 0.5
    return area / (positives * (total - positives))


def r2(truth: Any, scores: Any) -> Any:
    """Coefficient of determination."""
    scale, total = 2.0 ** -bits_of(len(truth)), len(truth) / 2 ** bits_of(len(truth))
    mean = jnp.sum(truth * scale) * (1.0 / total)
    error, spread = truth - scores, truth - mean
    return 1.0 - jnp.sum(error * error * scale) / jnp.sum(spread * spread * scale)


def _standardised(scores: Any, scale: float, total: float) -> Any:
    apart = scores - jnp.sum(scores * scale) * (1.0 / total)
    variance = jnp.sum(apart * apart * scale) * (1.0 / total)
    return apart * jax.lax.rsqrt(variance + SMALLEST_VARIANCE)
