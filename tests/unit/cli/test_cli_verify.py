"""hanse verify: real proofs of a real ledger, with nothing but the genesis file."""

import json
from pathlib import Path

import pytest
from changing_chain import ChangingChain, ChangingNetwork
from ledger_network import COUNTERS, Add, Network, registry
from msgspec.structs import replace

from hanse.cli.main import main
from hanse.ledger.genesis import encode_genesis
from hanse.ledger.ledger import Ledger
from hanse.ledger.light.checkpoint import encode_checkpoint
from hanse.ledger.proofs import encode_proof


@pytest.fixture(params=["sm", "intl"])
async def papers(request, tmp_path: Path) -> dict[str, Path]:
    network = Network(request.param)
    ledger = await Ledger.open(tmp_path / "ledger", network.genesis, registry(), network.role)
    await ledger.start()
    try:
        done = await ledger.submit(network.transaction(Add("clients", 7)))
        refused = await ledger.submit(network.transaction(Add("clients", -900)))
        await ledger.wait_receipt(done)
        await ledger.wait_receipt(refused)
        content = {
            "genesis": encode_genesis(network.genesis),
            "done": encode_proof(await ledger.prove_transaction(done)),
            "refused": encode_proof(await ledger.prove_transaction(refused)),
            "value": encode_proof(await ledger.prove_state(COUNTERS.key("clients"))),
            "absent": encode_proof(await ledger.prove_state(COUNTERS.key("nobody"))),
            "alien": encode_genesis(Network(request.param).genesis),
        }
    finally:
        await ledger.close()
    for name, data in content.items():
        (tmp_path / f"{name}.json").write_bytes(data)
    return {name: tmp_path / f"{name}.json" for name in content}


def verify(papers: dict[str, Path], proof: str, genesis: str = "genesis") -> int:
    return main(["verify", str(papers[proof]), "--genesis", str(papers[genesis]), "--json"])


def test_transaction_is_shown_with_its_outcome(papers, capsys) -> None:
    assert verify(papers, "done") == 0
    fact = json.loads(capsys.readouterr().out)
    assert (fact["kind"], fact["network"]) == ("transaction", "test")
    assert (fact["contract"], fact["action"], fact["ok"]) == ("counter", "Add", True)
    assert fact["payload"] == {"name": "clients", "amount": 7}
    assert fact["events"][0]["data"] == {"name": "clients", "value": 7}


def test_refused_transaction_is_shown_as_refused(papers, capsys) -> None:
    assert verify(papers, "refused") == 0
    fact = json.loads(capsys.readouterr().out)
    assert (fact["ok"], fact["code"], fact["events"]) == (False, "test.not_enough", [])


def test_value_and_absence(papers, capsys) -> None:
    assert verify(papers, "value") == 0
    fact = json.loads(capsys.readouterr().out)
    assert fact["key"] == ["counter", "counters", "clients"]
    assert (fact["absent"], fact["value"]["value"]) == (False, 7)
    assert verify(papers, "absent") == 0
    fact = json.loads(capsys.readouterr().out)
    assert (fact["absent"], fact["value"]) == (True, None)


def test_people_see_a_table(papers, capsys) -> None:
    arguments = ["verify", str(papers["done"]), "--genesis", str(papers["genesis"])]
    assert main(arguments) == 0
    out = capsys.readouterr().out
    assert "clients" in out and "counter" in out and "yes" in out


