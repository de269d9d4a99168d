"""Mini-batch gradient descent with momentum as JAX functions, for any model with slopes.

A model is a tuple of variables, each with the inputs along its first axis and the intercept
last. Slopes stay within ±10 a coordinate, or are cut: with prepared columns that bounds every
weight by the number of steps, so that nothing leaves the ring (`schedule.check_range`).

Imports JAX: load only to compile or to run in plaintext.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from hanse.compute.operators.regression import SideBySide, short_logistic, with_ones
from hanse.compute.operators.schedule import CLIP

Values = tuple[Any, ...]
Slopes = Callable[..., Values]


def epoch(
    *arguments: Any,
    slopes: Slopes,
    blocks: int,
    extras: int,
    batch: int,
    momentum: float,
    l2: float,
    cut: bool = True,
    apart: bool = False,
    **static: Any,
) -> Values:
    """One pass over the rows.

    Args:
        arguments: the owners' blocks, each (rows, columns); labels (rows, …); extras, each
            (rows,); the variables; as many velocities; the learning rate.
        slopes: of the loss by the variables, for rows (with a one at the end), labels, extras and
            variables of one batch.
        blocks: how many blocks come first.
        extras: how many arrays come after the labels.
        batch: rows per step; divides the number of rows.
        momentum: part of the velocity that is kept.
        l2: weight of the penalty; intercepts are not penalised.
        cut: whether slopes have to be cut.
        apart: whether blocks are multiplied one by one, as pays when they stay with their owners.
        static: passed on to ``slopes``.

    Returns:
        Variables and velocities after the pass.
    """
    tables = arguments[:blocks] if apart else [with_ones(arguments[:blocks])]
    others = arguments[blocks : blocks + 1 + extras]
    *state, rate = arguments[blocks + 1 + extras :]
    count = len(state) // 2

    def step(number: Any, state: Values) -> Values:
        values, velocities = state[:count], state[count:]

        def part(array: Any) -> Any:
            return jax.lax.dynamic_slice_in_dim(array, number * batch, batch)

        parts = [part(table) for table in tables]
        rows = SideBySide(parts) if apart else parts[0]
        truth, *more = (part(array) for array in others)
        found = slopes(rows, truth, more, values, **static)
        moves = [
            momentum * velocity - rate * penalised(bounded(slope) if cut else slope, value, l2)
            for slope, value, velocity in zip(found, values, velocities, strict=True)
        ]
        return (*(value + move for value, move in zip(values, moves, strict=True)), *moves)

    done: Values = jax.lax.fori_loop(0, tables[0].shape[0] // batch, step, tuple(state))
    return done


def bounded(slope: Any) -> Any:
    """A slope cut to ±10 a coordinate."""
    return jnp.clip(slope, -CLIP, CLIP)


def penalised(slope: Any, value: Any, l2: float) -> Any:
    """The slope with that of the penalty, which leaves the last row alone."""
    if l2 == 0.0:
        return slope
    shape = (value.shape[0] - 1, *value.shape[1:])
    weights = jnp.concatenate([jnp.full(shape, l2), jnp.zeros((1, *value.shape[1:]))])
    return slope + weights.astype(jnp.float32) * value


def judge(
    *arguments: Any, loss: Callable[..., Any], blocks: int, extras: int, **static: Any
) -> Any:
    """Whether the validation loss fell, and the best loss and variables so far.

    Args:
        arguments: blocks, labels, extras, variables, best variables, best loss (1,).
        loss: mean loss of rows, labels, extras and variables.
        blocks: how many blocks come first.
        extras: how many arrays come after the labels.
        static: passed on to ``loss``.

    Returns:
        1 or 0, the best loss, each (1,), and the best variables.
    """
    rows, truth = with_ones(arguments[:blocks]), arguments[blocks]
    more = arguments[blocks + 1 : blocks + 1 + extras]
    *state, least = arguments[blocks + 1 + extras :]
    values, best = state[: len(state) // 2], state[len(state) // 2 :]
    now = jnp.reshape(loss(rows, truth, more, values, **static), (1,))
    fell = now < least
    kept = [jnp.where(fell[0], value, old) for value, old in zip(values, best, strict=True)]
    return fell.astype(jnp.int32), jnp.where(fell, now, least), *kept


def logistic_slopes(rows: Any, truth: Any, more: Sequence[Any], values: Values) -> Values:
    """Of the log loss of a logistic regression; ``more`` may hold row weights."""
    error = weighted(short_logistic(rows @ values[0]) - truth, more)
    return ((error @ rows) * (1.0 / rows.shape[0]),)


def logistic_loss(rows: Any, truth: Any, _more: Sequence[Any], values: Values) -> Any:
    """Brier score."""
    return jnp.sum((short_logistic(rows @ values[0]) - truth) ** 2) * (1.0 / rows.shape[0])


def weighted(error: Any, more: Sequence[Any]) -> Any:
    """Errors times the rows' weights, when there are any."""
    if not more:
        return error
    return error * (more[0] if error.ndim == 1 else more[0][:, None])
