"""Shapley values (Shapley, Contributions to the Theory of Games II, 1953) of a few players."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

Coalition = frozenset[str]


def coalitions(players: Sequence[str]) -> list[tuple[str, ...]]:
    """All coalitions but the empty one, smaller ones first."""
    sizes = range(1, len(players) + 1)
    return [chosen for size in sizes for chosen in itertools.combinations(players, size)]


def shapley(players: Sequence[str], values: Mapping[Coalition, float]) -> dict[str, float]:
    """What each player adds to a coalition, averaged over all orders in which they may come.

    Args:
        players: who there is.
        values: of every coalition, the empty one too.
    """
    count = len(players)
    out = dict.fromkeys(players, 0.0)
    for player in players:
        others = [other for other in players if other != player]
        for chosen in [(), *coalitions(others)]:
            size, without = len(chosen), frozenset(chosen)
            weight = math.factorial(size) * math.factorial(count - size - 1) / math.factorial(count)
            out[player] += weight * (values[without | {player}] - values[without])
    return out
