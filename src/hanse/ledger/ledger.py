"""The ledger as the rest of a node sees it."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from hanse.crypto.suite import Suite
from hanse.ledger.application import Application
from hanse.ledger.bft.engine.errors import NoEngine
from hanse.ledger.bft.engine.questions import EngineQuestion
from hanse.ledger.bft.faults import Fault
from hanse.ledger.bft.participating import Participating
from hanse.ledger.bft.standing import Standing
from hanse.ledger.block import (
    Receipt,
)
from hanse.ledger.clock import Clock, system_clock
from hanse.ledger.errors import (
    LedgerClosed,
    ReceiptTimeout,
)
from hanse.ledger.genesis import Genesis, suite_of
from hanse.ledger.intake.verifiers import Verifiers
from hanse.ledger.light.checkpoint import Checkpoint
from hanse.ledger.light.header_proof import HeaderProof
from hanse.ledger.ordering.follower import Refusal
from hanse.ledger.ordering.following import Following
from hanse.ledger.proofs import StateProof, TransactionProof
from hanse.ledger.proving import WAIT_SECONDS, Prover
from hanse.ledger.reading import Reading
from hanse.ledger.registry import Registry
from hanse.ledger.roles import Role, role_name, take_role
from hanse.ledger.scan import ScanReport, scan_store
from hanse.ledger.status import LedgerStatus
from hanse.ledger.storage.store import Store
from hanse.ledger.upkeep import Upkeep
from hanse.ledger.waiting import Waiting


class Ledger(Reading):
    """One node's copy of the ledger. Also a `BlockSource` for the nodes that follow it."""

    def __init__(
        self,
        store: Store,
        application: Application,
        registry: Registry,
        verifiers: Verifiers,
        role: Role,
        clock: Clock,
    ) -> None:
        """Use `open`."""
        waiting = Waiting(application.committed.height)
        self.suite: Suite = application.suite
        self._verifiers = verifiers
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="ledger-writer")
        self._engine = take_role(
            role, application, store, registry, verifiers, waiting, self._writer, clock
        )
        commits = self._engine if isinstance(self._engine, Participating) else None
        super().__init__(store, application, waiting, commits.certificate if commits else None)
        self._prover = Prover(store, self.genesis, application.directory, self._waiting, commits)
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    @classmethod
    async def open(
        cls,
        home: Path,
        genesis: Genesis,
        registry: Registry,
        role: Role,
        *,
        clock: Clock = system_clock,
        workers: int = 0,
    ) -> Ledger:
        """Open the ledger under ``home``, or begin it from the genesis.

        Args:
            home: directory of the node; the ledger lives in ``home/ledger``.
            genesis: of the network.
            registry: the contracts of this software.
            role: `Sequencer`, `Follower` or `Participant`.
            clock: UTC ms; for tests.
            workers: signature verification processes, 0 for one per core.

        Raises:
            WrongGenesis, BadGenesis, WrongOrderer, LedgerInUse, StoreAltered, StorageFailed
        """
        suite = suite_of(genesis)
        store = await asyncio.to_thread(Store, home / "ledger", suite.hash)
        verifiers = Verifiers(genesis.suite, workers)
        try:
            application = await asyncio.to_thread(
                Application, store, genesis, registry, verifiers.verify_many
            )
            return cls(store, application, registry, verifiers, role, clock)
        except BaseException:
            verifiers.close()
            store.close()
            raise

    async def start(self) -> None:
        """Begin ordering or following."""
        if self._closed:
            raise LedgerClosed()
        if self._task is None:
            self._task = asyncio.create_task(self._engine.run(), name="ledger")

    async def begun(self) -> None:
        """Return when it is settled with which block this copy begins.

        A node that takes part in ordering may begin with a snapshot of others; until then it
        stands at block 0, and afterwards the blocks before are not here.
        """
        if isinstance(self._engine, Participating):
            await self._engine.begun()

    async def close(self) -> None:
        """Stop; a block being written is finished first."""
        if self._closed:
            return
        self._closed = True
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        self._waiting.close()
        await asyncio.to_thread(self._writer.shutdown)
        await asyncio.to_thread(self._verifiers.close)
        await asyncio.to_thread(self._store.close)

    async def submit(self, raw: bytes) -> str:
        """Hand in a transaction.

        It is checked completely, signature included, before this returns. The same
        transaction may be sent again as long as it waits; it is executed once.

        Args:
            raw: wire bytes.

        Returns:
            Its id, hex. Whether it took effect says the receipt.

        Raises:
            HanseError: the named reason why it can never be executed, or not now.
        """
        if self._closed:
            raise LedgerClosed()
        return await self._engine.submit(raw)

    async def wait_receipt(self, tx_id: str, timeout_s: float = 30.0) -> Receipt:
        """Wait until a transaction is committed *here*.

        Raises:
            ReceiptTimeout: not in time.
            TransactionExpired: it expired while waiting for a block.
        """
        future = self._waiting.expect(tx_id)
        try:
            found = self.find_receipt(tx_id)
            if found is not None:
                return found
            async with asyncio.timeout(timeout_s):
                return await future
        except TimeoutError as error:
            raise ReceiptTimeout() from error
        finally:
            self._waiting.forget(tx_id, future)

    @property
    def refusals(self) -> list[Refusal]:
        """Blocks this node refused, latest last."""
        return list(self._engine.refusals) if isinstance(self._engine, Following) else []

    def take_faults(self) -> list[Fault]:
        """What this node saw other validators do wrong since it was asked last."""
        return self._engine.faults.take() if isinstance(self._engine, Participating) else []

    def status(self) -> LedgerStatus:
        """Health at a glance."""
        head, engine = self._application.committed, self._engine
        taking_part = engine if isinstance(engine, Participating) else None
        stalled = taking_part.stalled if taking_part else None
        return LedgerStatus(
            chain=self.chain,
            role=role_name(engine),
            base=self.base,
            height=head.height,
            time_ms=head.time_ms,
            state_root=head.state_root,
            pending=0 if isinstance(engine, Following) else engine.pending,
            failure=engine.failure.code if engine.failure is not None else "",
            stalled=stalled.code if stalled else "",
            stalled_reason=stalled.message if stalled else "",
            stalled_seconds=taking_part.stalled_seconds if taking_part else 0.0,
            refused_blocks=len(self.refusals),
            engine_restarts=taking_part.restarts if taking_part else 0,
            validator_faults=len(taking_part.faults.seen()) if taking_part else 0,
            snapshot_failures=taking_part.snapshot_failures if taking_part else 0,
        )

    async def standing(self) -> Standing | None:
        """Where consensus stands; None where this node runs no engine of its own.

        Raises:
            HanseError: the engine does not answer, and what is known of the reason.
        """
        return await self._engine.standing() if isinstance(self._engine, Participating) else None

    async def peers(self) -> int:
        """Links of this node's engine to others; 0 where it runs none.

        Raises:
            HanseError: see `standing`.
        """
        return await self._engine.peers() if isinstance(self._engine, Participating) else 0

    @property
    def upkeep(self) -> Upkeep:
        """Snapshots, pruning, archives and backups; its calls block."""
        return Upkeep(self._store, self.genesis, self._application.directory)

    async def fetch(self, from_height: int, limit: int, wait_ms: int) -> list[bytes]:
        """Encoded blocks for a follower; see `BlockSource.fetch`."""
        deadline = asyncio.get_running_loop().time() + wait_ms / 1_000
        while True:
            if self._closed:
                raise LedgerClosed()
            seen = self.height
            blocks = await self._to_send(from_height, limit) if seen >= from_height else []
            if blocks or asyncio.get_running_loop().time() >= deadline:
                return blocks
            # The newest block of a validator has no certificate before the next one: were that no
            # reason to wait, followers of an idle network would ask without a pause.
            with suppress(TimeoutError):
                async with asyncio.timeout_at(deadline):
                    await self._waiting.beyond(max(seen, from_height - 1))

    async def _to_send(self, from_height: int, limit: int) -> list[bytes]:
        return await asyncio.to_thread(self.encoded_blocks, from_height, limit)

    async def forward(self, raw: bytes) -> str:
        """Submit on behalf of a follower; see `BlockSource.forward`."""
        return await self.submit(raw)

    async def prove_transaction(
        self, tx_id: str, since: int = 0, wait_s: float = WAIT_SECONDS
    ) -> TransactionProof:
        """Proof that a transaction was executed and with what outcome; see `Prover`."""
        return await self._prover.transaction(tx_id, since, wait_s)

    async def prove_state(
        self, key: bytes, since: int = 0, wait_s: float = WAIT_SECONDS
    ) -> StateProof:
        """Proof of the value under a full state key, or that there is none, as of now; see
        `Prover`."""
        return await self._prover.state(key, since, wait_s)

    def checkpoint(self) -> Checkpoint:
        """The newest certified header, for others to trust; see `Prover`."""
        return self._prover.checkpoint()

    def prove_snapshot(self) -> HeaderProof:
        """Proof of the header of the newest snapshot that newcomers may begin with; see `Prover`.

        Raises:
            NoEngine: this node offers none, as it takes no part in ordering.
            NoSuchSnapshot: none was taken yet.
        """
        if not isinstance(self._engine, Participating):
            raise NoEngine()
        return self._prover.header(self._engine.newest_snapshot())

    async def ask_engine(self, question: EngineQuestion) -> bytes:
        """What this node's engine answers to a question for another node's.

        Raises:
            NoEngine: this node takes no part in ordering.
            EngineUnreachable: it does not answer now.
        """
        if not isinstance(self._engine, Participating):
            raise NoEngine()
        return await self._engine.answer(question)

    async def verify_store(self) -> ScanReport:
        """Read every block and the whole state from disk and verify them.

        Raises:
            StoreAltered: naming the first thing that does not hold.
        """
        return await asyncio.to_thread(
            scan_store, self._store, self.genesis, self._application.directory
        )
