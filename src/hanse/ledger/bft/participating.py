"""A node that takes part in ordering: its engine, and the application the engine drives."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import structlog

from hanse.core.errors import HanseError
from hanse.ledger.application import Application
from hanse.ledger.bft import progress
from hanse.ledger.bft.abci.server import AbciServer
from hanse.ledger.bft.answers import Answers
from hanse.ledger.bft.arrivals import Arrivals
from hanse.ledger.bft.beginning import PATIENCE_SECONDS, Start, begin_with_snapshot
from hanse.ledger.bft.book import CertificateBook
from hanse.ledger.bft.carried import Carried
from hanse.ledger.bft.checking import Checking
from hanse.ledger.bft.consensus import Consensus
from hanse.ledger.bft.engine.answers import CommitAnswer
from hanse.ledger.bft.engine.binary import find_engine
from hanse.ledger.bft.engine.chain import chain_of
from hanse.ledger.bft.engine.errors import ApplicationAhead, EngineUnreachable, NoQuorum
from hanse.ledger.bft.engine.home import EngineHome
from hanse.ledger.bft.engine.keys import EngineKeys
from hanse.ledger.bft.engine.process import Engine
from hanse.ledger.bft.engine.questions import EngineQuestion, encode_answer
from hanse.ledger.bft.engine.rpc import EngineRpc
from hanse.ledger.bft.engine.settings import EngineSettings, Peer, StateSync
from hanse.ledger.bft.engine.submission import Submissions
from hanse.ledger.bft.faults import Faults
from hanse.ledger.bft.known import KnownTransactions
from hanse.ledger.bft.recovery import step_back
from hanse.ledger.bft.sending import Sending
from hanse.ledger.bft.standing import Standing, links, look
from hanse.ledger.bft.syncing import Syncing
from hanse.ledger.clock import Clock
from hanse.ledger.contract.state import StateReader
from hanse.ledger.errors import Halted
from hanse.ledger.execution import Executed
from hanse.ledger.intake.verifiers import Verifiers
from hanse.ledger.registry import Registry
from hanse.ledger.storage.store import Store
from hanse.ledger.waiting import Waiting

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 15.0
LOOK_SECONDS = 5.0
PROGRESS_SECONDS = 2.0
_log = structlog.get_logger("hanse.ledger")
T = TypeVar("T")


@dataclass(frozen=True, repr=False)
class Participant:
    """Role of a node that runs an engine.

    Attributes:
        home: directory of the engine.
        snapshots: directory of state snapshots.
        settings: of the engine; its peers are those of `peers` besides.
        keys: of the engine.
        engine_keys: own keys that may vote instead of that in `keys` when a set of validators
            names them: public, hex → private. More may be added at any time.
        certificate_keys: own keys that sign certificates: public, hex → private. More may be
            added at any time.
        peers: engines that state names; read at each start of the engine.
        binary: path of the engine's program; empty to look for it.
        snapshot_interval: blocks from one snapshot to the next, 0 for none.
        keep_blocks: blocks the engine keeps of its own, 0 for all.
        start: how a ledger without blocks begins with a snapshot; None to replay every block.
        start_seconds: how long that may take before every block is replayed all the same.
        stall_seconds: so long without a block, though one is to be decided, means that there is
            no quorum.
    """

    home: Path
    snapshots: Path
    settings: EngineSettings
    keys: EngineKeys
    certificate_keys: Mapping[str, bytes]
    peers: Callable[[StateReader], tuple[Peer, ...]]
    binary: str = ""
    snapshot_interval: int = 0
    keep_blocks: int = 0
    start: Start | None = None
    start_seconds: float = PATIENCE_SECONDS
    stall_seconds: float = progress.PATIENCE_SECONDS
    engine_keys: Mapping[str, bytes] = field(default_factory=dict)


class Participating:
    """Runs the engine and answers it; belongs to the event loop."""

    def __init__(
        self,
        application: Application,
        store: Store,
        registry: Registry,
        verifiers: Verifiers,
        waiting: Waiting,
        writer: Executor,
        clock: Clock,
        role: Participant,
    ) -> None:
        self.faults = Faults()
        self._application = application
        self._store = store
        self._waiting = waiting
        self._writer = writer
        self._role = role
        known = KnownTransactions(application.suite, application.limits.max_transaction_bytes)
        arrivals = Arrivals(application, verifiers, known, clock)
        carried = Carried()
        self._book = CertificateBook(application, store, role.certificate_keys)
        self._sending = Sending(application, arrivals, waiting, self._broadcast, clock)
        self._syncing = Syncing(
            application,
            store,
            registry,
            role.snapshots,
            role.snapshot_interval,
            self._restored,
        )
        self._answers = Answers(
            application,
            Consensus(application, self._book, known, carried, self.faults),
            Checking(application, arrivals, carried, verifiers),
            self._syncing,
            writer,
            self._publish,
            self._retain_height,
        )
        self._engine: Engine | None = None
        self.stalled_seconds = 0.0
        """How long a block has been to be decided and was not."""
        self.stalled: NoQuorum | None = None
        """Set while that is too long."""
        self._earlier_restarts = 0
        self._key_changed = asyncio.Event()
        self._begun = asyncio.Event()
        self._submissions: Submissions | None = None
        self.rpc: EngineRpc | None = None
        self._failure: HanseError | None = EngineUnreachable("the engine is starting")

    @property
    def pending(self) -> int:
        """Transactions handed in here that wait for a block."""
        return len(self._sending)

    @property
    def failure(self) -> HanseError | None:
        """What keeps the engine from running now."""
        if self._failure is None and self._engine is not None:
            return self._engine.failure
        return self._failure

    @property
    def restarts(self) -> int:
        """How often the engine was started again."""
        now = 0 if self._engine is None else self._engine.restarts
        return self._earlier_restarts + now

    @property
    def snapshot_failures(self) -> int:
        """Snapshots that were due and could not be taken."""
        return self._syncing.failures

    async def submit(self, raw: bytes) -> str:
        """Check, verify and hand to the engine; see `hanse.ledger.ledger.Ledger.submit`."""
        return await self._sending.submit(raw)

    def certificate(self, height: int) -> bytes | None:
        """The encoded certificate of a block, once it is complete."""
        return self._book.certificate(height)

    async def commit(self, height: int | None = None) -> CommitAnswer:
        """The engine's header and votes of a block; the prover asks.

        Raises:
            EngineUnreachable: the engine does not run.
            EngineRefused: it does not keep the block.
        """
        if self.rpc is None:
            raise EngineUnreachable("the engine is starting")
        return await self.rpc.commit(height)

    async def standing(self) -> Standing:
        """Where consensus stands.

        Raises:
            HanseError: the engine does not answer, and what is known of the reason.
        """
        return await _in_time(look(self._asked()))

    async def peers(self) -> int:
        """Number of links to other engines.

        Raises:
            HanseError: see `standing`.
        """
        return len(await _in_time(links(self._asked())))

    async def begun(self) -> None:
        """Return when it is settled with which block this node begins."""
        await self._begun.wait()

    def newest_snapshot(self) -> int:
        """Height of the newest snapshot offered to newcomers; raises NoSuchSnapshot."""
        return self._syncing.newest()

    async def answer(self, question: EngineQuestion) -> bytes:
        """What this node's engine answers to a question for another's.

        Raises:
            HanseError: see `standing`.
        """
        (reply,) = await self._asked().calls([(question.method, dict(question.params))])
        return encode_answer(reply)

    async def run(self) -> None:
        """Take part until cancelled."""
        try:
            await self._take_part()
        finally:
            self._begun.set()

    async def _take_part(self) -> None:
        self._loop = asyncio.get_running_loop()
        home = EngineHome(self._role.home)
        home.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        async with AbciServer(home.abci_socket, self._answers), EngineRpc(home.rpc_socket) as rpc:
            self.rpc, self._submissions = (
                rpc,
                Submissions(rpc, self._application.limits.max_transaction_bytes),
            )
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._sending.watch())
                    group.create_task(self._keep_engine(home))
                    group.create_task(self._watch_progress())
            finally:
                await self._submissions.aclose()
                if self._engine is not None:
                    await self._engine.stop()
                await asyncio.to_thread(self._syncing.close)

    async def _keep_engine(self, home: EngineHome) -> None:
        """Run the engine; start it anew when another of the own keys is to vote."""
        while True:
            self._key_changed.clear()
            await self._bring_up(home)
            await self._key_changed.wait()
            self._failure = EngineUnreachable("the engine is starting with another key")
            if self._engine is not None:
                await self._engine.stop()
                self._earlier_restarts += self._engine.restarts
                _log.info("ledger.engine_key_changed", height=self._application.committed.height)

    async def _bring_up(self, home: EngineHome) -> None:
        """Start the engine, again and again until it runs; from then on it watches itself."""
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                await self._start_engine(home)
                break
            except Exception as error:  # also what is no error of ours: the loop must not end
                failure = error if isinstance(error, HanseError) else Halted(debug=repr(error))
                self._failure = failure
                _log.error("ledger.engine_not_started", code=failure.code, debug=failure.debug)
                with suppress(HanseError):  # no room to step back: tried again
                    await self._put_right(failure)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
        self._begun.set()
        self._failure = None

    async def _start_engine(self, home: EngineHome) -> None:
        role = self._role
        if role.start is not None and not self._begun.is_set():
            empty = self._application.committed.height == 0
            if empty and await begin_with_snapshot(
                role.start, partial(self._launch, home), self._waiting, role.start_seconds
            ):
                return
        self._begun.set()
        await self._launch(home)

    async def _launch(self, home: EngineHome, sync: StateSync | None = None) -> Engine:
        role = self._role
        binary = await asyncio.to_thread(find_engine, role.binary)
        peers = {str(p): p for p in (*role.settings.peers, *role.peers(self._store))}
        others = tuple(p for p in peers.values() if p.node_id != role.keys.node_id)
        settings = replace(role.settings, peers=others, state_sync=sync)
        home.prepare(settings, chain_of(self._application.genesis))
        engine = self._engine = Engine(binary, home, self._due_keys(), self._put_right)
        await engine.start()
        return engine

    async def _watch_progress(self) -> None:
        seen, clock = progress.Progress(), asyncio.get_running_loop().time
        while True:
            await asyncio.sleep(min(PROGRESS_SECONDS, self._role.stall_seconds))
            deciding, why = await self._deciding()
            height = self._application.committed.height
            self.stalled_seconds = seen.look(height, deciding=deciding, now=clock())
            if self.stalled_seconds < self._role.stall_seconds:
                self.stalled = None
                continue
            if self.stalled is None:
                _log.error("ledger.no_quorum", height=height, reason=why)
            self.stalled = NoQuorum(f"no block for {self.stalled_seconds:.0f} s: {why}")

    async def _deciding(self) -> tuple[bool, str]:
        """Whether a block is to be decided, and what is known of its votes.

        An engine that does not answer is another failure, with a name of its own.
        """
        try:
            standing = await self.standing()
        except HanseError:
            return False, ""
        deciding = progress.is_deciding(standing.step) or len(self._sending) > 0
        return deciding, progress.votes_missing(standing)

    def _due_keys(self) -> EngineKeys:
        """The engine's keys, with the one among the own that is to vote on the next block."""
        role = self._role
        if not role.engine_keys:
            return role.keys
        voting = self._application.validators(self._application.committed.height + 1)
        own = (role.engine_keys.get(validator.engine_public) for validator in voting)
        due = next((private for private in own if private is not None), role.keys.validator)
        return replace(role.keys, validator=due)

    async def _put_right(self, error: HanseError) -> None:
        """An engine that lost blocks its application executed replays them to an older state."""
        if not isinstance(error, ApplicationAhead):
            return
        loop = asyncio.get_running_loop()
        height = await loop.run_in_executor(
            self._writer, step_back, self._application, self._store, self._role.snapshots
        )
        self._waiting.jump(height)
        _log.warning("ledger.stepped_back", height=height)

    def _asked(self) -> EngineRpc:
        if self.failure is not None:
            raise self.failure
        if self.rpc is None:
            raise EngineUnreachable("the engine is starting")
        return self.rpc

    async def _broadcast(self, raw: bytes) -> None:
        if self._submissions is None:
            raise EngineUnreachable("the engine is starting")
        await self._submissions.submit(raw)

    def _restored(self, height: int) -> None:
        # Called in the thread that writes.
        self._loop.call_soon_threadsafe(self._waiting.jump, height)

    def _publish(self, executed: Executed) -> None:
        self._waiting.publish([executed])
        self._sending.committed(executed)
        engine, several = self._engine, len(self._role.engine_keys) > 1
        if several and engine is not None and engine.keys != self._due_keys():
            self._key_changed.set()

    def _retain_height(self, height: int) -> int:
        keep = self._role.keep_blocks
        return max(height - keep, 0) if keep else 0


async def _in_time(answer: Awaitable[T]) -> T:
    """Whoever looks does not wait for an engine that hangs."""
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            return await answer
    except TimeoutError as error:
        raise EngineUnreachable(f"no answer within {LOOK_SECONDS:g} s") from error
