"""Expressions row by row on shares, as a JAX function.

Imports JAX: load only to compile or to run in plaintext.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import msgspec

from hanse.compute.operators.reports.cells_program import slots_of
from hanse.compute.operators.reports.joint import evaluate


def rows(*arguments: Any, plan: str) -> Any:
    """Values of all expressions in the rows that pass.

    Args:
        arguments: the owners' leaves, each of shape (rows, columns); int64.
        plan: JSON of `row_results.Layout`.

    Returns:
        int64 of shape (rows, 1 + 2·outputs): whether the row passes, then values, then whether
        there is one. What does not pass, or is missing, is zero.
    """
    layout = msgspec.json.decode(plan)
    slots = slots_of(arguments, layout["slots"])
    shape = (arguments[0].shape[0],)
    passes = jnp.ones(shape, jnp.int64)
    for condition in layout["filters"]:
        passes = passes * evaluate(condition, slots)[0]
    values, there = [], []
    for step, truth in zip(layout["outputs"], layout["truths"], strict=True):
        value, other = evaluate(step, slots)
        if truth:
            other = value + other
        known = passes if other is None else passes * other
        values.append(jnp.broadcast_to(value * known, shape))
        there.append(jnp.broadcast_to(known, shape))
    return jnp.stack([passes, *values, *there], axis=1)
