"""Making proofs where certificates come a block late."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from changing_chain import ChangingChain, ChangingNetwork
from ledger_chain import running
from ledger_network import COUNTERS, Add, Network

from hanse.ledger.errors import (
    HandoverMissing,
    LedgerClosed,
    NoSuchTransaction,
    NotCertifiedYet,
    NothingToProve,
    NoValidators,
)
from hanse.ledger.proofs import encode_proof, verify_proof
from hanse.ledger.validators import preset_validators

NETWORK = ChangingNetwork("intl")
SHORT = 0.02


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[ChangingChain]:
    opened = ChangingChain(NETWORK, tmp_path)
    yield opened
    opened.close()


async def begins_to_wait(chain: ChangingChain) -> None:
    chain.waiting.asked.clear()
    await chain.waiting.asked.wait()


def height_of(proof: object) -> int:
    return verify_proof(NETWORK.genesis, encode_proof(proof)).height  # type: ignore[arg-type]


async def test_proof_of_the_newest_transaction_waits_for_the_next_block(
    chain: ChangingChain,
) -> None:
    chain.block()
    receipt = chain.block([chain.transaction(Add("x", 1))]).receipts[0]
    with pytest.raises(NotCertifiedYet):
        await chain.prover.transaction(receipt.tx, wait_s=SHORT)
    waiting = asyncio.create_task(chain.prover.transaction(receipt.tx, wait_s=30))
    await begins_to_wait(chain)
    chain.block()
    assert height_of(await waiting) == 2


async def test_state_is_proved_by_the_newest_certified_block_with_that_state(
    chain: ChangingChain,
) -> None:
    key = COUNTERS.key("x")
    with pytest.raises(NothingToProve):
        await chain.prover.state(key)
    chain.block([chain.transaction(Add("x", 1))])
    with pytest.raises(NotCertifiedYet):
        await chain.prover.state(key, wait_s=SHORT)
    chain.block()
    assert height_of(await chain.prover.state(key)) == 1  # block 2 changed nothing
    chain.block()
    assert height_of(await chain.prover.state(key)) == 2


async def test_state_of_now_is_proved_although_it_changes_while_waiting(
    chain: ChangingChain,
) -> None:
    chain.block([chain.transaction(Add("x", 1))])
    waiting = asyncio.create_task(chain.prover.state(COUNTERS.key("x"), wait_s=30))
    await begins_to_wait(chain)
    chain.block([chain.transaction(Add("x", 5))])
    made = await waiting
    assert height_of(made) == 1
    value = verify_proof(NETWORK.genesis, encode_proof(made)).value
    assert value is not None and b'"value":1' in value


async def test_waiting_ends_with_the_ledger(chain: ChangingChain) -> None:
    receipt = chain.block([chain.transaction(Add("x", 1))]).receipts[0]
    waiting = asyncio.create_task(chain.prover.transaction(receipt.tx, wait_s=30))
    await begins_to_wait(chain)
    chain.waiting.close()
    with pytest.raises(LedgerClosed):
        await waiting


async def test_unknown_transactions_have_no_proof(chain: ChangingChain) -> None:
    chain.block()
    for unknown in ("00" * 32, "zz", "00", "AB" * 32):
        with pytest.raises(NoSuchTransaction):
            await chain.prover.transaction(unknown)


async def test_node_that_lacks_a_handover_says_so_and_proves_since_later(
    chain: ChangingChain,
) -> None:
    chain.change({1: 1, 2: 1, 3: 1})
    receipt = chain.block([chain.transaction(Add("x", 1))]).receipts[0]
    chain.block()
    assert len((await chain.prover.transaction(receipt.tx)).changes) == 1
    environment = chain.store.environment
    environment.write(
        lambda txn: txn.delete((1).to_bytes(8, "big"), db=environment.db["certificates"])
    )
    with pytest.raises(HandoverMissing, match="block 1"):
        await chain.prover.transaction(receipt.tx)
    with pytest.raises(HandoverMissing):
        await chain.prover.state(COUNTERS.key("x"))
    proof = await chain.prover.transaction(receipt.tx, since=2)
    trusted = chain.prover.checkpoint()
    assert trusted.height == 2
    assert verify_proof(NETWORK.genesis, encode_proof(proof), trusted).height == 2


async def test_a_decision_that_changes_nothing_is_no_change(chain: ChangingChain) -> None:
    chain.change({0: 1, 1: 1, 2: 1, 3: 1})
    receipt = chain.block([chain.transaction(Add("x", 1))]).receipts[0]
    chain.block()
    proof = await chain.prover.transaction(receipt.tx)
    assert proof.changes == []
    assert height_of(proof) == 2


def test_no_checkpoint_before_the_first_certificate(chain: ChangingChain) -> None:
    chain.block()
    with pytest.raises(NothingToProve):
        chain.prover.checkpoint()
    chain.block()
    assert chain.prover.checkpoint().height == 1


async def test_network_with_one_orderer_has_no_checkpoints(tmp_path: Path) -> None:
    network = Network("intl")
    async with running(network, tmp_path) as ledger:
        await ledger.wait_receipt(await ledger.submit(network.transaction(Add("x", 1))))
        with pytest.raises(NoValidators):
            ledger.checkpoint()


def test_validators_of_the_genesis_are_those_the_contract_begins_with(
    chain: ChangingChain,
) -> None:
    assert preset_validators(NETWORK.genesis) == chain.app.validators(1)
    assert preset_validators(Network("intl").genesis) == ()
