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
from hanse.ledger.clock import Clock
from hanse.ledger.errors import BadTransactionSignature
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

    async def admit(self, raw: bytes) -> Transaction:
        """Check one transaction completely, signature included, and remember it.

        Raises:
            HanseError: the named reason to refuse it.
        """
        transaction = self._known.get(raw)
        if transaction is None:
            transaction, public = self._application.check(raw, self._clock())
        else:
            public = self._application.check_again(transaction, self._clock())
        if transaction.verified_with != public:
            check = (public, DOMAIN, transaction.body_bytes, transaction.signature)
            if not await self._verifiers.verify(check):
                raise BadTransactionSignature()
            transaction.verified_with = public
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
                transaction, _ = self._application.check(raw, self._clock())
            else:
                self._application.check_again(transaction, self._clock())
        except HanseError as error:
            return error
        return None

    async def _verdict(self, raw: bytes) -> HanseError | None:
        try:
            await self.admit(raw)
        except HanseError as error:
            return error
        return None
