"""Small multilayer networks as JAX functions, with slopes by backpropagation.

Weights are cut to ±8 when they are used and activations to 16, so that with at most 64 units a
layer nothing leaves the ring. ``relu`` is min(max(a, 0), 16); ``square`` is the polynomial
a/2 + a²/8 (as in CryptoNets, Gilad-Bachrach et al., ICML 2016, with a linear part), cut likewise.

Imports JAX: load only to compile or to run in plaintext.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from hanse.compute.operators.models.descent import Values, bounded, weighted
from hanse.compute.operators.models.powers import softmax
from hanse.compute.operators.regression import logistic, with_ones

LARGEST_WEIGHT = 8.0
LARGEST_ACTIVATION = 16.0


def scores(*arguments: Any, layers: int, activation: str) -> Any:
    """Scores before the link: the owners' blocks, then the layers; (rows,) or (rows, outputs)."""
    blocks, values = arguments[:-layers], arguments[-layers:]
    out = _forward(with_ones(blocks), values, activation)[-1]
    return out[:, 0] if out.shape[1] == 1 else out


def slopes(
    rows: Any, truth: Any, more: Sequence[Any], values: Values, *, activation: str, output: str
) -> Values:
    """Of log loss or half the squared error, by every layer."""
    *hidden, out = _forward(rows, values, activation)
    error = bounded(weighted(_linked(out, output) - _column(truth), more)) * (1.0 / rows.shape[0])
    inputs = [rows, *(with_ones([each]) for each, _ in hidden)]
    found = []
    for at in range(len(values) - 1, -1, -1):
        found.append(inputs[at].T @ error)
        if at:
            error = (error @ _cut(values[at])[:-1].T) * hidden[at - 1][1]
    return tuple(reversed(found))


def loss(
    rows: Any, truth: Any, _more: Sequence[Any], values: Values, *, activation: str, output: str
) -> Any:
    """Mean squared error of probabilities or of standardised numbers."""
    out = _forward(rows, values, activation)[-1]
    error = bounded(_linked(out, output) - _column(truth))
    return jnp.sum(error * error * (1.0 / rows.shape[0]))


def _forward(rows: Any, values: Values, activation: str) -> list[Any]:
    """Activation and its slope for each hidden layer, then the outputs (rows, outputs)."""
    passed, held = rows, []
    for value in values[:-1]:
        now, slope = _activated(passed @ _cut(value), activation)
        held.append((now, slope))
        passed = with_ones([now])
    return [*held, passed @ _cut(values[-1])]


def _activated(a: Any, activation: str) -> tuple[Any, Any]:
    if activation == "square":
        inside = jnp.clip(a, -8.0, 8.0)
        return inside * 0.5 + inside * inside * 0.125, 0.5 + inside * 0.25
    positive, above = a > 0.0, a > LARGEST_ACTIVATION
    open_ = jnp.logical_xor(positive, above)
    kept = jnp.where(open_, a, 0.0) + jnp.where(above, LARGEST_ACTIVATION, 0.0)
    return kept, open_.astype(jnp.float32)


def _cut(value: Any) -> Any:
    return jnp.clip(value, -LARGEST_WEIGHT, LARGEST_WEIGHT)


def _linked(out: Any, output: str) -> Any:
    if output == "classes":
        return softmax(out)
    return logistic(out) if output == "binary" else out


def _column(truth: Any) -> Any:
    return truth[:, None] if truth.ndim == 1 else truth
