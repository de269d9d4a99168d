"""k-means in plaintext: the programs that run on shares, one after the other."""

from __future__ import annotations

from typing import Any

from hanse.compute.operators.features import grouping


def iterate(*arguments: Any, owners: int, iterations: int) -> tuple[Any, ...]:
    """What `grouping.fit` returns after so many iterations of `grouping.move`."""
    moved = grouping.move(*arguments, iterations, owners=owners)
    return grouping.fit(*arguments[:owners], *moved, owners=owners)
