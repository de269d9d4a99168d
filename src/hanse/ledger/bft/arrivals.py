"""Transactions on their way in: from users of this node and from the engine's mempool.

Everything that can be known is checked here, the signature once; what is asked again later
(after each block, in proposals, in decided blocks) uses that verdict.
"""

from __future__ import annotations

from dataclasses import dataclass

from hanse.ledger.application import Application
from hanse.ledger.bft.known import KnownTransactions
from hanse.ledger.bft.nonces import RecentNonces
from hanse.ledger.clock import Clock
from hanse.ledger.errors import BadTransactionSignature, Replayed, TransactionExpired
from hanse.ledger.execution import Check, Executed
from hanse.ledger.intake.verifiers import Verifiers
from hanse.ledger.transaction import DOMAIN, Transaction


@dataclass(frozen=True, slots=True)
class Arrival:
    """A transaction that may be executed if its signature holds.

    Attributes:
        transaction: decoded.
        height: committed height it was looked at.
        check: the signature that remains to be verified; None when it was before.
    """

    transaction: Transaction
    height: int
    check: Check | None


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
        arrival = self.look(raw)
        if arrival.check is not None and not await self._verifiers.verify(arrival.check):
            raise BadTransactionSignature()
        self.remember(arrival)
        return arrival.transaction

    def look(self, raw: bytes) -> Arrival:
        """Check everything but the signature.

        Raises:
            HanseError: the named reason to refuse it.
        """
        transaction = self._known.get(raw)
        height = self._application.committed.height
        if transaction is None:
            transaction, public = self._application.check(raw, self._clock())
        elif self._was_checked(transaction):
            self._check_moved(transaction)
            return Arrival(transaction, height, None)
        else:
            public = self._application.check_again(transaction, self._clock())
        if transaction.verified_with == public:
            return Arrival(transaction, height, None)
        check = (public, DOMAIN, transaction.body_bytes, transaction.signature)
        return Arrival(transaction, height, check)

    def remember(self, arrival: Arrival) -> None:
        """Keep what was found: the signature that remained to be verified holds."""
        transaction = arrival.transaction
        if arrival.check is not None:
            transaction.verified_with = arrival.check[0]
        transaction.checked_height = arrival.height
        self._known.put(transaction)

    def look_again(self, transaction: Transaction) -> None:
        """Whether a transaction admitted earlier may still be executed; verifies nothing.

        Raises:
            HanseError: the named reason why not.
        """
        if self._was_checked(transaction):
            self._check_moved(transaction)
        elif self._application.check_again(transaction, self._clock()) != transaction.verified_with:
            raise BadTransactionSignature()

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
