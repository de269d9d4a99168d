"""A service between worker processes without nodes: each party's node is played by the test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from msgspec.structs import replace

from hanse.compute.rehearsal import Rehearsal
from hanse.compute.services import OPERATORS, ServiceKind
from hanse.compute.worker import Failure, WorkerProcess
from hanse.compute.worker.serving import (
    Admit,
    Admitted,
    Answered,
    Close,
    Declined,
    Query,
    Ready,
    Refused,
)

PATIENCE_S = 120.0
DEFAULTS: dict[ServiceKind, dict[str, Any]] = {
    "prediction": {},
    "retrieval": {"table_key": ["key"]},
}


class ServedWorkers:
    """Workers that serve; nodes admit every ticket but those in ``refused``."""

    def __init__(self, workers: dict[str, WorkerProcess], receiver: str) -> None:
        self.workers = workers
        self.receiver = receiver
        self.refused: set[str] = set()
        self.tickets: dict[str, list[str]] = {alias: [] for alias in workers}
        self.answers: asyncio.Queue[Answered | Declined] = asyncio.Queue()
        self.ended: dict[str, Failure | None] = {}
        self._ready = {alias: asyncio.Event() for alias in workers}
        self._tasks = [asyncio.create_task(self._follow(alias)) for alias in workers]
        self._number = 0

    async def ready(self) -> None:
        """Wait until all have opened."""
        opened = asyncio.gather(*(event.wait() for event in self._ready.values()))
        followed = asyncio.gather(*self._tasks)
        await asyncio.wait(
            [opened, followed], timeout=PATIENCE_S, return_when=asyncio.FIRST_COMPLETED
        )
        assert opened.done(), self.ended

    async def ask(self, *keys: str | Sequence[str], ticket: str = "good") -> Answered | Declined:
        """One round."""
        self._number += 1
        components = [[key] if isinstance(key, str) else list(key) for key in keys]
        self.workers[self.receiver].tell(Query(self._number, ticket, components))
        return await asyncio.wait_for(self.answers.get(), PATIENCE_S)

    async def close(self) -> None:
        """Let the receiver say farewell; all end by themselves."""
        self.workers[self.receiver].tell(Close())
        await asyncio.wait_for(asyncio.gather(*self._tasks), PATIENCE_S)

    async def _follow(self, alias: str) -> None:
        worker = self.workers[alias]
        async for event in worker.events():
            if isinstance(event, Ready):
                self._ready[alias].set()
            elif isinstance(event, Admit):
                self.tickets[alias].append(event.ticket)
                bad = event.ticket in self.refused
                refusal = Refused("services.used_up", "no use is left")
                worker.tell(refusal if bad else Admitted(f"receipt of {alias}"))
            elif isinstance(event, (Answered, Declined)):
                self.answers.put_nowait(event)
        self.ended[alias] = worker.failure


@asynccontextmanager
async def served(
    rehearsal: Rehearsal,
    kind: ServiceKind,
    roles: Mapping[str, Any],
    inputs: Mapping[str, Any],
    receiver: str,
) -> AsyncIterator[ServedWorkers]:
    """Workers of a service, opened; killed on leaving."""
    operator = OPERATORS[kind]
    requests = rehearsal.requests(operator, roles, inputs, DEFAULTS[kind])
    workers = {alias: WorkerProcess() for alias in requests}
    try:
        await asyncio.gather(
            *(workers[a].start(replace(one, serves=kind)) for a, one in requests.items())
        )
        group = ServedWorkers(workers, receiver)
        await group.ready()
        yield group
    finally:
        await asyncio.gather(*(worker.kill() for worker in workers.values()))
