"""Which protocol for an intersection, by the sizes of the tables and the line between them.

An estimate from figures measured between two processes on two cores: what a session costs before
the first key, what each key costs, and what it sends. Estimates are for choosing only; the figures
of another machine differ, their order hardly does.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hanse.compute.operators.common import UNBALANCED

UNBALANCED_ROWS, UNBALANCED_RATIO = 1_000_000, 1000
CLOSE = 1.1  # estimates are no closer


class Line(msgspec.Struct, frozen=True):
    """The line between two parties.

    Attributes:
        mbit: megabits per second.
        delay_ms: there and back.
    """

    mbit: int = 1000
    delay_ms: int = 1


class _Cost(msgspec.Struct, frozen=True):
    """What a protocol costs between a receiver and another.

    Attributes:
        start_s: seconds before the first key.
        key_s: seconds for each key of the larger table.
        start_bytes: bytes both send before the first key.
        key_bytes: bytes both send for each key of the larger table.
        receiver_bytes, other_bytes: bytes both send for each key of either.
        turns: times that one waits for the other.
    """

    start_s: float
    key_s: float
    start_bytes: int
    key_bytes: int
    receiver_bytes: int
    other_bytes: int
    turns: int


COSTS = {
    "rr22": _Cost(0.3, 4e-6, 960_000, 22, 0, 11, 12),
    "kkrt": _Cost(0.3, 7e-6, 20_000, 0, 83, 28, 12),
    "ecdh": _Cost(0.3, 600e-6, 1_000, 0, 44, 32, 8),
    "ecdh_sm2": _Cost(0.3, 1500e-6, 1_000, 0, 45, 33, 8),
}


def quickest(protocols: Sequence[str], rows: tuple[int, int] | None, line: Line) -> str:
    """The first protocol that takes hardly longer than the quickest, by estimate.

    Args:
        protocols: those that may be used, the usual one first; at least one.
        rows: of the receiver's table and the other; None when an owner does not show it.
        line: between the owners.

    Returns:
        One of ``protocols``; the first when sizes are not known.
    """
    known = [protocol for protocol in protocols if protocol in COSTS]
    if rows is not None and UNBALANCED in protocols and _is_unbalanced(*rows):
        return UNBALANCED
    if rows is None or not known:
        return protocols[0]
    times = {protocol: seconds(protocol, rows, line) for protocol in known}
    return next(each for each in known if times[each] <= CLOSE * min(times.values()))


def _is_unbalanced(receiver: int, other: int) -> bool:
    """Whether a list that is made once, some 50 s for a million keys, soon pays for itself."""
    return other >= UNBALANCED_ROWS and other >= UNBALANCED_RATIO * receiver


def seconds(protocol: str, rows: tuple[int, int], line: Line) -> float:
    """Estimated seconds of an intersection."""
    cost, (receiver, other) = COSTS[protocol], rows
    large = max(rows)
    sent = cost.start_bytes + cost.key_bytes * large
    sent += cost.receiver_bytes * receiver + cost.other_bytes * other
    return (
        cost.start_s
        + cost.key_s * large
        + sent * 8 / (line.mbit * 1e6)
        + cost.turns * line.delay_ms / 1000
    )
