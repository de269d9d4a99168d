"""Verified transactions waiting for a block, first come first served, bounded."""

from __future__ import annotations

from collections import Counter

from hanse.ledger.errors import PoolFull, Replayed
from hanse.ledger.genesis import Parameters
from hanse.ledger.transaction import Transaction

MAX_TRANSACTIONS = 50_000
MAX_BYTES = 256 << 20
MAX_PER_SENDER = 20_000


class Pool:
    """Transactions by replay digest, in order of arrival."""

    def __init__(self, limits: Parameters) -> None:
        self._limits = limits
        self._waiting: dict[bytes, Transaction] = {}
        self._reserved: dict[bytes, Transaction] = {}
        self._per_sender: Counter[str] = Counter()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def unverified(self) -> int:
        """Transactions whose signature is being verified."""
        return len(self._reserved) - len(self._waiting)

    def reserve(self, transaction: Transaction) -> bool:
        """Take a place while the signature is verified; False when this very one is here.

        Raises:
            Replayed: when another transaction with this sender and nonce is here.
            PoolFull: when the pool, or this sender's share of it, is full.
        """
        known = self._reserved.get(transaction.replay)
        if known is not None:
            if known.id == transaction.id:
                return False
            raise Replayed("another transaction with this nonce is waiting")
        sender = transaction.body.sender
        size = len(transaction.raw)
        if len(self._reserved) >= MAX_TRANSACTIONS or self._bytes + size > MAX_BYTES:
            raise PoolFull()
        if self._per_sender[sender] >= MAX_PER_SENDER:
            raise PoolFull("too many transactions of this sender are waiting")
        self._reserved[transaction.replay] = transaction
        self._per_sender[sender] += 1
        self._bytes += size
        return True

    def add(self, transaction: Transaction) -> None:
        """Queue a reserved transaction; its signature holds."""
        self._waiting[transaction.replay] = transaction

    def remove(self, transaction: Transaction) -> None:
        """Give up the place: committed, expired or refused."""
        if self._reserved.pop(transaction.replay, None) is None:
            return
        self._waiting.pop(transaction.replay, None)
        sender = transaction.body.sender
        self._per_sender[sender] -= 1
        if not self._per_sender[sender]:
            del self._per_sender[sender]
        self._bytes -= len(transaction.raw)

    def next_block(self, time_ms: int) -> tuple[list[Transaction], list[Transaction]]:
        """What the next block would hold, and what expired; nothing is removed."""
        chosen: list[Transaction] = []
        expired: list[Transaction] = []
        size = 0
        for transaction in self._waiting.values():
            if transaction.body.expires_ms < time_ms:
                expired.append(transaction)
                continue
            size += len(transaction.raw)
            full = len(chosen) == self._limits.max_block_transactions
            if full or size > self._limits.max_block_bytes:
                break
            chosen.append(transaction)
        return chosen, expired
