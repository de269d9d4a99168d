"""Transactions seen before: decoded once, verified once, whatever the engine sends again.

The engine hands over the same bytes several times: on arrival, in proposals, in decided blocks.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence

from hanse.core.errors import HanseError
from hanse.crypto.suite import Suite
from hanse.ledger.transaction import Transaction, parse_transaction

LIMIT = 40_000
KEPT_BLOCKS = 8


class KnownTransactions:
    """Decoded transactions by wire bytes, bounded, the oldest forgotten first.

    Args:
        suite: of the network.
        max_bytes: largest transaction; larger ones are never decoded.
        limit: how many are remembered.
    """

    def __init__(self, suite: Suite, max_bytes: int, limit: int = LIMIT) -> None:
        self._suite = suite
        self._max_bytes = max_bytes
        self._limit = limit
        self._by_raw: dict[bytes, Transaction] = {}
        self._committed: deque[Sequence[bytes]] = deque()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._by_raw)

    def get(self, raw: bytes) -> Transaction | None:
        """The transaction, when these very bytes were decoded before."""
        return self._by_raw.get(raw)

    def resolve(self, items: Sequence[bytes]) -> list[Transaction | bytes]:
        """Each decoded and remembered; what does not decode stays bytes."""
        return [self._by_raw.get(raw) or self._decode(raw) for raw in items]

    def put(self, transaction: Transaction) -> None:
        """Remember."""
        with self._lock:
            self._by_raw[transaction.raw] = transaction
            while len(self._by_raw) > self._limit:
                del self._by_raw[next(iter(self._by_raw))]

    def forget(self, items: Sequence[bytes]) -> None:
        """Forget what was committed, some blocks later: peers may still send it."""
        with self._lock:
            self._committed.append(items)
            if len(self._committed) > KEPT_BLOCKS:
                for raw in self._committed.popleft():
                    self._by_raw.pop(raw, None)

    def _decode(self, raw: bytes) -> Transaction | bytes:
        if len(raw) > self._max_bytes:
            return raw
        try:
            transaction = parse_transaction(self._suite, raw)
        except HanseError:
            return raw
        self.put(transaction)
        return transaction
