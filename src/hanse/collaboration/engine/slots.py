"""Bounded parallel work without deadlock between nodes.

A node confirms a session only when it has a slot for the worker. Two nodes with one slot each
could wait for each other for ever: one holds its slot for flow 1, the other for flow 2. So an
attempt also gets in when it is older than every attempt that holds a slot but has not started.
Age is the ledger's (time of request, flow, step), the same at every node: the oldest waiting
attempt of the network is never held up by one that waits itself. The price: a node exceeds
its limit for a while when attempts reach it out of order of age; a younger one never does it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

Age = tuple[int, str, str]


@dataclass
class _Holder:
    age: Age
    started: bool = False


class Slots:
    """Slots of one node.

    Args:
        limit: workers that should run at a time, at least 1.
    """

    def __init__(self, limit: int) -> None:
        self._limit = max(1, limit)
        self._holders: dict[str, _Holder] = {}
        self._waiting: dict[str, Age] = {}
        self._changed = asyncio.Condition()

    @property
    def held(self) -> int:
        """Slots taken."""
        return len(self._holders)

    @property
    def waiting(self) -> int:
        """Attempts in the queue."""
        return len(self._waiting)

    async def acquire(self, name: str, age: Age) -> None:
        """Wait for a slot; a slot held under the name already is kept."""
        if name in self._holders:
            return
        async with self._changed:
            self._waiting[name] = age
            try:
                await self._changed.wait_for(lambda: self._may_enter(name, age))
                self._holders[name] = _Holder(age)
            finally:
                del self._waiting[name]
                self._changed.notify_all()

    async def start(self, name: str, age: Age) -> None:
        """The attempt has started: everybody confirmed, so it runs whatever the limit says."""
        async with self._changed:
            self._holders[name] = _Holder(age, started=True)
            self._changed.notify_all()

    async def release(self, name: str) -> None:
        """Give a slot back; nothing happens when none is held."""
        async with self._changed:
            self._holders.pop(name, None)
            self._changed.notify_all()

    def _may_enter(self, name: str, age: Age) -> bool:
        if any(other < age for key, other in self._waiting.items() if key != name):
            return False
        if len(self._holders) < self._limit:
            return True
        idle = [holder.age for holder in self._holders.values() if not holder.started]
        return bool(idle) and all(age < other for other in idle)
