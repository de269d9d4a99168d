"""Proofs that hold by the engine's own votes as well."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator

import msgspec
import pytest
from changing_chain import ChangingChain, ChangingNetwork
from ledger_network import COUNTERS, Add, Network

from hanse.ledger.block import decode_block
from hanse.ledger.certificates import encode_certificate
from hanse.ledger.errors import BadProof
from hanse.ledger.genesis import genesis_hash
from hanse.ledger.light.checkpoint import Checkpoint
from hanse.ledger.light.engine.commit import EngineCommit, vote_bytes
from hanse.ledger.light.engine.evidence import EngineEvidence
from hanse.ledger.light.engine.header import SHA256, engine_header_hash
from hanse.ledger.light.handovers import checkpoint_at
from hanse.ledger.proofs import Proof, StateProof, TransactionProof, encode_proof, verify_proof

NETWORK = ChangingNetwork()
replace = msgspec.structs.replace


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChangingChain]:
    """Blocks of several transactions, one of them refused; handovers at blocks 2 and 5."""
    opened = ChangingChain(NETWORK, tmp_path_factory.mktemp("chain"))
    sets: dict[int, dict[int, int]] = {2: {1: 1, 2: 1, 3: 1, 4: 1}, 5: {4: 2, 5: 1, 6: 1}}
    for height in range(1, 9):
        transactions = [opened.transaction(Add("x", n)) for n in (height, -999, 1)]
        if height in sets:
            transactions.append(opened.deciding(sets[height]))
        opened.block(transactions)
    opened.block()
    yield opened
    opened.close()


def proofs_at(chain: ChangingChain, height: int, since: int = 0) -> list[TransactionProof]:
    with chain.store.read() as snapshot:
        receipts = decode_block(snapshot.block(height) or b"").receipts

    async def make() -> list[TransactionProof]:
        return [await chain.engine_prover.transaction(r.tx, since) for r in receipts]

    return asyncio.run(make())


@pytest.fixture(scope="module")
def proof(chain: ChangingChain) -> TransactionProof:
    return proofs_at(chain, 8)[0]


@pytest.fixture(scope="module")
def state(chain: ChangingChain) -> StateProof:
    return asyncio.run(chain.engine_prover.state(COUNTERS.key("x")))


def evidence_of(proof: Proof) -> EngineEvidence:
    assert proof.engine is not None
    return proof.engine


def refused(proof: Proof, match: str = ".") -> None:
    with pytest.raises(BadProof, match=match):
        verify_proof(NETWORK.genesis, encode_proof(proof))


def test_every_transaction_is_proved_by_both(chain: ChangingChain) -> None:
    for height in range(1, 9):
        for number, proof in enumerate(proofs_at(chain, height)):
            fact = verify_proof(NETWORK.genesis, encode_proof(proof))
            assert fact.receipt is not None
            assert fact.receipt.ok == (number != 1)
            voted = fact.backing.voted
            assert voted is not None
            assert (voted.power, voted.total) == (4, 4)
            assert len(evidence_of(proof).changes) == fact.backing.changes


def test_state_is_proved_by_both(state: StateProof) -> None:
    fact = verify_proof(NETWORK.genesis, encode_proof(state))
    assert fact.value is not None
    assert fact.backing.voted is not None


def test_proof_without_the_engines_part_holds_too(proof: TransactionProof) -> None:
    fact = verify_proof(NETWORK.genesis, encode_proof(replace(proof, engine=None)))
    assert fact.backing.voted is None


@pytest.mark.parametrize("kind", ["transaction", "state"])
def test_a_flipped_bit_anywhere_is_refused(
    kind: str, proof: TransactionProof, state: StateProof
) -> None:
    data = encode_proof(proof if kind == "transaction" else state)
    chosen = random.Random(5)
    start, end = data.index(b'"engine":{'), data.index(b'"header":{"chain":')
    places = chosen.sample(range(start, end), 600)
    for at in places:
        flipped = bytearray(data)
        flipped[at] ^= 1 << chosen.randrange(7)
        with pytest.raises(BadProof):
            verify_proof(NETWORK.genesis, bytes(flipped))


def test_changes_are_followed_from_a_checkpoint(chain: ChangingChain) -> None:
    assert chain.app.directory is not None
    for trusted, needed in ((1, 2), (2, 2), (3, 1), (6, 0)):
        with chain.store.read() as snapshot:
            start: Checkpoint = checkpoint_at(
                chain.app.directory, snapshot, chain.certificate(trusted)
            )
        for since in (0, trusted):
            made = encode_proof(proofs_at(chain, 8, since)[0])
            backing = verify_proof(NETWORK.genesis, made, start).backing
            assert (backing.changes, backing.voted is not None) == (needed, True)


def test_parts_of_other_proofs_do_not_fit(
    chain: ChangingChain, proof: TransactionProof, state: StateProof
) -> None:
    part, earlier = evidence_of(proof), evidence_of(proofs_at(chain, 7)[0])
    sibling = evidence_of(proofs_at(chain, 8)[2])
    assert part.inclusion is not None and earlier.inclusion is not None
    assert sibling.inclusion is not None
    first, second = part.changes
    refused(replace(proof, engine=earlier), match="does not follow")
    refused(replace(proof, engine=replace(part, changes=[first])), match="one commit for each")
    refused(replace(proof, engine=replace(part, changes=[second, first])))
    refused(replace(proof, engine=replace(part, changes=[first, first])))
    refused(replace(proof, engine=replace(part, changes=[first, part.commit])))
    refused(replace(proof, engine=replace(part, inclusion=None)), match="lacks")
    refused(replace(proof, engine=replace(part, inclusion=earlier.inclusion)), match="another")
    refused(replace(proof, engine=replace(part, inclusion=sibling.inclusion)))
    refused(replace(state, engine=replace(evidence_of(state), inclusion=part.inclusion)))
    swapped = replace(part.inclusion, result_path=sibling.inclusion.result_path)
    refused(replace(proof, engine=replace(part, inclusion=swapped)))


def test_too_few_votes_are_refused(proof: TransactionProof) -> None:
    part = evidence_of(proof)
    fewer = replace(part.commit, votes=part.commit.votes[1:])
    refused(replace(proof, engine=replace(part, commit=fewer)), match="too little power")


def test_network_with_one_orderer_has_no_engine(proof: TransactionProof) -> None:
    network = Network()
    header = replace(proof.header, chain=genesis_hash(network.genesis))
    with pytest.raises(BadProof, match="no engine"):
        verify_proof(network.genesis, encode_proof(replace(proof, header=header)))


@pytest.mark.parametrize("forgotten", [3, 6, 8, 9])
def test_engine_that_keeps_too_little_is_no_reason_to_refuse_the_proof(
    chain: ChangingChain, forgotten: int
) -> None:
    chain.engine.forgotten = {forgotten}
    try:
        proof = proofs_at(chain, 8)[0]
    finally:
        chain.engine.forgotten = set()
    assert proof.engine is None
    verify_proof(NETWORK.genesis, encode_proof(proof))


def test_absent_voters_are_left_out(chain: ChangingChain) -> None:
    chain.engine.away = {NETWORK.members[5].did}
    try:
        proof = proofs_at(chain, 8)[0]
    finally:
        chain.engine.away = set()
    voted = verify_proof(NETWORK.genesis, encode_proof(proof)).backing.voted
    assert voted is not None
    assert (voted.power, voted.total) == (3, 4)


def test_part_that_would_not_hold_is_left_out(chain: ChangingChain) -> None:
    """The certificate in the engine's block is not the one stored: other signers, or none."""
    environment, key = chain.store.environment, (6).to_bytes(8, "big")
    with chain.store.read() as snapshot:
        kept = snapshot.certificate(6)
    assert kept is not None
    other = encode_certificate(NETWORK.sign(chain.statement(6), NETWORK.members[4:6]))
    try:
        for stored in (other, None):
            environment.write(lambda txn: txn.delete(key, db=environment.db["certificates"]))
            if stored is not None:
                environment.write(
                    lambda txn: txn.put(key, other, db=environment.db["certificates"])
                )
            proof = proofs_at(chain, 8)[0]
            assert proof.engine is None
            verify_proof(NETWORK.genesis, encode_proof(proof))
    finally:
        environment.write(lambda txn: txn.put(key, kept, db=environment.db["certificates"]))
    assert proofs_at(chain, 8)[0].engine is not None


