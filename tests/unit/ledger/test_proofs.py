"""Proofs hold offline with the genesis alone; every alteration is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from ledger_chain import running
from ledger_network import COUNTERS, Add, CounterRecord, Network

from hanse.core import canonical
from hanse.ledger.errors import BadProof, NoSuchTransaction, NothingToProve
from hanse.ledger.proofs import (
    Proof,
    StateProof,
    TransactionProof,
    decode_proof,
    encode_proof,
    verify_proof,
)

NETWORK = Network(members=2)


@pytest.fixture(scope="module")
def proofs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Real proofs from a ledger with several blocks."""
    import asyncio

    async def make() -> dict[str, Any]:
        async with running(NETWORK, tmp_path_factory.mktemp("ledger")) as ledger:
            raws = [NETWORK.transaction(Add(f"c{i}", i + 1)) for i in range(40)]
            raws.append(NETWORK.transaction(Add("c1", -99)))
            ids = await asyncio.gather(*[ledger.submit(raw) for raw in raws])
            await asyncio.gather(*[ledger.wait_receipt(id_) for id_ in ids])
            return {
                "ids": ids,
                "executed": await ledger.prove_transaction(ids[5]),
                "failed": await ledger.prove_transaction(ids[-1]),
                "value": await ledger.prove_state(COUNTERS.key("c5")),
                "absence": await ledger.prove_state(COUNTERS.key("nobody")),
            }

    return asyncio.run(make())


def test_executed_transaction_is_proved(proofs: dict[str, Any]) -> None:
    fact = verify_proof(NETWORK.genesis, encode_proof(proofs["executed"]))
    assert (fact.kind, fact.tx, fact.chain) == ("transaction", proofs["ids"][5], NETWORK.chain)
    assert fact.receipt is not None and fact.receipt.ok
    assert fact.body is not None and fact.body.sender == "did:hanse:member0"
    assert fact.height >= 1


def test_failed_transaction_is_proved_with_its_code_and_without_wording(
    proofs: dict[str, Any],
) -> None:
    fact = verify_proof(NETWORK.genesis, encode_proof(proofs["failed"]))
    assert fact.receipt is not None
    assert (fact.receipt.code, fact.receipt.message) == ("test.not_enough", "")


def test_value_and_absence_are_proved(proofs: dict[str, Any]) -> None:
    value = verify_proof(NETWORK.genesis, encode_proof(proofs["value"])).value
    assert value is not None
    assert canonical.decode(value, CounterRecord).value == 6
    absence = verify_proof(NETWORK.genesis, encode_proof(proofs["absence"]))
    assert (absence.key, absence.value) == (COUNTERS.key("nobody"), None)


@pytest.mark.parametrize("kind", ["executed", "failed", "value", "absence"])
def test_one_flipped_byte_is_refused_wherever_it_is(proofs: dict[str, Any], kind: str) -> None:
    data = encode_proof(proofs[kind])
    for at in range(0, len(data), max(1, len(data) // 70)):
        for bit in (1, 32):
            flipped = bytes([*data[:at], data[at] ^ bit, *data[at + 1 :]])
            with pytest.raises(BadProof):
                verify_proof(NETWORK.genesis, flipped)


def test_white_space_around_the_file_is_allowed_inside_it_is_not(proofs: dict[str, Any]) -> None:
    data = encode_proof(proofs["value"])
    verify_proof(NETWORK.genesis, b"\n" + data + b"\n")
    with pytest.raises(BadProof):
        verify_proof(NETWORK.genesis, data.replace(b":", b": ", 1))


def test_other_network_orderer_and_key_are_refused(proofs: dict[str, Any]) -> None:
    data = encode_proof(proofs["value"])
    genesis = NETWORK.genesis
    with pytest.raises(BadProof, match="another network"):
        verify_proof(Network().genesis, data)
    proof = proofs["value"]
    forged = msgspec.structs.replace(proof.header, orderer="did:hanse:other")
    with pytest.raises(BadProof, match="somebody else"):
        verify_proof(genesis, encode_proof(msgspec.structs.replace(proof, header=forged)))
    with pytest.raises(BadProof, match="signature"):
        verify_proof(genesis, encode_proof(msgspec.structs.replace(proof, signature="zz")))


def mixed(proofs: dict[str, Any]) -> Iterator[Proof]:
    """Well-formed, rightly signed headers with facts they do not carry."""
    executed: TransactionProof = proofs["executed"]
    failed: TransactionProof = proofs["failed"]
    value: StateProof = proofs["value"]
    absence: StateProof = proofs["absence"]
    replace = msgspec.structs.replace
    yield replace(executed, receipt=failed.receipt)
    yield replace(executed, transaction=failed.transaction)
    yield replace(executed, index=executed.index + 1)
    yield replace(executed, index=-1)
    yield replace(executed, transaction_path=executed.transaction_path[:-1])
    yield replace(executed, receipt_path=[*executed.receipt_path, "00" * 32])
    yield replace(executed, receipt_path=["zz"])
    yield replace(failed, receipt=replace(failed.receipt, message="invented"))
    yield replace(value, value=None)
    yield replace(value, value="AAAA")
    yield replace(value, key=absence.key)
    yield replace(value, nodes=value.nodes[:-1])
    yield replace(value, nodes=["!"])
    yield replace(absence, value="AAAA")
    yield replace(value, v=2)


def test_facts_the_header_does_not_commit_to_are_refused(proofs: dict[str, Any]) -> None:
    for proof in mixed(proofs):
        with pytest.raises(BadProof):
            verify_proof(NETWORK.genesis, encode_proof(proof))


@pytest.mark.parametrize("data", [b"", b"{}", b"null", b'{"kind":"other"}', b"\xff"])
def test_what_is_no_proof_is_refused(data: bytes) -> None:
    with pytest.raises(BadProof):
        decode_proof(data)


def test_proof_is_readable_json(proofs: dict[str, Any]) -> None:
    document = json.loads(encode_proof(proofs["executed"]))
    assert document["kind"] == "transaction"
    assert document["transaction"]["body"]["contract"] == "counter"


async def test_nothing_to_prove_before_the_first_block(tmp_path: Path) -> None:
    async with running(NETWORK, tmp_path) as ledger:
        with pytest.raises(NothingToProve):
            await ledger.prove_state(b"x")
        for unknown in ("00" * 32, "zz", "00"):
            with pytest.raises(NoSuchTransaction):
                await ledger.prove_transaction(unknown)
            with pytest.raises(NoSuchTransaction):
                ledger.receipt(unknown)
