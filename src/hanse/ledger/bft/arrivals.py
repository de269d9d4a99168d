"""Transactions on their way in: from users of this node and from the engine's mempool.

Everything that can be known is checked here, the signature once; what is asked again later
(after each block, in proposals, in decided blocks) uses that verdict.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from hanse.core.errors import HanseError
from hanse.ledger.application import Application
from hanse.ledger.bft.known import KnownTransactions
from hanse.ledger.bft.nonces import RecentNonces
from hanse.ledger.clock import Clock
from hanse.ledger.errors import BadTransactionSignature, Replayed, TransactionExpired
from hanse.ledger.execution import Executed
from hanse.ledger.intake.verifiers import Verifiers
from hanse.ledger.transaction import DOMAIN, Transaction


class Arrivals:
    """Checks transactions on arrival; belongs to the event loop."""

    def __init__(
        self,
        application: Application,
        verifiers: Verifiers,
        known: KnownTransactions,
        clock: Clock,
    ) -> None:
        self._application = application
        self._verifiers = verifiers
        self._known = known
        self._clock = clock
        self._nonces = RecentNonces(application.committed.height)

    def committed(self, executed: Executed) -> None:
        """Remember the nonces that a block used."""
        height = executed.height
        used = (digest for digest, at in executed.delta.replay.items() if at == height)
        self._nonces.add(height, used)

    async def admit(self, raw: bytes) -> Transaction:
        """Check one transaction completely, signature included, and remember it.

        Raises:
            HanseError: the named reason to refuse it.
        """
        transaction = self._known.get(raw)
        height = self._application.committed.height
        if transaction is None:
            transaction, public = self._application.check(raw, self._clock())
        elif self._was_checked(transaction):
            self._check_moved(transaction)
            return transaction
        else:
            public = self._application.check_again(transaction, self._clock())
        if transaction.verified_with != public:
            check = (public, DOMAIN, transaction.body_bytes, transaction.signature)
            if not await self._verifiers.verify(check):
                raise BadTransactionSignature()
            transaction.verified_with = public
        transaction.checked_height = height
        self._known.put(transaction)
        return transaction

    async def verdicts(self, items: Sequence[bytes]) -> list[HanseError | None]:
        """Why each is refused, None where it is not; signatures are verified together."""
        return await asyncio.gather(*(self._verdict(raw) for raw in items))

    def verdict_again(self, raw: bytes) -> HanseError | None:
        """Whether a transaction admitted earlier may still be executed; verifies nothing."""
        transaction = self._known.get(raw)
        try:
            if transaction is None:
                self._application.check(raw, self._clock())
            elif self._was_checked(transaction):
                self._check_moved(transaction)
            else:
                self._application.check_again(transaction, self._clock())
        except HanseError as error:
            return error
        return None

    def _was_checked(self, transaction: Transaction) -> bool:
        """Whether only what moves with each block has to be looked at again.

        A key that was changed since shows when a block is proposed (see `Proposals.prepare`).
        """
        checked = transaction.checked_height
        return checked >= 0 and self._nonces.cover(checked)

    def _check_moved(self, transaction: Transaction) -> None:
        if transaction.replay in self._nonces:
            raise Replayed()
        if transaction.body.expires_ms < max(
            self._clock(), self._application.committed.time_ms + 1
        ):
            raise TransactionExpired()

    async def _verdict(self, raw: bytes) -> HanseError | None:
        try:
            await self.admit(raw)
        except HanseError as error:
            return error
        return None
