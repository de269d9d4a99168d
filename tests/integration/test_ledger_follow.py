"""Following at length: catching up, growing, and a copy altered on disk."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from ledger_chain import Chain, ListSource, running
from ledger_network import Add, Network, value_of
from patience import until

from hanse.ledger.errors import StoreAltered
from hanse.ledger.ordering.follower import Follower
from hanse.ledger.storage.store import Store

BLOCKS = 1_000


@pytest.fixture(scope="module")
def thousand(tmp_path_factory: pytest.TempPathFactory) -> tuple[Network, dict[int, bytes], int]:
    """A network and a thousand blocks of it."""
    network = Network(members=3)
    chain = Chain(network, tmp_path_factory.mktemp("origin"))
    for number in range(BLOCKS):
        raws = [chain.transaction(Add(f"c{number % 50}", 1), m) for m in range(number % 3)]
        chain.block(raws)
    blocks = {height: chain.encoded(height) for height in range(1, BLOCKS + 1)}
    total = sum(value_of(chain.store, f"c{i}") for i in range(50))
    chain.close()
    return network, blocks, total


async def test_follower_that_was_off_for_a_thousand_blocks_catches_up_and_verifies(
    thousand: tuple[Network, dict[int, bytes], int], tmp_path: Path
) -> None:
    network, blocks, total = thousand
    async with running(network, tmp_path, Follower(ListSource(blocks))) as ledger:
        async for block in ledger.blocks(BLOCKS):
            assert block.header.height == BLOCKS
            break
        assert sum(value_of(ledger.state, f"c{i}") for i in range(50)) == total
        assert (await ledger.verify_store()).height == BLOCKS
        assert not ledger.refusals


async def test_map_grows_under_load_while_others_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hanse.ledger.ledger.Store", partial(Store, map_bytes=128 << 10))
    network = Network(members=1)
    async with (
        running(network, tmp_path / "a") as first,
        running(network, tmp_path / "b", Follower(first)) as second,
    ):
        before = first._store.environment.map_bytes
        raws = [network.transaction(Add(f"c{i}" * 300, 1)) for i in range(300)]
        ids = await asyncio.gather(*[first.submit(raw) for raw in raws])
        await asyncio.gather(*[second.wait_receipt(id_) for id_ in ids])
        assert first._store.environment.map_bytes > 4 * before
        for ledger in (first, second):
            assert (await ledger.verify_store()).transactions == 300


def alter_file(home: Path, old: bytes, new: bytes) -> None:
    path = home / "ledger" / "data.mdb"
    data = path.read_bytes()
    assert old in data and len(old) == len(new)
    path.write_bytes(data.replace(old, new))


async def test_copy_altered_on_disk_is_detected_and_its_blocks_are_refused(
    tmp_path: Path,
) -> None:
    network = Network(members=1)
    async with running(network, tmp_path / "a") as ledger:
        for name in ("first", "target", "third"):
            tx = await ledger.submit(network.transaction(Add(name, 7)))
            await ledger.wait_receipt(tx)
    alter_file(tmp_path / "a", b'"name":"target"', b'"name":"tarnet"')
    async with running(network, tmp_path / "a") as ledger:
        with pytest.raises(StoreAltered):
            await ledger.verify_store()
        async with running(network, tmp_path / "b", Follower(ledger)) as follower:
            async for _ in follower.blocks(1):
                break
            await until(lambda: bool(follower.refusals))
            assert follower.refusals[0].height == 2
            assert follower.height == 1
        block: Any = ledger.block(2)
        with pytest.raises(StoreAltered):
            await ledger.prove_transaction(block.receipts[0].tx)
