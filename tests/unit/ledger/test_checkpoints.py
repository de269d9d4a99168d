"""Trusted headers: following validators from later than the genesis."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from changing_chain import ChangingChain, ChangingNetwork
from ledger_network import Add, Network

from hanse.ledger.block import decode_block, header_hash
from hanse.ledger.errors import BadCheckpoint, BadProof
from hanse.ledger.light.checkpoint import Checkpoint, decode_checkpoint, encode_checkpoint
from hanse.ledger.light.handovers import checkpoint_at
from hanse.ledger.proofs import TransactionProof, encode_proof, verify_proof

NETWORK = ChangingNetwork("intl")
HEIGHTS = range(1, 10)
HANDOVERS = {2, 5}
replace = msgspec.structs.replace


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChangingChain]:
    """Handovers at blocks 2 and 5, ten blocks."""
    opened = ChangingChain(NETWORK, tmp_path_factory.mktemp("chain"))
    sets: dict[int, dict[int, int]] = {2: {1: 1, 2: 1, 3: 1}, 5: {4: 2, 5: 1, 6: 1}}
    for height in range(1, 11):
        transactions = [opened.transaction(Add("x", height))]
        if height in sets:
            transactions.append(opened.deciding(sets[height]))
        opened.block(transactions)
    yield opened
    opened.close()


def proof_at(chain: ChangingChain, height: int, since: int = 0) -> TransactionProof:
    with chain.store.read() as snapshot:
        receipt = decode_block(snapshot.block(height) or b"").receipts[0]
    return asyncio.run(chain.prover.transaction(receipt.tx, since))


def checkpoint(chain: ChangingChain, height: int) -> Checkpoint:
    assert chain.app.directory is not None
    with chain.store.read() as snapshot:
        return checkpoint_at(chain.app.directory, snapshot, chain.certificate(height))


def test_newest_certified_header_is_offered(chain: ChangingChain) -> None:
    made = chain.prover.checkpoint()
    assert made == checkpoint(chain, 9)
    assert made.header == header_hash(NETWORK.suite, chain.headers[9])
    assert decode_checkpoint(b" " + encode_checkpoint(made) + b"\n") == made


@pytest.mark.parametrize("trusted", HEIGHTS)
def test_every_proof_from_there_on_holds_and_none_below(chain: ChangingChain, trusted: int) -> None:
    start = checkpoint(chain, trusted)
    for height in HEIGHTS:
        full, short = proof_at(chain, height), proof_at(chain, height, trusted)
        if height < trusted:
            with pytest.raises(BadProof, match="below the trusted header"):
                verify_proof(NETWORK.genesis, encode_proof(full), start)
            continue
        needed = len([h for h in HANDOVERS if trusted <= h < height])
        for proof in (full, short):
            backing = verify_proof(NETWORK.genesis, encode_proof(proof), start).backing
            assert (backing.changes, backing.since) == (needed, trusted)
        assert len(short.changes) == needed
        dropped = len(full.changes) - needed
        if dropped:
            with pytest.raises(BadProof):
                verify_proof(NETWORK.genesis, encode_proof(short))


def test_another_header_of_that_height_or_predecessor_is_refused(chain: ChangingChain) -> None:
    start = replace(checkpoint(chain, 5), header="00" * 32)
    for height, why in ((5, "another than"), (6, "another block"), (9, "another block")):
        with pytest.raises(BadProof, match=why):
            verify_proof(NETWORK.genesis, encode_proof(proof_at(chain, height)), start)
    later = replace(checkpoint(chain, 7), header="00" * 32)
    with pytest.raises(BadProof, match="does not continue"):
        verify_proof(NETWORK.genesis, encode_proof(proof_at(chain, 8)), later)


def test_another_set_is_refused(chain: ChangingChain) -> None:
    start = replace(checkpoint(chain, 7), validators=list(chain.app.validators(1)))
    with pytest.raises(BadProof, match="another set"):
        verify_proof(NETWORK.genesis, encode_proof(proof_at(chain, 9)), start)


def test_history_of_former_validators_does_not_pass_a_checkpoint(chain: ChangingChain) -> None:
    """The genesis' validators certify another block 9, as if nobody had ever replaced them."""
    honest = proof_at(chain, 9)
    voting = list(chain.app.validators(1))
    statement = replace(
        chain.statement(9),
        validators=chain.statement(1).validators,
        next_validators=chain.statement(1).validators,
    )
    forged = replace(honest, certificate=NETWORK.sign(statement, NETWORK.members[:4]), changes=[])
    assert verify_proof(NETWORK.genesis, encode_proof(forged)).backing.signed.total == len(voting)
    with pytest.raises(BadProof, match="another set"):
        verify_proof(NETWORK.genesis, encode_proof(forged), checkpoint(chain, 7))


def bad(made: Checkpoint) -> Iterator[Any]:
    first = made.validators[0]
    yield replace(made, chain="00" * 32)
    yield replace(made, v=2)
    yield replace(made, height=0)
    yield replace(made, header="00")
    yield replace(made, header="ZZ")
    yield replace(made, validators=[])
    yield replace(made, validators=made.validators[::-1])
    yield replace(made, validators=[first, *made.validators])
    yield replace(made, validators=[replace(first, power=0), *made.validators[1:]])
    yield replace(made, validators=[replace(first, certificate_public="00"), *made.validators[1:]])


def test_what_is_no_checkpoint_of_this_network_is_named(chain: ChangingChain) -> None:
    proof = encode_proof(proof_at(chain, 9))
    for altered in bad(checkpoint(chain, 7)):
        with pytest.raises(BadCheckpoint):
            verify_proof(NETWORK.genesis, proof, altered)
    for data in (b"", b"{}", encode_checkpoint(checkpoint(chain, 7)).replace(b":", b": ", 1)):
        with pytest.raises(BadCheckpoint):
            decode_checkpoint(data)


def test_network_with_one_orderer_needs_none(chain: ChangingChain) -> None:
    network = Network()
    proof = replace(proof_at(chain, 9), header=replace(chain.headers[9], chain=network.chain))
    with pytest.raises(BadCheckpoint, match="one orderer"):
        verify_proof(network.genesis, encode_proof(proof), checkpoint(chain, 7))
