"""Sums by group on shares, and the hiding of small groups, as JAX functions.

Imports JAX: load only to compile or to run in plaintext.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import msgspec

from hanse.compute.operators.reports.joint import Pair, evaluate

NOTHING = 1 << 61


def cells(*arguments: Any, plan: str) -> tuple[Any, Any, Any]:
    """Aggregate rows by group and hide small groups.

    Args:
        arguments: membership of the rows in each owner's groups, 0 and 1, shape (rows, groups
            of the owner), then the owners' leaves, shape (rows, columns); int64.
        plan: JSON of `cells.Layout`.

    Returns:
        Counts, shape (groups, 1 + sums): rows, then rows with a value; sums and sums of
        squares, shape (groups, 2·sums); extremes, shape (groups, extremes) or (groups, 1) when
        there are none. Hidden ones are zero.
    """
    layout = msgspec.json.decode(plan)
    rows, block = arguments[0].shape[0], layout["block"]

    def step(number: Any, state: tuple[Any, Any, Any]) -> tuple[Any, Any, Any]:
        parts = [
            jax.lax.dynamic_slice(each, (number * block, 0), (block, each.shape[1]))
            for each in arguments
        ]
        counts, sums, extremes = _block(parts, layout)
        return state[0] + counts, state[1] + sums, jnp.minimum(state[2], extremes)

    groups = _product([each.shape[1] for each in arguments[: layout["owners"]]])
    width = len(layout["sums"])
    start = (
        jnp.zeros((groups, 1 + width), jnp.int64),
        jnp.zeros((groups, 2 * width), jnp.int64),
        jnp.full((groups, max(1, len(layout["extremes"]))), NOTHING, jnp.int64),
    )
    if rows == block:
        counts, sums, extremes = step(0, start)
    else:
        counts, sums, extremes = jax.lax.fori_loop(0, rows // block, step, start)
    return _shown(counts, sums, extremes, arguments, layout)


def _shown(
    counts: Any, sums: Any, extremes: Any, arguments: Sequence[Any], layout: Any
) -> tuple[Any, Any, Any]:
    sizes = [each.shape[1] for each in arguments[: layout["owners"]]]
    shown = 1 - hidden(counts, sizes, layout["least"])
    of_sums = shown[:, 1:]
    sums = sums * jnp.concatenate([of_sums, of_sums], axis=1)
    if layout["extremes"]:
        places = jnp.array(layout["extreme_sums"])
        signs = jnp.array([1 if op == "min" else -1 for op, _ in layout["extremes"]])
        extremes = extremes * signs * jnp.take(of_sums, places, axis=1)
    else:
        extremes = jnp.zeros_like(extremes)
    return counts * shown, sums, extremes


def _product(sizes: Sequence[int]) -> int:
    found = 1
    for size in sizes:
        found *= size
    return found


def _block(parts: Sequence[Any], layout: Any) -> tuple[Any, Any, Any]:
    """Counts, sums and extremes of one block of rows."""
    owners = layout["owners"]
    slots = slots_of(parts[owners:], layout["slots"])
    member = parts[0]
    for other in parts[1:owners]:
        member = (member[:, :, None] * other[:, None, :]).reshape(member.shape[0], -1)
    for condition in layout["filters"]:
        truth = evaluate(condition, slots)[0]
        member = member * jnp.reshape(truth, (-1, 1))
    rows = member.shape[0]
    values, there = [], []
    for step in layout["sums"]:
        value, present = evaluate(step, slots)
        known = value if present is None else value * present
        present = jnp.int64(1) if present is None else present
        there.append(jnp.broadcast_to(present, (rows,)))
        values.append(jnp.broadcast_to(known, (rows,)))
    squares = [
        value * value if square else jnp.zeros_like(value)
        for value, square in zip(values, layout["squares"], strict=True)
    ]
    table = jnp.stack([jnp.ones(rows, jnp.int64), *there, *values, *squares], axis=1)
    found = member.T @ table
    width = 1 + len(there)
    return found[:, :width], found[:, width:], _extremes(member, slots, layout)


def _extremes(member: Any, slots: Sequence[Pair], layout: Any) -> Any:
    """Smallest values by group, or largest with the sign changed; 2^61 where there is none."""
    found = []
    for op, step in layout["extremes"]:
        value, present = evaluate(step, slots)
        there = member if present is None else member * jnp.reshape(present, (-1, 1))
        signed = jnp.reshape(value if op == "min" else -value, (-1, 1))
        found.append(_least(there * (signed - NOTHING) + NOTHING))
    if not found:
        return jnp.full((member.shape[1], 1), NOTHING, jnp.int64)
    return jnp.stack(found, axis=1)


def _least(table: Any) -> Any:
    """Smallest value along the first axis, by halves.

    SPU's own reduction begins with the largest whole number, from which differences wrap around.
    """
    while table.shape[0] > 1:
        half = table.shape[0] // 2
        rest = table[2 * half :]
        table = jnp.concatenate([jnp.minimum(table[:half], table[half : 2 * half]), rest])
    return table[0]


def slots_of(tables: Sequence[Any], places: Sequence[Sequence[int]]) -> list[Pair]:
    """The pairs of every slot: table, column, and column of presence or falsehood (-1: none).

    A truth without gaps has the opposite as its falsehood.
    """
    out: list[Pair] = []
    for table, column, second, truth in places:
        first = tables[table][:, column]
        other = tables[table][:, second] if second >= 0 else None
        out.append((first, 1 - first if truth and other is None else other))
    return out


def hidden(counts: Any, sizes: Sequence[int], least: int) -> Any:
    """Which counts are hidden (1): small ones, and others that would give small ones away.

    In every line of the table (one category of one owner, and the table as a whole), when hidden
    counts add up to fewer than ``least``, the smallest one that is not hidden is hidden too.

    Args:
        counts: shape (groups, kinds); the first kind counts rows, and hides the others.
        sizes: groups by owner; their product is the number of groups.
        least: smaller counts are hidden.
    """
    out = _with_first((counts < least).astype(jnp.int64))
    kinds = counts.shape[1]
    for axis in [*(place for place, size in enumerate(sizes) if size > 1), None]:
        shape = (1, -1, kinds) if axis is None else (sizes[axis], -1, kinds)

        def lines(table: Any, axis: int | None = axis, shape: Any = shape) -> Any:
            if axis is None:
                return table.reshape(shape)
            return jnp.moveaxis(table.reshape((*sizes, kinds)), axis, 0).reshape(shape)

        def back(table: Any, axis: int | None = axis) -> Any:
            if axis is None:
                return table.reshape(-1, kinds)
            rest = [size for place, size in enumerate(sizes) if place != axis]
            moved = table.reshape((sizes[axis], *rest, kinds))
            return jnp.moveaxis(moved, 0, axis).reshape(-1, kinds)

        out = _with_first(back(_complement(lines(counts), lines(out), least)))
    return out


def _complement(counts: Any, out: Any, least: int) -> Any:
    """Hide one more in the lines whose hidden counts add up to too few. Shape (lines, _, _)."""
    inside = jnp.sum(counts * out, axis=1, keepdims=True)
    wanted = (inside > 0).astype(jnp.int64) * (inside < least).astype(jnp.int64)
    visible = counts + out * NOTHING
    smallest = _least(jnp.moveaxis(visible, 1, 0))[:, None]
    return out + (1 - out) * wanted * (visible == smallest).astype(jnp.int64)


def _with_first(out: Any) -> Any:
    """Where the rows are hidden, everything of the group is."""
    first = out[:, :1]
    return out + first - out * first
