"""Snapshots carry the certificates by which validators handed over."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from changing_chain import ChangingChain, ChangingNetwork
from ledger_network import COUNTERS, Add
from snapshot_tools import chunks, restorer, take

from hanse.ledger.bft.recovery import step_back
from hanse.ledger.certificates import Certificate
from hanse.ledger.errors import HandoverMissing
from hanse.ledger.light.handovers import kept_handovers
from hanse.ledger.proofs import encode_proof, verify_proof
from hanse.ledger.proving import Prover
from hanse.ledger.scan import scan_store
from hanse.ledger.snapshots.errors import SnapshotRefused
from hanse.ledger.snapshots.manifest import (
    Manifest,
    certify,
    decode_manifest,
    encode_manifest,
    manifest_hash,
)
from hanse.ledger.snapshots.restoring import header_check
from hanse.ledger.storage.store import Store
from hanse.ledger.waiting import Waiting

NETWORK = ChangingNetwork()
DIRECTORY = NETWORK.registry().validators


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[ChangingChain]:
    """Handovers at blocks 1 and 3."""
    opened = ChangingChain(NETWORK, tmp_path / "origin")
    opened.change({1: 1, 2: 1, 3: 1, 4: 1})
    opened.block([opened.transaction(Add("x", 1))])
    opened.change({4: 2, 5: 1, 6: 1})
    opened.block([opened.transaction(Add("x", 2))])
    yield opened
    opened.close()


def described(chain: ChangingChain, home: Path) -> Manifest:
    """A snapshot of block 4 as it is offered a block later."""
    plain = take(chain, home / "snapshots")
    chain.block()
    assert DIRECTORY is not None
    with chain.store.read() as snapshot:
        certificate = snapshot.certificate(4)
        handed_over = kept_handovers(DIRECTORY, snapshot, 4)
    assert certificate is not None
    manifest = certify(plain, certificate, handed_over)
    assert manifest_hash(NETWORK.suite, manifest) == manifest_hash(NETWORK.suite, plain)
    return decode_manifest(encode_manifest(manifest))


def restored(manifest: Manifest, home: Path) -> Store:
    work = restorer(NETWORK, manifest, home / "restoring")
    for index, part in enumerate(chunks(home / "snapshots", manifest)):
        work.add(index, part)
    target = Store(home / "copy", NETWORK.suite.hash)
    try:
        work.finish(target, header_check(NETWORK.genesis, DIRECTORY))
    except BaseException:
        target.close()
        work.abandon()
        raise
    return target


def test_restored_node_proves_from_the_genesis(chain: ChangingChain, tmp_path: Path) -> None:
    store = restored(described(chain, tmp_path), tmp_path)
    prover = Prover(store, NETWORK.genesis, DIRECTORY, Waiting(4))
    proof = asyncio.run(prover.state(COUNTERS.key("x")))
    fact = verify_proof(NETWORK.genesis, encode_proof(proof))
    assert (fact.height, fact.backing.changes) == (4, 2)
    assert scan_store(store, NETWORK.genesis, DIRECTORY).base == 5
    store.close()


def test_without_them_it_says_what_it_lacks(chain: ChangingChain, tmp_path: Path) -> None:
    bare = msgspec.structs.replace(described(chain, tmp_path), handovers=[])
    store = restored(bare, tmp_path)
    prover = Prover(store, NETWORK.genesis, DIRECTORY, Waiting(4))
    with pytest.raises(HandoverMissing):
        asyncio.run(prover.state(COUNTERS.key("x")))
    proof = asyncio.run(prover.state(COUNTERS.key("x"), since=4))
    verify_proof(NETWORK.genesis, encode_proof(proof), prover.checkpoint())
    store.close()


def test_a_node_that_steps_back_keeps_its_certificates(
    chain: ChangingChain, tmp_path: Path
) -> None:
    take(chain, tmp_path / "snapshots")
    chain.block([chain.transaction(Add("x", 9))])
    chain.block()
    assert step_back(chain.app, chain.store, tmp_path / "snapshots") == 4
    proof = asyncio.run(chain.prover.state(COUNTERS.key("x")))
    fact = verify_proof(NETWORK.genesis, encode_proof(proof))
    assert (fact.height, fact.backing.changes) == (4, 2)


@pytest.mark.parametrize(
    "how", ["reordered", "twice", "another block", "too few", "another set", "of the block itself"]
)
def test_handovers_that_do_not_hold_are_refused(
    chain: ChangingChain, tmp_path: Path, how: str
) -> None:
    manifest = described(chain, tmp_path)
    first, second = manifest.handovers
    fewer = Certificate(first.statement, first.signatures[:2])
    other = NETWORK.sign(first.statement, NETWORK.members[3:7])
    altered = {
        "reordered": [second, first],
        "twice": [first, first],
        "another block": [first, chain.certificate(2)],
        "too few": [fewer, second],
        "another set": [other, second],
        "of the block itself": [first, second, chain.certificate(4)],
    }[how]
    with pytest.raises(SnapshotRefused, match="does not hold"):
        restored(msgspec.structs.replace(manifest, handovers=altered), tmp_path)
