"""Counts of events by bin on shares, as a JAX function of whole numbers.

Imports JAX: load only to compile or to run in plaintext.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp


def event_counts(block: Any, labels: Any, *, bits: int, digits: int, least: int) -> tuple[Any, Any]:
    """Events and rows by bin; both -1 for a bin with fewer rows than ``least``.

    Args:
        block: int64, (rows, columns). Each number has ``digits`` indicators of ``bits`` bits
            side by side, so that sums over the rows do not run into each other.
        labels: int64, (1, rows), 0 or 1.
        bits: enough for the number of rows.
        digits: indicators in a number; ``bits * digits`` is at most 63.
        least: smallest number of rows for which a count is told.

    Returns:
        Two arrays (digits, columns).
    """
    events = _unpacked((labels @ block)[0], bits, digits)
    rows = _unpacked(jnp.sum(block, axis=0), bits, digits)
    told = rows >= least
    return jnp.where(told, events, -1), jnp.where(told, rows, -1)


def _unpacked(sums: Any, bits: int, digits: int) -> Any:
    mask = (1 << bits) - 1
    return jnp.stack([jnp.right_shift(sums, bits * digit) & mask for digit in range(digits)])
