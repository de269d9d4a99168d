"""What the comparer of a ring decides for each blinded entry."""

from __future__ import annotations

import numpy as np

from hanse.compute.operators.sets.ring import Blinded, Decision

IN, OUT = 0, -1


def common(lists: Blinded) -> Decision:
    """0 for entries that all lists have, -1 for others; the total is how many all have."""
    shared = set.intersection(*(set(points) for points in lists.values()))
    return _marked(lists, shared, len(shared))


def alone(lists: Blinded) -> Decision:
    """0 for entries that no other list has, -1 for others."""
    seen: dict[bytes, int] = {}
    for points in lists.values():
        for point in points:
            seen[point] = seen.get(point, 0) + 1
    return _marked(lists, {point for point, times in seen.items() if times == 1}, 0)


def together(lists: Blinded) -> Decision:
    """A place for each entry in the union of all lists, the same for equal ones; its size.

    The order is that of the blinded points, which is random.
    """
    places = {point: place for place, point in enumerate(sorted(set().union(*lists.values())))}
    numbers = {
        owner: np.array([places[point] for point in points], np.int64)
        for owner, points in lists.items()
    }
    return Decision(numbers, len(places))


def _marked(lists: Blinded, wanted: set[bytes], total: int) -> Decision:
    numbers = {
        owner: np.array([IN if point in wanted else OUT for point in points], np.int64)
        for owner, points in lists.items()
    }
    return Decision(numbers, total)
