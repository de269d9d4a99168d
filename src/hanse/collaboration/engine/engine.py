"""The engine: one per node. Follows the ledger and runs this member's part of every flow.

Blocks only say *where* to look. What to do is decided from contract state and the journal, so
nothing depends on an event being seen exactly once: after a crash, a gap or a replay the engine
looks again and does what is missing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import structlog

from hanse.collaboration.engine.attempt import AttemptRun
from hanse.collaboration.engine.context import EngineContext, EngineSettings, system_clock
from hanse.collaboration.engine.deadlines import Deadlines
from hanse.collaboration.engine.exchange import Exchange
from hanse.collaboration.engine.following import Following
from hanse.collaboration.engine.housekeeping import Housekeeping
from hanse.collaboration.engine.inputs import Inputs
from hanse.collaboration.engine.journal import Journal
from hanse.collaboration.engine.offer_desk import OfferDesk
from hanse.collaboration.engine.offers import OFFER_TYPE
from hanse.collaboration.engine.queue import Queue, look
from hanse.collaboration.engine.records import AttemptKey, Phase
from hanse.collaboration.engine.results import Results
from hanse.collaboration.engine.slots import Slots
from hanse.collaboration.engine.views import FlowView
from hanse.collaboration.ports import (
    AlgorithmPort,
    DatasetPort,
    LedgerPort,
    MembersPort,
    PeerPort,
    PolicyPort,
    StorePort,
    WorkerPort,
)
from hanse.compute.worker import WorkerProcess

_log = structlog.get_logger("hanse.collaboration")


class Engine:
    """Runs this member's part of flows.

    Args:
        did: this member.
        ledger, peers, store, datasets, members, policy: see `hanse.collaboration.ports`.
        journal_path: SQLite file of the work journal.
        journal_key: ``suite.key_bytes`` from the keystore; seals the journal's secrets.
        settings: limits and places.
        algorithms: packages of members' algorithms; None refuses steps that name one.
        workers: makes worker processes.
        clock: UTC milliseconds.
    """

    def __init__(
        self,
        *,
        did: str,
        ledger: LedgerPort,
        peers: PeerPort,
        store: StorePort,
        datasets: DatasetPort,
        members: MembersPort,
        policy: PolicyPort,
        journal_path: Path,
        journal_key: bytes,
        settings: EngineSettings,
        algorithms: AlgorithmPort | None = None,
        workers: WorkerPort = WorkerProcess,
        clock: Callable[[], int] = system_clock,
    ) -> None:
        journal = Journal(journal_path, ledger.suite, journal_key, ledger.chain)
        self._ctx = EngineContext(
            did=did,
            ledger=ledger,
            peers=peers,
            store=store,
            workers=workers,
            members=members,
            policy=policy,
            journal=journal,
            inputs=Inputs(ledger.suite, store, datasets, journal),
            slots=Slots(settings.max_tasks, settings.memory_bytes),
            algorithms=algorithms,
            settings=settings,
            clock=clock,
        )
        self._runs: dict[AttemptKey, tuple[AttemptRun, asyncio.Task[None]]] = {}
        self._done: set[AttemptKey] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._housekeeping = Housekeeping(self._ctx)
        self._deadlines = Deadlines(self._ctx)
        self._following = Following(self._ctx, self._evaluate, self._deadlines.revoked)
        self.results = Results(self._ctx)
        peers.register(OFFER_TYPE, OfferDesk(self._ctx, self._exchange_of).take)

    async def start(self) -> None:
        """Clear up after an earlier life, take up what was under way, and follow the ledger."""
        await asyncio.to_thread(self._housekeeping.after_restart)
        for flow in self._ctx.journal.unsettled():
            self._evaluate(flow)
        self._tasks = [
            asyncio.create_task(self._following.run(), name="engine-following"),
            asyncio.create_task(self._deadlines.run(), name="engine-deadlines"),
        ]

    async def close(self) -> None:
        """Stop. Running workers are killed; their steps are tried again after the next start."""
        running = [*self._tasks, *(task for _, task in self._runs.values())]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await asyncio.gather(*self._ctx.background, return_exceptions=True)
        self._tasks, self._runs = [], {}
        self._ctx.journal.close()

    @property
    def context(self) -> EngineContext:
        """What services at this node share with attempts."""
        return self._ctx

    @property
    def is_following(self) -> bool:
        """Whether the engine is alive."""
        return bool(self._tasks) and not any(task.done() for task in self._tasks)

    @property
    def height(self) -> int:
        """Height of the last block taken in."""
        return self._following.height

    @property
    def running(self) -> int:
        """Attempts this node works on."""
        return len(self._runs)

    def queue(self) -> Queue:
        """What runs here, what waits, and what is reserved."""
        return look(self._ctx, list(self._runs))

    def discard(self, flow: str) -> int:
        """Erase everything this node keeps of a flow that has ended; returns the objects erased.

        Raises:
            FlowStillRuns: the flow is not over.
        """
        return self._housekeeping.discard(flow)

    def _exchange_of(self, key: AttemptKey) -> Exchange | None:
        run = self._runs.get(key)
        return None if run is None else run[0].exchange

    def _evaluate(self, flow: str) -> None:
        """Look at a flow and start whatever this member should be working on."""
        view = FlowView.read(self._ctx.ledger.state, flow)
        if view is None:
            return
        self._ctx.journal.set_live(flow, not view.is_over)
        alias = view.alias_of(self._ctx.did)
        for step in view.steps():
            key = step.current()
            if key is not None and alias in step.parties:
                self._start(key, alias)
        self._housekeeping.after_change(view, set(self._runs))
        self._ctx.signals.notify()

    def _start(self, key: AttemptKey, alias: str) -> None:
        row = self._ctx.journal.attempt(key)
        settled = row is not None and row.phase in (Phase.REPORTED, Phase.CANCELLED)
        if key in self._runs or key in self._done or settled:
            return
        run = AttemptRun(self._ctx, key, alias)
        task = asyncio.create_task(run.run(), name=f"attempt {key}")
        self._runs[key] = run, task
        task.add_done_callback(lambda done: self._ended(key, done))

    def _ended(self, key: AttemptKey, task: asyncio.Task[None]) -> None:
        self._runs.pop(key, None)
        self._done.add(key)
        if task.cancelled():
            return  # the engine closes
        self._housekeeping.settle_checkpoints(key.flow, set(self._runs))
        if task.exception() is not None:
            _log.error("attempt.broke", attempt=str(key), exc_info=task.exception())
