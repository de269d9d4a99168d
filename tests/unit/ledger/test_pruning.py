"""Pruning: old blocks go, everything else stays and goes on; who asks below is told."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from certified_chain import CertifiedChain, CertifiedNetwork
from ledger_chain import Chain, running
from ledger_network import Add, Network, value_of
from snapshot_tools import STATE, chunks, content, restore, take, walk

from hanse.ledger import pruning
from hanse.ledger.errors import (
    BlockPruned,
    NoSuchTransaction,
    PruneTooHigh,
    Replayed,
    StoreAltered,
)
from hanse.ledger.ledger import Ledger
from hanse.ledger.ordering.follower import Follower
from hanse.ledger.pruning import prune_blocks
from hanse.ledger.scan import scan_store

NETWORK = Network("intl", members=2)


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "BATCH_BLOCKS", 3)


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    opened = Chain(NETWORK, tmp_path / "origin")
    for block in range(10):
        raws = [opened.transaction(Add(f"c{block}-{i}", 1)) for i in range(3)]
        opened.block([*raws, opened.transaction(Add("minus", -1)), b"garbage"])
    yield opened
    opened.close()


@pytest.mark.parametrize("below", [0, 1, 2, 7, 10])
def test_blocks_go_and_the_rest_stays(chain: Chain, below: int) -> None:
    before = content(chain.store, *STATE)
    assert prune_blocks(chain.store, below) == below
    assert content(chain.store, *STATE) == before
    report = scan_store(chain.store, NETWORK.genesis)
    assert (report.base, report.height, report.transactions) == (
        below,
        10,
        4 * (11 - max(below, 1)),
    )
    with chain.store.read() as reading:
        assert reading.count("blocks") == 11 - max(below - 1, 0)


def test_pruning_twice_goes_on_and_never_back(chain: Chain) -> None:
    assert [prune_blocks(chain.store, below) for below in (4, 2, 4, 9)] == [4, 4, 4, 9]
    assert scan_store(chain.store, NETWORK.genesis).base == 9


def test_head_is_never_pruned(chain: Chain) -> None:
    with pytest.raises(PruneTooHigh):
        prune_blocks(chain.store, 11)
    assert scan_store(chain.store, NETWORK.genesis).base == 0


def test_pruned_chain_goes_on_and_remembers_nonces(tmp_path: Path) -> None:
    chain = Chain(NETWORK, tmp_path)
    walk(chain, 10, lambda block: [Add(f"c{block}", 1)])
    raw = chain.transaction(Add("once", 1))
    chain.block([raw])
    chain.block([])
    prune_blocks(chain.store, 12)
    assert chain.block([raw]).receipts[0].code == Replayed.code
    chain.close()
    again = Chain(NETWORK, tmp_path)
    assert again.app.head.height == 13
    again.now_ms = chain.now_ms
    assert again.block([raw, again.transaction(Add("x", 2))]).receipts[1].ok
    assert scan_store(again.store, NETWORK.genesis).base == 12
    again.close()


def test_batches_are_bounded_by_bytes_too(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pruning, "BATCH_BYTES", 1)
    assert pruning.prune_batch(chain.store, 10) == 1


def test_block_that_cannot_be_read_is_not_deleted(chain: Chain) -> None:
    db = chain.store.environment.db["blocks"]
    chain.store.environment.write(lambda txn: txn.put((4).to_bytes(8, "big"), b"{}", db=db))
    with pytest.raises(StoreAltered):
        prune_blocks(chain.store, 9)
    with chain.store.read() as reading:
        assert reading.base() == 3
        assert reading.block(4) == b"{}"


def test_commits_go_on_while_blocks_are_pruned(chain: Chain) -> None:
    pruner = threading.Thread(target=prune_blocks, args=(chain.store, 10))
    pruner.start()
    walk(chain, 10, lambda block: [Add(f"later{block}", 1)])
    pruner.join()
    report = scan_store(chain.store, NETWORK.genesis)
    assert (report.base, report.height) == (10, 20)


def test_snapshot_of_a_pruned_ledger(chain: Chain, tmp_path: Path) -> None:
    prune_blocks(chain.store, 10)
    manifest = take(chain, tmp_path / "snapshots")
    copy = restore(NETWORK, manifest, chunks(tmp_path / "snapshots", manifest), tmp_path / "copy")
    assert content(copy.store, *STATE) == content(chain.store, *STATE)
    walk(copy, 3, lambda block: [Add(f"n{block}", 1)])
    assert prune_blocks(copy.store, 13) == 13
    assert scan_store(copy.store, NETWORK.genesis).base == 13
    copy.close()


def test_certificates_go_with_their_blocks(tmp_path: Path) -> None:
    network = CertifiedNetwork()
    chain = CertifiedChain(network, tmp_path)
    walk(chain, 8, lambda block: [Add(f"c{block}", 1)])
    prune_blocks(chain.store, 5)
    with chain.store.read() as reading:
        kept = [height for height in range(9) if reading.certificate(height) is not None]
    assert kept == [4, 5, 6, 7]
    assert scan_store(chain.store, network.genesis, network.directory).base == 5
    chain.close()


def test_certificates_that_hand_over_stay(tmp_path: Path) -> None:
    """Proofs carry them to verifiers that know only the genesis."""
    network = CertifiedNetwork(changed_from=5)
    chain = CertifiedChain(network, tmp_path)
    walk(chain, 9, lambda block: [Add(f"c{block}", 1)])
    prune_blocks(chain.store, 7)
    with chain.store.read() as reading:
        assert [height for height, _ in reading.certificates(100)] == [3, 6, 7, 8]
        other = reading.certificate(7)
    assert scan_store(chain.store, network.genesis, network.directory).base == 7
    db = chain.store.environment.db["certificates"]
    key = (3).to_bytes(8, "big")
    for data in (other, b"{}"):
        chain.store.environment.write(lambda txn, data=data: txn.put(key, data, db=db))
        with pytest.raises(StoreAltered):
            scan_store(chain.store, network.genesis, network.directory)
    chain.close()


async def filled(ledger: Ledger, network: Network, blocks: int) -> list[str]:
    """Transactions in blocks of their own."""
    sent = []
    for _ in range(blocks):
        sent.append(await ledger.submit(network.transaction(Add("x", 1))))
        await ledger.wait_receipt(sent[-1])
    return sent


async def test_questions_below_the_base_are_answered_by_name(tmp_path: Path) -> None:
    network = Network("intl", members=1)
    async with running(network, tmp_path) as ledger:
        sent = await filled(ledger, network, 14)
        assert ledger.block(11) is not None  # decoded and remembered
        await asyncio.to_thread(prune_blocks, ledger._store, 12)
        assert ledger.base == ledger.status().base == 12
        for question in (ledger.block, ledger.header):
            for height in (0, 5, 11):
                with pytest.raises(BlockPruned) as caught:
                    question(height)
                assert caught.value.base == 12
                assert "from height 12 on" in caught.value.message
            assert question(12) is not None
            assert question(99) is question(-1) is None
        with pytest.raises(BlockPruned):
            await ledger.fetch(3, 10, 0)
        with pytest.raises(BlockPruned):
            async for _ in ledger.blocks(3):
                pass
        assert len(await ledger.fetch(12, 10, 0)) == 3
        with pytest.raises(NoSuchTransaction):
            await ledger.prove_transaction(sent[0])
        assert ledger.receipt(sent[-1]).ok
        assert value_of(ledger.state, "x") == 14
        assert (await ledger.verify_store()).base == 12


async def test_follower_below_the_base_is_told(tmp_path: Path) -> None:
    network = Network("intl", members=1)
    async with running(network, tmp_path / "a") as first:
        await filled(first, network, 6)
        await asyncio.to_thread(prune_blocks, first._store, 4)
        async with running(network, tmp_path / "b", Follower(first)) as second:

            async def told() -> Any:
                while not second.status().failure:
                    await asyncio.sleep(0.01)
                return second.status()

            status = await asyncio.wait_for(told(), 10)
            assert (status.failure, status.height) == (BlockPruned.code, 0)
