"""Handing transactions to the engine, and again to a new engine, until they stand in a block."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from contextlib import suppress

from hanse.core.errors import HanseError
from hanse.ledger.application import Application
from hanse.ledger.bft.arrivals import Arrivals
from hanse.ledger.bft.engine.errors import EngineUnreachable
from hanse.ledger.clock import Clock
from hanse.ledger.errors import Replayed, TransactionExpired
from hanse.ledger.execution import Executed
from hanse.ledger.intake.pool import Pool
from hanse.ledger.transaction import Transaction
from hanse.ledger.waiting import Waiting

Broadcast = Callable[[bytes], Awaitable[None]]
LOOK_S = 0.5
AGAIN_EVERY = 10


class Sending:
    """Transactions handed in at this node; belongs to the event loop.

    The engine keeps its waiting transactions in memory only and forgets them when it dies. What
    was accepted here is therefore remembered until it is committed or expires, and handed to
    the engine again after a restart.

    Args:
        application: what is committed.
        arrivals: checks them first.
        waiting: who waits for receipts.
        broadcast: hands one to the engine; raises what the engine refused it for.
        clock: UTC ms.
    """

    def __init__(
        self,
        application: Application,
        arrivals: Arrivals,
        waiting: Waiting,
        broadcast: Broadcast,
        clock: Clock,
    ) -> None:
        self._arrivals = arrivals
        self._waiting = waiting
        self._broadcast = broadcast
        self._clock = clock
        self._pool = Pool(application.limits)
        self._own: dict[bytes, Transaction] = {}
        self._unsent: dict[bytes, Transaction] = {}

    def __len__(self) -> int:
        return len(self._own)

    async def submit(self, raw: bytes) -> str:
        """Check and hand over one transaction; its id, hex.

        While the engine is away it waits here.

        Raises:
            HanseError: the named reason to refuse it.
        """
        transaction = await self._arrivals.admit(raw)
        if not self._pool.reserve(transaction):
            return transaction.id.hex()
        self._own[transaction.id] = transaction
        try:
            await self._send(transaction)
        except BaseException:
            self._let_go(transaction.id)
            raise
        return transaction.id.hex()

    def committed(self, executed: Executed) -> None:
        """Let go of what a block holds, and tell who waited for what can never be in one."""
        for transaction_id in executed.delta.transactions:
            self._let_go(transaction_id)
        if not self._own:
            return
        used = set(executed.delta.replay)
        for transaction in list(self._own.values()):
            if transaction.replay in used:
                self._give_up(transaction, Replayed())

    async def watch(self) -> None:
        """Give up what expired, for ever; an idle network has no blocks that would show it.

        What has waited for long is handed over again: an engine that was started again forgot
        it, and one whose mempool was full dropped it.
        """
        before: set[bytes] = set()
        for look in itertools.count(1):
            await asyncio.sleep(LOOK_S)
            due = dict(self._unsent)
            if look % AGAIN_EVERY == 0:
                due.update({id_: self._own[id_] for id_ in before & self._own.keys()})
                before = set(self._own)
            await asyncio.gather(*map(self._send_again, due.values()))
            now_ms = self._clock()
            for transaction in list(self._own.values()):
                if transaction.body.expires_ms < now_ms:
                    self._give_up(transaction, TransactionExpired())

    async def _send(self, transaction: Transaction) -> None:
        try:
            await self._broadcast(transaction.raw)
        except EngineUnreachable:
            self._unsent[transaction.id] = transaction
        else:
            self._unsent.pop(transaction.id, None)

    async def _send_again(self, transaction: Transaction) -> None:
        with suppress(HanseError):  # it stays here, and is sent once more
            await self._send(transaction)

    def _let_go(self, transaction_id: bytes) -> None:
        self._unsent.pop(transaction_id, None)
        transaction = self._own.pop(transaction_id, None)
        if transaction is not None:
            self._pool.remove(transaction)

    def _give_up(self, transaction: Transaction, error: HanseError) -> None:
        self._let_go(transaction.id)
        self._waiting.fail(transaction.id.hex(), error)
