"""Proofs where validators certify blocks: followed from the genesis, every alteration refused."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from changing_chain import ChangingChain, ChangingNetwork
from ledger_network import COUNTERS, Add, Network

from hanse.ledger.block import decode_block
from hanse.ledger.certificates import Certificate
from hanse.ledger.errors import BadProof
from hanse.ledger.genesis import genesis_hash
from hanse.ledger.light.changes import ValidatorChange
from hanse.ledger.proofs import Proof, StateProof, TransactionProof, encode_proof, verify_proof
from hanse.ledger.validators import validators_hash

NETWORK = ChangingNetwork()
replace = msgspec.structs.replace


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChangingChain]:
    """Sets: 0-3 up to block 3, 1-4 up to block 6, then 4-6 with other powers; 10 blocks."""
    opened = ChangingChain(NETWORK, tmp_path_factory.mktemp("chain"))
    opened.block([opened.transaction(Add("x", 1))])
    opened.change({1: 1, 2: 1, 3: 1, 4: 1})  # block 2, votes from 4, certifies from 3
    opened.block([opened.transaction(Add("x", 2))])
    opened.block()
    opened.change({4: 2, 5: 1, 6: 1})  # block 5, certifies from 6
    for i in range(5):
        opened.block([opened.transaction(Add(f"y{i}", i)) for i in range(3)])
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def proof(chain: ChangingChain) -> TransactionProof:
    """Of a transaction of block 8, after both changes."""
    with chain.store.read() as snapshot:
        receipt = decode_block(snapshot.block(8) or b"").receipts[1]
    return asyncio.run(chain.prover.transaction(receipt.tx))


def refused(proof: Proof, *, match: str = ".") -> None:
    with pytest.raises(BadProof, match=match):
        verify_proof(NETWORK.genesis, encode_proof(proof))


def resigned(change: ValidatorChange, members: list[int], **altered: Any) -> ValidatorChange:
    """A change certified by others, perhaps with another statement."""
    statement = replace(change.certificate.statement, **altered)
    certificate = NETWORK.sign(statement, [NETWORK.members[i] for i in members])
    return replace(change, certificate=certificate)


def with_change(proof: TransactionProof, number: int, change: ValidatorChange) -> TransactionProof:
    changes = list(proof.changes)
    changes[number] = change
    return replace(proof, changes=changes)


def test_transaction_is_proved_through_two_changes_of_validators(proof: TransactionProof) -> None:
    fact = verify_proof(NETWORK.genesis, encode_proof(proof))
    assert (fact.height, fact.receipt and fact.receipt.ok) == (8, True)
    backing = fact.backing
    assert (backing.kind, backing.changes, backing.since) == ("validators", 2, 0)
    assert (backing.signed.power, backing.signed.total) == (4, 4)
    assert backing.signed.powers == {
        NETWORK.members[4].did: 2,
        NETWORK.members[5].did: 1,
        NETWORK.members[6].did: 1,
    }


async def test_value_and_absence_are_proved_at_the_newest_certified_block(
    chain: ChangingChain,
) -> None:
    chain.block()  # without transactions: the state is that of block 10, which is certified now
    for name, present in (("x", True), ("nobody", False)):
        made = await chain.prover.state(COUNTERS.key(name))
        fact = verify_proof(NETWORK.genesis, encode_proof(made))
        assert (fact.height, fact.value is not None) == (10, present)


def test_a_flipped_bit_anywhere_is_refused(proof: TransactionProof) -> None:
    data = encode_proof(proof)
    chosen = random.Random(3)
    for at in sorted(chosen.sample(range(len(data)), 700)):
        flipped = bytearray(data)
        flipped[at] ^= 1 << chosen.randrange(7)
        with pytest.raises(BadProof):
            verify_proof(NETWORK.genesis, bytes(flipped))


def test_certificate_needs_more_than_two_thirds_of_the_power(proof: TransactionProof) -> None:
    certificate = proof.certificate
    assert certificate is not None
    by_5_and_6 = Certificate(certificate.statement, certificate.signatures[1:])
    refused(replace(proof, certificate=by_5_and_6), match="too little power")
    by_4_and_5 = Certificate(certificate.statement, certificate.signatures[:2])
    verify_proof(NETWORK.genesis, encode_proof(replace(proof, certificate=by_4_and_5)))
    refused(replace(proof, certificate=None), match="not certified")


def test_duplicate_and_disordered_signatures_are_refused(proof: TransactionProof) -> None:
    certificate = proof.certificate
    assert certificate is not None
    first, second, third = certificate.signatures
    for signatures in ([first, first, second], [second, first, third], [first, second, second]):
        altered = Certificate(certificate.statement, signatures)
        refused(replace(proof, certificate=altered), match="ascending")


def test_an_outsider_and_a_wrong_key_are_refused(proof: TransactionProof) -> None:
    certificate = proof.certificate
    assert certificate is not None
    outsider = NETWORK.sign(certificate.statement, NETWORK.members[3:7])
    refused(replace(proof, certificate=outsider), match="outside")
    swapped = [
        replace(a, signature=b.signature)
        for a, b in zip(
            certificate.signatures,
            certificate.signatures[1:] + certificate.signatures,
            strict=False,
        )
    ]
    altered = Certificate(certificate.statement, swapped)
    refused(replace(proof, certificate=altered), match="signature does not hold")


def test_missing_and_reordered_changes_are_refused(proof: TransactionProof) -> None:
    first, second = proof.changes
    refused(replace(proof, changes=[second]), match="another set")
    refused(replace(proof, changes=[first]), match="another set")
    refused(replace(proof, changes=[]), match="another set")
    refused(replace(proof, changes=[second, first]), match="order")
    refused(replace(proof, changes=[first, first, second]), match="order")


def test_a_change_needs_the_set_in_force(proof: TransactionProof) -> None:
    first, second = proof.changes
    # Too few of the old set, the new set for itself, an older set, a mixture.
    refused(with_change(proof, 0, resigned(first, [0, 1])), match="too little power")
    refused(with_change(proof, 0, resigned(first, [1, 2, 3, 4])), match="outside")
    refused(with_change(proof, 1, resigned(second, [0, 1, 2, 3])), match="outside")
    refused(with_change(proof, 1, resigned(second, [4, 5, 6])), match="outside")
    verify_proof(NETWORK.genesis, encode_proof(with_change(proof, 1, resigned(second, [1, 3, 4]))))


def test_an_old_set_does_not_certify_later_blocks(
    chain: ChangingChain, proof: TransactionProof
) -> None:
    old = chain.app.validators(1)
    assert proof.certificate is not None
    named = validators_hash(NETWORK.suite, old)
    statement = replace(proof.certificate.statement, validators=named, next_validators=named)
    forged = NETWORK.sign(statement, NETWORK.members[:4])
    refused(replace(proof, certificate=forged), match="another set")
    # Without the changes that ended its term it is the set in force, and the proof holds: more
    # than two thirds of the genesis' validators signed a second history. A checkpoint helps.
    without = replace(proof, certificate=forged, changes=[])
    assert verify_proof(NETWORK.genesis, encode_proof(without)).backing.changes == 0


def test_new_set_must_be_the_one_that_was_certified(
    chain: ChangingChain, proof: TransactionProof
) -> None:
    first, second = proof.changes
    weaker = [replace(v, power=2) for v in first.validators]
    for validators in (weaker, first.validators[:-1], first.validators[::-1], []):
        refused(with_change(proof, 0, replace(first, validators=validators)), match="handed over")
    # A set that is none, even if certified.
    for broken in ([replace(first.validators[0], power=0), *first.validators[1:]],
                   [first.validators[0], *first.validators]):  # fmt: skip
        named = validators_hash(NETWORK.suite, broken)
        change = replace(resigned(first, [0, 1, 2, 3], next_validators=named), validators=broken)
        refused(with_change(proof, 0, change), match="handed over")
    # A change to itself says nothing.
    idle = resigned(first, [0, 1, 2, 3], next_validators=first.certificate.statement.validators)
    refused(with_change(proof, 0, replace(idle, validators=list(chain.app.validators(1)))),
            match="changes nothing")  # fmt: skip
    # Nor does another network count.
    refused(with_change(proof, 1, resigned(second, [1, 2, 3, 4], chain="00" * 32)),
            match="another network")  # fmt: skip


def test_a_change_at_or_after_the_block_does_not_belong(
    chain: ChangingChain, proof: TransactionProof
) -> None:
    first, _ = proof.changes
    late = resigned(first, [0, 1, 2, 3], height=8)
    refused(replace(proof, changes=[*proof.changes, late]), match="order")


def test_statement_must_be_of_this_block(chain: ChangingChain, proof: TransactionProof) -> None:
    signers = NETWORK.members[4:7]
    assert proof.certificate is not None
    honest = proof.certificate.statement
    alterations: list[dict[str, Any]] = [
        {"header": "00" * 32}, {"height": 9}, {"chain": "00" * 32}, {"block_id": "00" * 32},
        {"app_hash": "00" * 32}, {"receipts_root": "00" * 32}, {"v": 2},
    ]  # fmt: skip
    for altered in alterations:
        forged = NETWORK.sign(replace(honest, **altered), signers)
        refused(replace(proof, certificate=forged), match="not certified")
    refused(replace(proof, certificate=chain.certificate(7)), match="another block")
    refused(replace(proof, block_id="00" * 32), match="another block of the engine")
    refused(replace(proof, signature="00"), match="not certified")


def test_genesis_without_readable_validators_is_no_start(proof: TransactionProof) -> None:
    for initial in ({}, {"validators": {"validators": "none"}},
                    {"validators": {"validators": [{"did": "a"}]}}):  # fmt: skip
        genesis = replace(NETWORK.genesis, initial=initial)
        moved = replace(proof, header=replace(proof.header, chain=genesis_hash(genesis)))
        with pytest.raises(BadProof, match="genesis"):
            verify_proof(genesis, encode_proof(moved))


def test_proof_of_one_orderer_cannot_carry_what_validators_make(proof: TransactionProof) -> None:
    network = Network()
    header = replace(proof.header, chain=network.chain, orderer=network.operator.did)
    with pytest.raises(BadProof, match="no validators"):
        verify_proof(network.genesis, encode_proof(replace(proof, header=header)))


async def test_new_block_cannot_be_proved_by_old_state(chain: ChangingChain) -> None:
    made = await chain.prover.state(COUNTERS.key("x"))
    assert isinstance(made, StateProof)
    refused(replace(made, value=None))
    refused(replace(made, header=chain.headers[9]), match="not certified")
