"""Waiting for a state by asking again, with progress and a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from hanse.core.errors import HanseError
from hanse.sdk.errors import WaitTimedOut

T = TypeVar("T")
Progress = Callable[[T], None]
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 1.0


def wait_until(
    fetch: Callable[[], T],
    is_done: Callable[[T], bool],
    *,
    what: str,
    timeout_s: float,
    progress: Progress[T] | None = None,
) -> T:
    """Ask until ``is_done``; a node that is away or busy for a while does not end the wait.

    Args:
        progress: called with every answer that differs from the one before.

    Raises:
        WaitTimedOut: after ``timeout_s`` seconds, or the last retryable error.
    """
    deadline = time.monotonic() + timeout_s
    pause, last = FIRST_PAUSE_S, None
    while True:
        away: HanseError | None = None
        try:
            current = fetch()
        except HanseError as error:
            if not error.retryable:
                raise
            away = error
        else:
            if progress is not None and current != last:
                progress(current)
            last = current
            if is_done(current):
                return current
        left = deadline - time.monotonic()
        if left <= 0:
            raise away or WaitTimedOut(f"{what} did not happen within {timeout_s:g} s")
        time.sleep(min(pause, left))
        pause = min(pause * 1.5, LONGEST_PAUSE_S)
