"""Bounded parallel work without deadlock between nodes.

A node confirms a session only when it has a slot and the memory for the worker. Two nodes with
one slot each could wait for each other for ever: one holds its slot for flow 1, the other for
flow 2. So an attempt also gets in when its turn is before every attempt that holds a slot but
has not started. Turns are the ledger's (priority, time of request, flow, step), the same at
every node: the first waiting attempt of the network is never held up by one that waits itself.
The price: a node exceeds its limits for a while when attempts reach it out of turn; a later one
never does it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

Turn = tuple[int, int, str, str]


@dataclass
class _Holder:
    turn: Turn
    memory_bytes: int
    started: bool = False


class Slots:
    """Slots and memory of one node.

    Args:
        limit: workers that should run at a time, at least 1.
        memory_bytes: what all of them may reserve; 0 is no limit.
    """

    def __init__(self, limit: int, memory_bytes: int = 0) -> None:
        self.limit = max(1, limit)
        self.memory_bytes = memory_bytes
        self._holders: dict[str, _Holder] = {}
        self._waiting: dict[str, _Holder] = {}
        self._changed = asyncio.Condition()

    @property
    def held(self) -> int:
        """Slots taken."""
        return len(self._holders)

    @property
    def reserved_bytes(self) -> int:
        """Memory reserved by those who hold a slot."""
        return sum(holder.memory_bytes for holder in self._holders.values())

    @property
    def waiting(self) -> int:
        """Attempts in the queue."""
        return len(self._waiting)

    def place(self, name: str) -> int:
        """Place in the queue, 1 for the next; 0 when it does not wait."""
        own = self._waiting.get(name)
        if own is None:
            return 0
        return 1 + sum(other.turn < own.turn for other in self._waiting.values())

    def reservation(self, name: str) -> int:
        """Bytes reserved, or asked for, by that name."""
        holder = self._holders.get(name) or self._waiting.get(name)
        return holder.memory_bytes if holder else 0

    async def acquire(self, name: str, turn: Turn, memory_bytes: int = 0) -> None:
        """Wait for a slot; a slot held under the name already is kept."""
        if name in self._holders:
            return
        asked = _Holder(turn, memory_bytes)
        async with self._changed:
            self._waiting[name] = asked
            try:
                await self._changed.wait_for(lambda: self._may_enter(name, asked))
                self._holders[name] = asked
            finally:
                del self._waiting[name]
                self._changed.notify_all()

    async def start(self, name: str, turn: Turn) -> None:
        """The attempt has started: everybody confirmed, so it runs whatever the limit says."""
        async with self._changed:
            kept = self.reservation(name)
            self._holders[name] = _Holder(turn, kept, started=True)
            self._changed.notify_all()

    async def release(self, name: str) -> None:
        """Give a slot back; nothing happens when none is held."""
        async with self._changed:
            self._holders.pop(name, None)
            self._changed.notify_all()

    def _may_enter(self, name: str, asked: _Holder) -> bool:
        others = (other for key, other in self._waiting.items() if key != name)
        if any(other.turn < asked.turn for other in others):
            return False
        if len(self._holders) < self.limit and self._fits(asked.memory_bytes):
            return True
        idle = [holder.turn for holder in self._holders.values() if not holder.started]
        return bool(idle) and all(asked.turn < other for other in idle)

    def _fits(self, memory_bytes: int) -> bool:
        if not self.memory_bytes or not self._holders:
            return True
        return self.reserved_bytes + memory_bytes <= self.memory_bytes
