"""The sequencer's loop: intake on the event loop, blocks in the writer thread."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import Executor
from contextlib import suppress

import structlog

from hanse.core.errors import HanseError
from hanse.ledger.application import Application
from hanse.ledger.clock import Clock
from hanse.ledger.errors import BadTransactionSignature, Halted, Replayed, TransactionExpired
from hanse.ledger.intake.pool import Pool
from hanse.ledger.intake.verifiers import Verifiers
from hanse.ledger.ordering.sequencer import SequencerEngine
from hanse.ledger.transaction import DOMAIN
from hanse.ledger.waiting import Waiting

RETRY_SECONDS = 1.0
LINGER_SECONDS = 0.05
LINGER_BELOW = 500
_log = structlog.get_logger("hanse.ledger")


class Sequencing:
    """Accepts transactions and turns them into blocks."""

    def __init__(
        self,
        application: Application,
        engine: SequencerEngine,
        verifiers: Verifiers,
        waiting: Waiting,
        writer: Executor,
        clock: Clock,
    ) -> None:
        self._application = application
        self._engine = engine
        self._verifiers = verifiers
        self._waiting = waiting
        self._writer = writer
        self._clock = clock
        self._pool = Pool(application.limits)
        self._work = asyncio.Event()
        self.failure: HanseError | None = None

    @property
    def pending(self) -> int:
        """Verified transactions waiting for a block."""
        return len(self._pool)

    async def submit(self, raw: bytes) -> str:
        """Check, verify and queue; see `hanse.ledger.ledger.Ledger.submit`."""
        if self.failure is not None:
            raise type(self.failure)(self.failure.message)
        transaction, public = self._application.check(raw, self._clock())
        if not self._pool.reserve(transaction):
            return transaction.id.hex()
        holds = False
        try:
            check = (public, DOMAIN, transaction.body_bytes, transaction.signature)
            holds = await self._verifiers.verify(check)
        finally:
            if not holds:
                self._pool.remove(transaction)
        if not holds:
            raise BadTransactionSignature()
        transaction.verified_with = public
        self._pool.add(transaction)
        self._work.set()
        return transaction.id.hex()

    async def run(self) -> None:
        """Make blocks as long as there is something to order; ends when cancelled."""
        while True:
            await self._work.wait()
            self._work.clear()
            while len(self._pool):
                await self._let_more_arrive()
                if not await self._next_block():
                    await asyncio.sleep(RETRY_SECONDS)

    async def _let_more_arrive(self) -> None:
        """Under load wait a moment: few large blocks cost less than many small ones."""
        deadline = time.monotonic() + LINGER_SECONDS
        while self._pool.unverified and len(self._pool) < LINGER_BELOW:
            left = deadline - time.monotonic()
            if left <= 0:
                return
            self._work.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(left):  # unlike wait_for it loses no cancellation
                    await self._work.wait()

    async def _next_block(self) -> bool:
        time_ms = self._engine.block_time_ms(self._clock())
        chosen, expired = self._pool.next_block(time_ms)
        for transaction in expired:
            self._pool.remove(transaction)
            self._waiting.fail(transaction.id.hex(), TransactionExpired())
        if not chosen:
            return True
        loop = asyncio.get_running_loop()
        try:
            executed = await loop.run_in_executor(
                self._writer, self._engine.produce, chosen, time_ms
            )
        except Exception as error:  # also what is no error of ours: the loop must not end
            self.failure = error if isinstance(error, HanseError) else Halted(debug=repr(error))
            _log.error("ledger.block_not_written", code=self.failure.code, debug=self.failure.debug)
            return False
        self.failure = None
        for index, transaction in enumerate(chosen):
            self._pool.remove(transaction)
            if executed.receipts[index].code == Replayed.code:
                self._waiting.fail(transaction.id.hex(), Replayed())
        self._waiting.publish([executed])
        return True
