"""Softmax regression as JAX functions. Imports JAX: load only to compile or run in plaintext."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from hanse.compute.operators.models.descent import Values, weighted
from hanse.compute.operators.models.powers import softmax


def slopes(rows: Any, truth: Any, more: Sequence[Any], values: Values) -> Values:
    """Of the log loss; labels are one-hot, shape (rows, classes)."""
    error = weighted(softmax(rows @ values[0]) - truth, more)
    return ((error.T @ rows).T * (1.0 / rows.shape[0]),)


def loss(rows: Any, truth: Any, _more: Sequence[Any], values: Values) -> Any:
    """Brier score."""
    error = softmax(rows @ values[0]) - truth
    return jnp.sum(error * error) * (1.0 / rows.shape[0])
