"""The pool of waiting transactions: order, limits, idempotence."""

from __future__ import annotations

import pytest
from ledger_network import Add, Network

from hanse.ledger.errors import PoolFull, Replayed
from hanse.ledger.genesis import Parameters
from hanse.ledger.intake import pool as module
from hanse.ledger.intake.pool import Pool
from hanse.ledger.transaction import Transaction, parse_transaction

NETWORK = Network(members=2)


def transaction(member: int = 0, **options: object) -> Transaction:
    raw = NETWORK.transaction(Add("x", 1), member, now_ms=1_000, **options)
    return parse_transaction(NETWORK.suite, raw)


def filled(pool: Pool, *transactions: Transaction) -> Pool:
    for item in transactions:
        assert pool.reserve(item)
        pool.add(item)
    return pool


def test_first_come_first_served_within_limits() -> None:
    items = [transaction() for _ in range(5)]
    pool = filled(Pool(Parameters(max_block_transactions=3)), *items)
    assert pool.next_block(1_000) == (items[:3], [])
    for item in items[:3]:
        pool.remove(item)
    assert pool.next_block(1_000)[0] == items[3:]


def test_block_bytes_are_limited() -> None:
    items = [transaction() for _ in range(5)]
    size = len(items[0].raw)
    pool = filled(Pool(Parameters(max_block_bytes=2 * size + size // 2)), *items)
    assert len(pool.next_block(1_000)[0]) == 2


def test_expired_are_set_apart() -> None:
    short, long = transaction(ttl_ms=5), transaction(ttl_ms=500)
    pool = filled(Pool(Parameters()), short, long)
    assert pool.next_block(1_100) == ([long], [short])


def test_unverified_are_not_ordered_but_counted() -> None:
    pool = Pool(Parameters())
    item = transaction()
    pool.reserve(item)
    assert (len(pool), pool.unverified, pool.next_block(0)) == (0, 1, ([], []))
    pool.add(item)
    assert (len(pool), pool.unverified) == (1, 0)


def test_the_same_again_is_no_error_another_with_its_nonce_is() -> None:
    nonce = "ab" * 16
    pool = filled(Pool(Parameters()), transaction(nonce=nonce))
    assert pool.reserve(transaction(nonce=nonce)) is False
    with pytest.raises(Replayed):
        pool.reserve(transaction(nonce=nonce, ttl_ms=7))
    assert pool.reserve(transaction(1, nonce=nonce))


def test_limits_per_sender_count_and_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PER_SENDER", 2)
    monkeypatch.setattr(module, "MAX_TRANSACTIONS", 3)
    items = [transaction(), transaction()]
    pool = filled(Pool(Parameters()), *items)
    with pytest.raises(PoolFull, match="sender"):
        pool.reserve(transaction())
    filled(pool, transaction(1))
    with pytest.raises(PoolFull):
        pool.reserve(transaction(1))
    pool.remove(items[0])
    pool.remove(items[0])
    filled(pool, transaction())
    monkeypatch.setattr(module, "MAX_TRANSACTIONS", 30)
    monkeypatch.setattr(module, "MAX_BYTES", sum(len(i.raw) for i in items) * 2)
    with pytest.raises(PoolFull):
        filled(pool, *[transaction(1) for _ in range(2)])
