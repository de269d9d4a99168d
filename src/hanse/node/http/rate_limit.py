"""Calls per caller and window: a sliding window counter, in memory, bounded."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

from hanse.node.clock import Clock, now_ms
from hanse.node.errors import TooManyRequests

MAXIMUM_CALLERS = 50_000


@dataclass
class _Window:
    start_ms: int
    count: int = 0
    previous: int = 0


class RateLimiter:
    """At most ``limit`` calls of one key in any window, up to the counter's estimate.

    The count of the previous fixed window is weighted by how much of it still lies inside the
    sliding one, so a burst at a boundary cannot double the limit.

    Args:
        window_ms: length of the window.
        clock: UTC milliseconds.
    """

    def __init__(self, window_ms: int, clock: Clock = now_ms) -> None:
        self._window_ms = window_ms
        self._clock = clock
        self._windows: OrderedDict[str, _Window] = OrderedDict()
        self._lock = threading.Lock()

    def check(self, key: str, limit: int) -> None:
        """Count one call.

        Raises:
            TooManyRequests: saying how long to wait; the refused call is not counted.
        """
        with self._lock:
            now = self._clock()
            window = self._current(key, now)
            elapsed = now - window.start_ms
            weight = (self._window_ms - elapsed) / self._window_ms
            if window.previous * weight + window.count >= limit:
                seconds = -(-(self._window_ms - elapsed) // 1000)
                raise TooManyRequests(f"limit of {limit} calls reached; wait {seconds} s")
            window.count += 1

    def _current(self, key: str, now: int) -> _Window:
        start = now - now % self._window_ms
        window = self._windows.pop(key, None)
        if window is None or window.start_ms + self._window_ms < start:
            window = _Window(start)
        elif window.start_ms != start:
            window = _Window(start, previous=window.count)
        self._windows[key] = window
        while len(self._windows) > MAXIMUM_CALLERS:
            self._windows.popitem(last=False)
        return window
