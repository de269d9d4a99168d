"""Whatever happened on a ledger, a restored snapshot has the same state and goes on the same."""

from __future__ import annotations

import tempfile
import tracemalloc
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_chain import Chain
from ledger_network import Add, AddMany, Misbehave, Network, Remove
from snapshot_tools import STATE, chunks, content, restore, take

from hanse.ledger.errors import Replayed
from hanse.ledger.ordering.follower import FollowerEngine
from hanse.ledger.scan import scan_store
from hanse.ledger.snapshots.entries import EntryReader, chunks_of
from hanse.ledger.snapshots.rebuilding import Rebuilding
from hanse.ledger.state.nodes import hash_key
from hanse.ledger.storage.store import Store

NETWORK = Network("intl", members=2)
NAMES = st.sampled_from([f"n{i}" for i in range(40)])
MESSAGES = st.one_of(
    st.builds(Add, NAMES, st.integers(-5, 9)),
    st.builds(AddMany, st.lists(NAMES, max_size=20), st.integers(-2, 3), st.booleans()),
    st.builds(Remove, NAMES),
    st.builds(Misbehave, st.sampled_from(["crash", "elsewhere", "nothing"])),
)
BLOCKS = st.lists(
    st.tuples(st.lists(MESSAGES, max_size=8), st.sampled_from([1, 40, 900])),
    min_size=1,
    max_size=6,
)


def run(chain: Chain, blocks: list[tuple[list[Any], int]]) -> list[bytes]:
    """Make blocks; everything that was sent."""
    sent = []
    for messages, after_ms in blocks:
        raws = [chain.transaction(message, i % 2, ttl_ms=500) for i, message in enumerate(messages)]
        chain.block(raws, after_ms)
        sent += raws
    return sent


@given(before=BLOCKS, after=BLOCKS, chunk_bytes=st.integers(20, 3_000), order=st.randoms())
@settings(max_examples=25, deadline=None)
def test_restored_snapshot_goes_on_the_same(
    before: list[Any], after: list[Any], chunk_bytes: int, order: Any
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        origin = Chain(NETWORK, folder / "origin")
        sent = run(origin, before)
        manifest = take(origin, folder / "snapshots", chunk_bytes)
        copy = restore(NETWORK, manifest, chunks(folder / "snapshots", manifest), folder / "copy")
        assert content(copy.store, *STATE) == content(origin.store, *STATE)
        # What was sent before is refused, or accepted, the same by both.
        again = order.sample(sent, min(3, len(sent)))
        receipts = origin.block(again).receipts
        assert all(r.code in (Replayed.code, "ledger.transaction_expired") for r in receipts)
        run(origin, after)
        heights = range(manifest.height + 1, origin.app.head.height + 1)
        blocks = [origin.encoded(height) for height in heights]
        _, refused = FollowerEngine(copy.app).apply(blocks, origin.now_ms)
        assert refused is None
        assert [copy.encoded(height) for height in heights] == blocks
        assert content(copy.store, *STATE) == content(origin.store, *STATE)
        scan_store(copy.store, NETWORK.genesis)
        origin.close()
        copy.close()


@given(
    pairs=st.lists(st.tuples(st.binary(max_size=60), st.binary(max_size=200)), max_size=30),
    size=st.integers(1, 400),
)
def test_entries_survive_being_cut_anywhere(pairs: list[tuple[bytes, bytes]], size: int) -> None:
    reader = EntryReader()
    found = []
    for chunk in chunks_of(((b"", key, value) for key, value in pairs), size):
        assert len(chunk) <= size
        found += reader.feed(chunk)
    assert found == pairs
    assert reader.ended


def test_memory_does_not_follow_the_number_of_keys() -> None:
    """100,000 keys, 30 MB of state: memory stays that of a few chunks."""
    suite, chunk_bytes = NETWORK.suite, 100_000
    state = sorted(
        (hash_key(suite.hash, key), key, bytes(200))
        for key in (f'["counter","counters","{i}"]'.encode() for i in range(100_000))
    )
    with tempfile.TemporaryDirectory() as name:
        store = Store(Path(name), suite.hash, durable=False)
        rebuilding = Rebuilding(store, suite.hash)
        tracemalloc.start()
        for chunk in chunks_of(state, chunk_bytes):
            rebuilding.take(chunk)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        with store.read() as snapshot:
            taken = sum(len(chunk) for chunk in chunks_of(snapshot.values(), chunk_bytes))
        _, peak_taking = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert rebuilding.keys == 100_000
        assert taken > 20_000_000
        assert max(peak, peak_taking) < 3_000_000
        store.close()