@pytest.mark.parametrize("proof", ["done", "value", "absent"])
def test_a_flipped_byte_anywhere_is_refused(papers, proof, capsys) -> None:
    data = papers[proof].read_bytes()
    for place in range(0, len(data), max(1, len(data) // 12)):
        altered = bytearray(data)
        altered[place] ^= 1
        papers[proof].write_bytes(bytes(altered))
        assert verify(papers, proof) != 0, place
        capsys.readouterr()
    papers[proof].write_bytes(data)
    assert verify(papers, proof) == 0


def test_proof_of_another_network_is_refused(papers, capsys) -> None:
    assert verify(papers, "done", "alien") == 6
    assert json.loads(capsys.readouterr().err)["error"]["code"] == "ledger.bad_proof"


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff\xfe", b'{"kind":"state"}'])
def test_what_is_no_proof_is_refused(papers, content, capsys) -> None:
    papers["done"].write_bytes(content)
    assert verify(papers, "done") == 6
    assert verify(papers, "value", "done") != 0
    capsys.readouterr()


def test_missing_files_are_named(papers, capsys) -> None:
    papers["gone"] = Path("/nowhere/proof.json")
    assert verify(papers, "gone") == 2
    assert "/nowhere/proof.json" in capsys.readouterr().err


def test_signature_of_the_only_orderer_is_said_in_words(papers, capsys) -> None:
    assert verify(papers, "done") == 0
    fact = json.loads(capsys.readouterr().out)
    algorithm = "SM2" if b'"suite":"sm"' in papers["genesis"].read_bytes() else "Ed25519"
    said = f"{algorithm} signature of the network's only orderer, did:hanse:operator"
    assert fact["signed_by"] == said
    assert (fact["signed_power"], fact["total_power"], fact["changes_followed"]) == (1, 1, 0)


@pytest.fixture
async def certified(tmp_path: Path) -> dict[str, Path]:
    """Papers of a network whose validators changed once."""
    network = ChangingNetwork()
    chain = ChangingChain(network, tmp_path / "chain")
    chain.change({1: 3, 2: 1, 3: 1})
    receipt = chain.block([chain.transaction(Add("clients", 7))]).receipts[0]
    chain.away = {network.members[3].did}
    chain.block()
    content = {
        "genesis": encode_genesis(network.genesis),
        "done": encode_proof(await chain.prover.transaction(receipt.tx)),
        "both": encode_proof(await chain.engine_prover.transaction(receipt.tx)),
        "trusted": encode_checkpoint(chain.prover.checkpoint()),
        "alien": encode_checkpoint(replace(chain.prover.checkpoint(), chain="00" * 32)),
    }
    chain.close()
    for name, data in content.items():
        (tmp_path / f"{name}.json").write_bytes(data)
    return {name: tmp_path / f"{name}.json" for name in content}


def test_certificate_of_validators_is_said_in_words(certified, capsys) -> None:
    assert verify(certified, "done") == 0
    fact = json.loads(capsys.readouterr().out)
    people = "did:hanse:member1, did:hanse:member2"
    followed = "1 change of validators followed from the genesis"
    assert fact["signed_by"] == f"SM2 certificate of {people}: 4 of 5 votes; {followed}"
    assert (fact["signed_power"], fact["total_power"]) == (4, 5)
    assert [signer["power"] for signer in fact["signers"]] == [3, 1]
    assert (fact["changes_followed"], fact["followed_from"]) == (1, 0)
    assert fact["engine_power"] is None


def test_commit_of_the_engine_is_said_in_words(certified, capsys) -> None:
    assert verify(certified, "both") == 0
    fact = json.loads(capsys.readouterr().out)
    assert fact["signed_by"].endswith("; the engine's Ed25519 commit holds too: 5 of 5 votes")
    assert (fact["signed_power"], fact["engine_power"]) == (4, 5)


def test_validators_are_followed_from_a_checkpoint(certified, capsys) -> None:
    arguments = ["verify", str(certified["done"]), "--genesis", str(certified["genesis"])]
    assert main([*arguments, "--trusted", str(certified["trusted"]), "--json"]) == 0
    fact = json.loads(capsys.readouterr().out)
    assert fact["signed_by"].endswith("4 of 5 votes; the validators of block 2")
    assert (fact["changes_followed"], fact["followed_from"]) == (0, 2)
    for other in ("alien", "genesis"):
        assert main([*arguments, "--trusted", str(certified[other]), "--json"]) == 2
        assert "ledger.bad_checkpoint" in capsys.readouterr().err
