"""What may enter the engine's mempool and stay there: single transactions and bundles of them.

Everybody who reaches an engine's port can send it items, so each costs bounded work: a bundle is
decoded once, each of its transactions is verified once, and it is refused when it is malformed,
when one signature does not hold, or when less than a third of it are transactions that may run
and do not wait already. Otherwise a few waiting transactions could be wrapped into ever new
bundles, which would fill mempools and blocks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from hanse.core.errors import HanseError
from hanse.ledger.application import Application
from hanse.ledger.bft.arrivals import Arrival, Arrivals
from hanse.ledger.bft.bundles import decode_bundle, is_bundle
from hanse.ledger.bft.carried import Carried, digest_of
from hanse.ledger.errors import (
    BadTransactionSignature,
    ExpiryTooFar,
    KeyNotValid,
    NothingNew,
    PoolFull,
    Replayed,
    TransactionExpired,
    UnknownAction,
    UnknownContract,
)
from hanse.ledger.execution import Check, Executed
from hanse.ledger.intake.verifiers import Verifiers
from hanse.ledger.transaction import Transaction

SPENT = (Replayed, TransactionExpired)
# What an honest node's bundle may hold for a node at another height or with another clock.
TOLERATED = (*SPENT, ExpiryTooFar, KeyNotValid, UnknownContract, UnknownAction)
NEW_SHARE = 3  # at least one byte in so many belongs to a transaction that is new
PAUSE_AFTER = 64


@dataclass(slots=True)
class _Candidate:
    """An item that may enter if the signatures hold."""

    digest: bytes
    arrivals: list[Arrival] = field(default_factory=list)
    refusal: HanseError | None = None

    @property
    def checks(self) -> list[Check]:
        return [arrival.check for arrival in self.arrivals if arrival.check is not None]


class Checking:
    """Answers the engine's questions about items of its mempool; belongs to the event loop.

    Args:
        application: what is committed.
        arrivals: checks transactions.
        carried: what waits already.
        verifiers: verify signatures.
    """

    def __init__(
        self,
        application: Application,
        arrivals: Arrivals,
        carried: Carried,
        verifiers: Verifiers,
    ) -> None:
        self._application = application
        self._arrivals = arrivals
        self._carried = carried
        self._verifiers = verifiers

    async def verdicts(self, items: Sequence[bytes]) -> list[HanseError | None]:
        """Why each is refused, None where it is not; signatures are verified together.

        An item that shares a transaction with one before it waits for the verdict on that.
        """
        done: list[_Candidate] = []
        group: list[_Candidate] = []
        taken: set[bytes] = set()
        for item in items:
            candidate = self._look(item, len(taken))
            if any(arrival.transaction.replay in taken for arrival in candidate.arrivals):
                await self._settle(group)
                group, taken = [], set()
                candidate = self._look(item, 0)
            done.append(candidate)
            group.append(candidate)
            taken.update(arrival.transaction.replay for arrival in candidate.arrivals)
            if len(candidate.arrivals) > PAUSE_AFTER:
                await asyncio.sleep(0)  # the node has more to do than this
        await self._settle(group)
        return [candidate.refusal for candidate in done]

    def verdict_again(self, item: bytes) -> HanseError | None:
        """Whether an item of the mempool may stay; verifies nothing.

        A bundle stays as long as one of its transactions can run.
        """
        digest = digest_of(item)
        staying: list[Transaction] = []
        refusal: HanseError = NothingNew()
        if not self._carried.has(digest):
            return refusal
        for transaction in self._carried.members(digest):
            try:
                self._arrivals.look_again(transaction)
                staying.append(transaction)
            except HanseError as error:
                refusal = error
        self._carried.keep(digest, staying, self._application.committed.height)
        return None if staying else refusal

    def committed(self, executed: Executed) -> None:
        """A block was committed; the engine has its mempool looked at next."""
        self._arrivals.committed(executed)
        self._carried.drop_stale(executed.height)

    def begin(self) -> None:
        """The engine was started: its mempool is empty."""
        self._carried.clear()

    def _look(self, item: bytes, entering: int) -> _Candidate:
        """Look at one item while so many transactions are about to enter."""
        candidate = _Candidate(digest_of(item))
        if self._carried.has(candidate.digest):
            return candidate
        try:
            if self._carried.is_spent(candidate.digest):
                raise NothingNew()
            candidate.arrivals = self._new_in(item, candidate.digest)
            if not self._carried.has_room(entering + len(candidate.arrivals)):
                raise PoolFull()
        except HanseError as error:
            candidate.arrivals, candidate.refusal = [], error
        return candidate

    def _new_in(self, item: bytes, digest: bytes) -> list[Arrival]:
        """Transactions of an item that may run and do not wait yet.

        Raises:
            HanseError: the item is refused for this reason.
        """
        if is_bundle(item):
            return self._new_in_bundle(item, digest)
        arrival = self._arrivals.look(item)
        if arrival.transaction.replay in self._carried:
            raise NothingNew("the transaction waits already")
        return [arrival]

    def _new_in_bundle(self, item: bytes, digest: bytes) -> list[Arrival]:
        new: dict[bytes, Arrival] = {}
        members = decode_bundle(item, self._application.limits.max_transaction_bytes)
        spent = 0
        for raw in members:
            try:
                arrival = self._arrivals.look(raw)
            except TOLERATED as error:
                spent += isinstance(error, SPENT)
                continue
            if arrival.transaction.replay not in self._carried:
                new.setdefault(arrival.transaction.replay, arrival)
        if spent == len(members):
            self._carried.note_spent(digest)
        fresh = sum(len(arrival.transaction.raw) for arrival in new.values())
        if not new or NEW_SHARE * fresh < len(item):
            raise NothingNew()
        return list(new.values())

    async def _settle(self, group: list[_Candidate]) -> None:
        """Verify what remains to be, all at once, and let in what holds."""
        holds = iter(await self._verify([check for each in group for check in each.checks]))
        for candidate in group:
            verdicts = [next(holds) for _ in candidate.checks]
            if not all(verdicts):
                candidate.refusal = BadTransactionSignature()
            elif candidate.arrivals:
                self._let_in(candidate)

    async def _verify(self, checks: list[Check]) -> list[bool]:
        return await self._verifiers.verify_all(checks) if checks else []

    def _let_in(self, candidate: _Candidate) -> None:
        for arrival in candidate.arrivals:
            self._arrivals.remember(arrival)
        members = [arrival.transaction for arrival in candidate.arrivals]
        self._carried.add(candidate.digest, members, self._application.committed.height)
