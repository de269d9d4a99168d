"""Work that must not stop half way when its task is cancelled, once or again."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def uninterrupted(work: Coroutine[Any, Any, T]) -> T:
    """Do the work to its end, whatever happens to the caller; then honour a cancellation.

    For short work that would leave something behind: a process started but not noted, a worker
    killed but not waited for, an object stored but not journalled.
    """
    task = asyncio.ensure_future(work)
    cancelled = False
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            cancelled = not task.cancelled()
        except Exception:  # the task's own; raised again below
            break
    if cancelled:
        raise asyncio.CancelledError
    return task.result()
