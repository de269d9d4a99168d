"""Snapshots and verification of stores where validators certify blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from certified_chain import CertifiedChain, CertifiedNetwork, certificate
from ledger_network import Add
from snapshot_tools import STATE, chunks, content, restorer, take, walk

from hanse.ledger.errors import StoreAltered
from hanse.ledger.scan import scan_store
from hanse.ledger.snapshots.errors import SnapshotRefused
from hanse.ledger.snapshots.manifest import Manifest, certify, manifest_hash
from hanse.ledger.snapshots.restoring import header_check
from hanse.ledger.storage.store import Store

NETWORK = CertifiedNetwork()
CHECK = header_check(NETWORK.genesis, NETWORK.directory)


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[CertifiedChain]:
    opened = CertifiedChain(NETWORK, tmp_path / "origin")
    walk(opened, 5, lambda block: [Add(f"c{block}-{i}", i + 1) for i in range(6)])
    yield opened
    opened.close()


def scan(store: Store) -> Any:
    return scan_store(store, NETWORK.genesis, NETWORK.directory)


def rebuild(chain: CertifiedChain, manifest: Manifest, home: Path) -> Store:
    work = restorer(NETWORK, manifest, home / "restoring")
    for index, part in enumerate(chunks(home / "snapshots", manifest)):
        work.add(index, part)
    target = Store(home / "copy", NETWORK.suite.hash)
    try:
        work.finish(target, CHECK)
    except BaseException:
        target.close()
        raise
    return target


def test_certified_snapshot_is_restored_with_its_certificate(
    chain: CertifiedChain, tmp_path: Path
) -> None:
    plain = take(chain, tmp_path / "snapshots")
    chain.block([])
    with chain.store.read() as reading:
        made = reading.certificate(5)
    assert made is not None
    manifest = certify(plain, made)
    assert manifest_hash(NETWORK.suite, manifest) == manifest_hash(NETWORK.suite, plain)
    target = rebuild(chain, manifest, tmp_path)
    assert content(target, *STATE) == content(chain.store, *STATE)
    with target.read() as reading:
        assert reading.certificate(5) == made
        assert reading.block(5) is not None and b"signatures" not in (reading.block(5) or b"")
    assert scan(target).height == 5
    target.close()


@pytest.mark.parametrize("change", [{}, {"time_ms": 1_700_000_000_001}, {"block": "other"}])
def test_header_that_validators_did_not_certify_is_refused(
    chain: CertifiedChain, tmp_path: Path, change: dict[str, Any]
) -> None:
    manifest = take(chain, tmp_path / "snapshots")
    made = b"null" if not change else certificate(NETWORK, manifest.header)
    block = manifest.block
    if "time_ms" in change:
        block = msgspec.structs.replace(
            block, header=msgspec.structs.replace(block.header, **change)
        )
    elif change:
        block = msgspec.structs.replace(block, block_id="00" * 32)
    manifest = certify(msgspec.structs.replace(manifest, block=block), made)
    with pytest.raises(SnapshotRefused):
        rebuild(chain, manifest, tmp_path)


def test_sound_store_of_certified_blocks(chain: CertifiedChain) -> None:
    assert scan(chain.store).transactions == 30
    with pytest.raises(StoreAltered):
        scan_store(chain.store, NETWORK.genesis)


def replace_certificate(height: int, data: Callable[[CertifiedChain], bytes | None]) -> Any:
    def work(chain: CertifiedChain) -> None:
        db = chain.store.environment.db["certificates"]
        key = height.to_bytes(8, "big")
        made = data(chain)

        def write(txn: Any) -> None:
            if made is None:
                txn.delete(key, db=db)
            else:
                txn.put(key, made, db=db)

        chain.store.environment.write(write)

    return work


def other_header(chain: CertifiedChain) -> bytes:
    return certificate(NETWORK, msgspec.structs.replace(chain.app.committed, height=2))


ALTERATIONS = {
    "a missing certificate": replace_certificate(2, lambda _: None),
    "of another block": replace_certificate(2, other_header),
    "no certificate": replace_certificate(2, lambda _: b"{}"),
    "above the head": replace_certificate(9, lambda _: b"{}"),
}


@pytest.mark.parametrize("work", ALTERATIONS.values(), ids=ALTERATIONS.keys())
def test_altered_certificate_is_found(chain: CertifiedChain, work: Any) -> None:
    work(chain)
    with pytest.raises(StoreAltered):
        scan(chain.store)
