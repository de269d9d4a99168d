"""Verification of the stored ledger finds every kind of alteration on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ledger_chain import Chain
from ledger_network import COUNTERS, Add, Network

from hanse.crypto.suite import get_suite
from hanse.ledger.errors import StoreAltered
from hanse.ledger.scan import scan_store
from hanse.ledger.state.nodes import hash_key
from hanse.ledger.storage.store import Store

SUITE = get_suite("sm")
NETWORK = Network(members=2)


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    opened = Chain(NETWORK, tmp_path)
    for block in range(4):
        raws = [opened.transaction(Add(f"c{block}-{i}", i + 1)) for i in range(12)]
        opened.block([*raws, opened.transaction(Add("minus", -1)), b"garbage"])
    opened.block([])
    yield opened
    opened.close()


def number(value: int) -> bytes:
    return value.to_bytes(8, "big")


def value_key(name: str) -> bytes:
    return hash_key(SUITE.hash, COUNTERS.key(name))


def alter(database: str, key: Callable[[], bytes], change: Callable[[bytes], bytes | None]) -> Any:
    def work(store: Store) -> None:
        db = store.environment.db[database]

        def write(txn: Any) -> None:
            old = txn.get(key(), db=db)
            assert old is not None
            new = change(old)
            assert new != old
            if new is None:
                txn.delete(key(), db=db)
            else:
                txn.put(key(), new, db=db)

        store.environment.write(write)

    return work


def swap(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    return lambda data: data.replace(old, new, 1)


def add(database: str, key: bytes, value: bytes) -> Any:
    def work(store: Store) -> None:
        store.environment.write(lambda txn: txn.put(key, value, db=store.environment.db[database]))

    return work


def copy_value(store: Store) -> None:
    """Put one counter's stored entry under another's place."""
    db = store.environment.db["values"]

    def write(txn: Any) -> None:
        txn.put(value_key("c1-1"), txn.get(value_key("c2-2"), db=db), db=db)

    store.environment.write(write)


def tx_key(store: Store) -> bytes:
    with store.read() as snapshot:
        return next(iter(snapshot._txn.cursor(db=snapshot._db["transactions"])))[0]


def drop_index(store: Store) -> None:
    key = tx_key(store)
    store.environment.write(lambda txn: txn.delete(key, db=store.environment.db["transactions"]))


ALTERATIONS: dict[str, Any] = {
    "a transaction": alter("blocks", lambda: number(2), swap(b'"amount":3', b'"amount":4')),
    "a receipt": alter("blocks", lambda: number(2), swap(b'"ok":true', b'"ok":false')),
    "an event": alter("blocks", lambda: number(2), swap(b'"value":3', b'"value":9')),
    "a block's time": alter("blocks", lambda: number(3), swap(b'"time_ms":17', b'"time_ms":18')),
    "a signature": alter("blocks", lambda: number(3), swap(b'"signature":"', b'"signature":"0')),
    "a state root": alter("blocks", lambda: number(3), swap(b'"state_root":"', b'"state_root":"0')),
    "genesis block": alter("blocks", lambda: number(0), swap(b'"count":0', b'"count":1')),
    "spelling": alter("blocks", lambda: number(1), swap(b":", b": ")),
    "half a block": alter("blocks", lambda: number(1), lambda data: data[:-5]),
    "a missing block": alter("blocks", lambda: number(2), lambda _: None),
    "a value": alter("values", lambda: value_key("c1-1"), swap(b'"value":2', b'"value":9')),
    "a missing value": alter("values", lambda: value_key("c1-1"), lambda _: None),
    "a value under another key": copy_value,
    "an added value": add("values", b"\1" * 32, b"\0\1kvalue"),
    "a node": alter("nodes", lambda: b"/", lambda data: data[:-1] + bytes([data[-1] ^ 1])),
    "an added node": add("nodes", b"ffff", b"\0"),
    "an added block": add("blocks", number(6), b"{}"),
    "an added index entry": add("transactions", b"\1" * 32, number(1) + b"\0\0\0\0"),
    "a lost index entry": drop_index,
    "the head": alter("meta", lambda: b"head", lambda _: number(3)),
    "the chain": alter("meta", lambda: b"chain", lambda _: b"00" * 32),
}


def test_sound_store_is_reported(chain: Chain) -> None:
    report = scan_store(chain.store, NETWORK.genesis)
    assert (report.height, report.transactions) == (5, 52)
    with chain.store.read() as snapshot:
        assert report.state_keys == snapshot.count("values")


@pytest.mark.parametrize("work", ALTERATIONS.values(), ids=ALTERATIONS.keys())
def test_alteration_is_found(chain: Chain, work: Callable[[Store], None]) -> None:
    work(chain.store)
    with pytest.raises(StoreAltered):
        scan_store(chain.store, NETWORK.genesis)


def test_reading_a_value_under_the_wrong_key_is_noticed_at_once(chain: Chain) -> None:
    copy_value(chain.store)
    with pytest.raises(StoreAltered):
        chain.store.get(COUNTERS.key("c1-1"))


def test_wrong_genesis_is_noticed(chain: Chain) -> None:
    with pytest.raises(StoreAltered):
        scan_store(chain.store, Network().genesis)
