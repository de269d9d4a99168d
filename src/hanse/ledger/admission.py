"""The rules a transaction must pass before its contract runs: the same on arrival and in a block.

Whatever fails here leaves nothing in state, not even a used nonce: anybody could have sent it.
Contracts must not raise these errors themselves; their codes say that the nonce is unused.
"""

from __future__ import annotations

from typing import Protocol

from hanse.crypto.errors import BadKey, BadSignature
from hanse.crypto.suite import Suite
from hanse.ledger.contract.state import StateReader
from hanse.ledger.errors import (
    BadTransactionSignature,
    ExpiryTooFar,
    KeyNotValid,
    Replayed,
    TransactionExpired,
    TransactionTooLarge,
    WrongChain,
)
from hanse.ledger.genesis import Parameters
from hanse.ledger.keys import KeyCache
from hanse.ledger.transaction import DOMAIN, Transaction

REFUSED_ON_ADMISSION = frozenset(
    error.code
    for error in (
        WrongChain,
        TransactionExpired,
        ExpiryTooFar,
        Replayed,
        KeyNotValid,
        BadTransactionSignature,
    )
)


class ReplayWindow(Protocol):
    """Who remembers used nonces."""

    def replay_height(self, digest: bytes) -> int | None:
        """Height of the block that remembers the digest, or None."""
        ...


def check_size(raw: bytes, limits: Parameters) -> None:
    """Raises TransactionTooLarge above the limit."""
    if len(raw) > limits.max_transaction_bytes:
        raise TransactionTooLarge(
            f"the transaction has {len(raw)} bytes, the limit is {limits.max_transaction_bytes}"
        )


def check_times(transaction: Transaction, chain: str, time_ms: int, limits: Parameters) -> None:
    """Chain and expiry against a block time.

    Raises:
        WrongChain, TransactionExpired, ExpiryTooFar
    """
    body = transaction.body
    if body.chain != chain:
        raise WrongChain()
    if body.expires_ms < time_ms:
        raise TransactionExpired()
    if body.expires_ms - time_ms > limits.max_ttl_ms:
        raise ExpiryTooFar()


def check_replay(transaction: Transaction, window: ReplayWindow) -> None:
    """Raises Replayed when sender and nonce were used."""
    if window.replay_height(transaction.replay) is not None:
        raise Replayed()


def find_key(transaction: Transaction, keys: KeyCache, state: StateReader) -> bytes:
    """Public key the signature must hold for.

    Raises:
        KeyNotValid: when the sender has no such key at this height.
    """
    public = keys.public_key(state, transaction.body.sender, transaction.body.key)
    if public is None:
        raise KeyNotValid()
    return public


def check_signature(suite: Suite, transaction: Transaction, public: bytes) -> None:
    """Verify unless this very key has verified it before.

    Raises:
        BadTransactionSignature: when it does not hold.
    """
    if transaction.verified_with == public:
        return
    try:
        suite.verify(public, DOMAIN, transaction.body_bytes, transaction.signature)
    except (BadSignature, BadKey) as error:
        raise BadTransactionSignature() from error
    transaction.verified_with = public
