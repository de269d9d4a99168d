"""Wall time, as the one function everything in the node is handed."""

from __future__ import annotations

import time
from collections.abc import Callable

Clock = Callable[[], int]


def now_ms() -> int:
    """UTC milliseconds."""
    return time.time_ns() // 1_000_000