def revoted(commit: EngineCommit, **altered: str) -> EngineCommit:
    """The same voters vote for an altered header."""
    header = replace(commit.header, **altered)
    bare = replace(commit, header=header)
    keys = {m.did: k for m, k in zip(NETWORK.members, NETWORK.engine_keys, strict=True)}
    votes = [
        replace(
            vote,
            signature=SHA256.sign_bytes(
                keys[vote.did], vote_bytes(bare, engine_header_hash(header), vote.time)
            ).hex(),
        )
        for vote in commit.votes
    ]
    return replace(bare, votes=votes)


def test_votes_that_contradict_the_certificates_are_refused(proof: TransactionProof) -> None:
    part = evidence_of(proof)
    first, second = part.changes
    honest = replace(part, commit=revoted(part.commit), changes=[revoted(first), second])
    verify_proof(NETWORK.genesis, encode_proof(replace(proof, engine=honest)))
    other = "00" * 32
    handed_over = replace(part, changes=[revoted(first, next_validators_hash=other), second])
    refused(replace(proof, engine=handed_over), match="handed over to another set")
    moved = replace(part, changes=[revoted(first, app_hash=other), second])
    refused(replace(proof, engine=moved), match="another state")
    state = replace(part, commit=revoted(part.commit, app_hash=other))
    refused(replace(proof, engine=state), match="another state")
    results = replace(part, commit=revoted(part.commit, last_results_hash=other))
    refused(replace(proof, engine=results), match="does not hold the transaction")
