"""Expressions on whole numbers and truth values, as JAX functions; see `scaling` for the steps.

A number is a pair of whole numbers and presence (None when nothing is missing), a condition a
pair "known true, known false" of 0 and 1: SQL's three-valued logic in additions and products.

Imports JAX: load only to compile or to run in plaintext.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp

Pair = tuple[Any, Any]


def evaluate(step: Sequence[Any], slots: Sequence[Pair]) -> Pair:
    """The value of a step.

    Args:
        step: operation, then its arguments.
        slots: what the owners shared: numbers with presence or None, truth with falsehood.
    """
    op, args = step[0], step[1:]
    if op == "slot":
        return slots[int(args[0])]
    if op in _CONSTANTS:
        return _CONSTANTS[op](*args)
    if op == "mul":
        (a, has_a), (b, has_b) = (evaluate(each, slots) for each in args[:2])
        return (a * b) << args[2] if args[2] else a * b, _both(has_a, has_b)
    values = [evaluate(each, slots) for each in args]
    if op in {"case", "case-truth"}:
        return _case(op == "case", values)
    found: Pair = _OPERATIONS[op](*values)
    return found


_CONSTANTS: dict[str, Callable[..., Pair]] = {
    "number": lambda q: (jnp.int64(q), None),
    "null": lambda: (jnp.int64(0), jnp.int64(0)),
    "truth": lambda value, known: (jnp.int64(value * known), jnp.int64((1 - value) * known)),
}


def _both(a: Any, b: Any) -> Any:
    if a is None or b is None:
        return b if a is None else a
    return a * b


def _bit(truth: Any) -> Any:
    return truth.astype(jnp.int64)


def _compare(op: str, x: Pair, y: Pair) -> Pair:
    difference = x[0] - y[0]
    if op in {"eq", "ne"}:
        found = _bit(x[0] == y[0])
    else:
        found = _bit(difference < 0) if op in {"lt", "ge"} else _bit(-difference < 0)
    if op in {"ne", "le", "ge"}:
        found = 1 - found
    known = _both(x[1], y[1])
    if known is None:
        return found, 1 - found
    return found * known, known - found * known


def _and(x: Pair, y: Pair) -> Pair:
    return x[0] * y[0], x[1] + y[1] - x[1] * y[1]


def _or(x: Pair, y: Pair) -> Pair:
    return x[0] + y[0] - x[0] * y[0], x[1] * y[1]


def _is_null(x: Pair) -> Pair:
    if x[1] is None:
        return jnp.zeros_like(x[0]), jnp.ones_like(x[0])
    return 1 - x[1], x[1]


def _abs(x: Pair) -> Pair:
    negative = _bit(x[0] < 0)
    return x[0] - 2 * negative * x[0], x[1]


def _case(numbers: bool, parts: list[Pair]) -> Pair:
    """From the last branch to the first: take the value where its condition is known true."""
    value, other = parts[-1]
    for (truth, _), (then, its) in zip(parts[-3::-2], parts[-2::-2], strict=True):
        value = value + truth * (then - value)
        if numbers and other is None and its is None:
            continue
        before, taken = (jnp.int64(1) if each is None else each for each in (other, its))
        other = before + truth * (taken - before)
    return value, other


_OPERATIONS: dict[str, Any] = {
    "add": lambda x, y: (x[0] + y[0], _both(x[1], y[1])),
    "sub": lambda x, y: (x[0] - y[0], _both(x[1], y[1])),
    "neg": lambda x: (-x[0], x[1]),
    "abs": _abs,
    "and": _and,
    "or": _or,
    "not": lambda x: (x[1], x[0]),
    "isnull": _is_null,
    "known": lambda x: (x[0], x[0] + x[1]),
    **{op: lambda x, y, op=op: _compare(op, x, y) for op in ("eq", "ne", "lt", "le", "gt", "ge")},
}
