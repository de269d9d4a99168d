"""An engine that dies at a chosen effect, as by kill -9: nothing it does afterwards counts.

Every effect of an engine goes through its journal, vault, ledger or peers. `Life` counts them
and, at the chosen one, either before or after it took effect, lets the engine die: from then on
every call raises, so no clean-up code can tidy anything.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
from collections.abc import Iterator
from typing import Any

from engine_network import Crash, Party

EFFECTS = {
    "journal": {
        "set_cursor", "add_flow", "set_live", "open_attempt", "set_phase", "set_fault",
        "set_manifest", "put_own_offer", "put_offer", "put_worker", "remove_worker",
        "put_outcome", "put_object", "remove_object", "transaction",
    },
    "store": {"adopt", "delete"},
    "ledger": {"submit"},
    "peers": {"send"},
}  # fmt: skip


class Life:
    """Counts effects; ends at number ``dies_at``, ``before`` or after it took effect."""

    def __init__(self, dies_at: int = -1, *, before: bool = True) -> None:
        self.dies_at = dies_at
        self.before = before
        self.count = 0
        self.dead = False
        self.last = ""

    def begin(self, name: str) -> int:
        self.alive()
        number = self.count
        self.count += 1
        if number == self.dies_at and self.before:
            self.end(name)
        return number

    def finish(self, number: int, name: str) -> None:
        self.alive()
        if number == self.dies_at and not self.before:
            self.end(name)

    def end(self, name: str) -> None:
        self.dead, self.last = True, name
        raise Crash

    def alive(self) -> None:
        if self.dead:
            raise Crash


class Mortal:
    """A port or journal whose effects count."""

    def __init__(self, target: Any, life: Life, effects: set[str]) -> None:
        self._target, self._life, self._effects = target, life, effects

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._target, name)
        self._life.alive()
        if name not in self._effects:
            return found
        if name == "transaction":
            return lambda: self._transaction(found)
        if inspect.iscoroutinefunction(found):
            return lambda *args, **kw: self._later(found, name, args, kw)
        return lambda *args, **kw: self._now(found, name, args, kw)

    def _now(self, found: Any, name: str, args: Any, kw: Any) -> Any:
        number = self._life.begin(name)
        result = found(*args, **kw)
        self._life.finish(number, name)
        return result

    async def _later(self, found: Any, name: str, args: Any, kw: Any) -> Any:
        number = self._life.begin(name)
        result = await found(*args, **kw)
        self._life.finish(number, name)
        return result

    @contextlib.contextmanager
    def _transaction(self, found: Any) -> Iterator[None]:
        number = self._life.begin("transaction")
        with found():
            yield
        self._life.finish(number, "commit")


async def start_mortal(party: Party, life: Life) -> None:
    """Start a party's engine under a life."""
    engine = party.make()
    ctx = engine._ctx
    for port, effects in EFFECTS.items():
        setattr(ctx, port, Mortal(getattr(ctx, port), life, effects))
    with contextlib.suppress(Crash):
        await engine.start()


async def bury(party: Party) -> None:
    """Clear away what is left of a dead engine; effects are impossible by now."""
    engine = party.engine
    assert engine is not None
    party.peers.leave()
    left = [*engine._tasks, *(task for _, task in engine._runs.values()), *engine._ctx.background]
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    engine._ctx.journal._target.close()
    party.engine = None
