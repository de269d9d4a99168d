"""Snapshots on the engine's side: what goes wrong with one never stops the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from certified_chain import CertifiedChain, CertifiedNetwork
from ledger_network import Add
from small_disk import fill, small_disk
from snapshot_tools import walk

from hanse.ledger.bft.abci import abci_pb2 as pb
from hanse.ledger.bft.syncing import Applied, Offered, Syncing
from hanse.ledger.errors import StorageFailed, StorageFull
from hanse.ledger.snapshots.shelf import Shelf
from hanse.ledger.storage.environment import Environment
from hanse.ledger.storage.store import Store

NETWORK = CertifiedNetwork()
INTERVAL = 3


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[CertifiedChain]:
    opened = CertifiedChain(NETWORK, tmp_path / "ledger")
    yield opened
    opened.close()


def syncing(chain: CertifiedChain, folder: Path) -> Syncing:
    return Syncing(chain.app, chain.store, NETWORK.registry(), folder, INTERVAL, lambda _: None)


def grow(chain: CertifiedChain, taking: Syncing, blocks: int = INTERVAL) -> None:
    """Blocks, each told to the snapshots as the engine's commit tells it."""
    for _ in range(blocks):
        walk(chain, 1, lambda _: [Add("x", 1)])
        taking.committed(chain.app.committed.height)


def refuse(*_: Any) -> Any:
    raise StorageFull


class Thread:
    """A thread the machine has no room for."""

    def __init__(self, **_: Any) -> None: ...

    def start(self) -> None:
        raise RuntimeError("can't start new thread")


@pytest.mark.parametrize(
    "where", [(Environment, "reserve", refuse), (Store, "read", refuse)], ids=["reserve", "read"]
)
def test_snapshot_that_cannot_begin_is_counted_and_the_next_one_is_taken(
    chain: CertifiedChain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: Any
) -> None:
    taking = syncing(chain, tmp_path / "snapshots")
    grow(chain, taking, INTERVAL - 1)
    walk(chain, 1, lambda _: [Add("x", 1)])
    with monkeypatch.context() as broken:
        broken.setattr(*where)
        taking.committed(INTERVAL)
    assert taking.failures == 1
    grow(chain, taking)
    taking.close()
    assert (taking.failures, Shelf(tmp_path / "snapshots").heights()) == (1, [2 * INTERVAL])


def test_snapshot_without_a_thread_leaves_no_reader_behind(
    chain: CertifiedChain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taking = syncing(chain, tmp_path / "snapshots")
    with monkeypatch.context() as broken:
        broken.setattr("hanse.ledger.bft.syncing.threading.Thread", Thread)
        grow(chain, taking)
    assert taking.failures == 1
    taking.close()
    chain.store.environment.reserve(8 << 30)  # would wait for a reader for ever


def test_map_that_cannot_grow_is_a_named_error(chain: CertifiedChain, tmp_path: Path) -> None:
    with pytest.raises((StorageFailed, StorageFull)):
        chain.store.environment.reserve(1 << 62)
    walk(chain, 1, lambda _: [Add("x", 1)])


def test_full_disk_costs_the_snapshot_and_not_the_block(
    chain: CertifiedChain, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk") as disk:
        ballast = fill(disk)
        taking = syncing(chain, disk / "snapshots")
        grow(chain, taking)
        taking.close()
        assert (taking.failures, Shelf(disk / "snapshots").heights()) == (1, [])
        ballast.unlink()
        grow(chain, taking)
        taking.close()
        assert Shelf(disk / "snapshots").heights() == [2 * INTERVAL]


def test_offer_after_an_abandoned_one_abandons_it_once(
    chain: CertifiedChain, tmp_path: Path
) -> None:
    origin = syncing(chain, tmp_path / "snapshots")
    grow(chain, origin)
    origin.close()
    grow(chain, origin, 2)
    (offered,) = origin.offers().snapshots
    fresh = CertifiedChain(NETWORK, tmp_path / "fresh" / "ledger")
    joining = syncing(fresh, tmp_path / "fresh" / "snapshots")
    root = bytes.fromhex(Shelf(tmp_path / "snapshots").manifest(INTERVAL).state_root)
    accepted = joining.offer(pb.RequestOfferSnapshot(snapshot=offered, app_hash=root))
    assert accepted.result == Offered.ACCEPT
    refused = joining.offer(pb.RequestOfferSnapshot(snapshot=offered, app_hash=b"\1" * 32))
    assert refused.result == Offered.REJECT
    answer = joining.apply(pb.RequestApplySnapshotChunk(index=0, chunk=b""))
    assert answer.result == Applied.ABORT, "nothing is being restored any more"
    joining.close()
    joining.close()
    assert not (tmp_path / "fresh" / "restoring").exists()
    fresh.close()
