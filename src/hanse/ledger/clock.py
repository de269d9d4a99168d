"""The wall clock. Only the orderer and the skew check look at it; execution never does."""

from __future__ import annotations

import time
from collections.abc import Callable

Clock = Callable[[], int]


def system_clock() -> int:
    """UTC milliseconds."""
    return time.time_ns() // 1_000_000
