"""A header proven to a node that knows nothing but the genesis."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from changing_chain import ChangingChain, ChangingNetwork
from ledger_network import Add

from hanse.ledger.errors import BadProof, NotCertifiedYet
from hanse.ledger.light.header_proof import (
    HeaderProof,
    decode_header_proof,
    encode_header_proof,
    verify_header_proof,
)

NETWORK = ChangingNetwork()


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[ChangingChain]:
    opened = ChangingChain(NETWORK, tmp_path)
    opened.change({1: 1, 2: 1, 3: 1, 4: 1})
    opened.block([opened.transaction(Add("x", 1))])
    opened.change({4: 2, 5: 1, 6: 1})
    for _ in range(4):
        opened.block()
    yield opened
    opened.close()


@pytest.fixture
def proof(chain: ChangingChain) -> HeaderProof:
    return chain.prover.header(6)


def test_header_after_changes_of_the_set_is_proven_from_the_genesis(
    chain: ChangingChain, proof: HeaderProof
) -> None:
    read = decode_header_proof(encode_header_proof(proof))
    backing = verify_header_proof(NETWORK.genesis, read)
    assert (backing.changes, backing.signed.power) == (2, 4)
    assert (read.header, read.block_id) == (chain.headers[6], chain.block_ids[6])


def test_newest_block_has_no_proof_before_it_is_certified(chain: ChangingChain) -> None:
    with pytest.raises(NotCertifiedYet):
        chain.prover.header(7)


def test_altered_proofs_are_refused(chain: ChangingChain, proof: HeaderProof) -> None:
    other = chain.prover.header(5)
    few = msgspec.structs.replace(proof.certificate, signatures=proof.certificate.signatures[:1])
    altered = {
        "block id": {"block_id": "00" * 32},
        "header": {"header": other.header},
        "certificate": {"certificate": other.certificate},
        "too few": {"certificate": few},
        "a change left out": {"changes": proof.changes[1:]},
        "no changes": {"changes": []},
        "version": {"v": 2},
    }
    for what, fields in altered.items():
        with pytest.raises(BadProof):
            verify_header_proof(NETWORK.genesis, msgspec.structs.replace(proof, **fields))
            pytest.fail(what)


def test_proof_of_another_network_is_refused(proof: HeaderProof) -> None:
    with pytest.raises(BadProof):
        verify_header_proof(ChangingNetwork().genesis, proof)


@pytest.mark.parametrize("data", [b"", b"{}", b"[1]", b'{"v":1}', b"\xff"])
def test_what_is_no_proof_is_refused(data: bytes) -> None:
    with pytest.raises(BadProof):
        decode_header_proof(data)
