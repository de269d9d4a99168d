"""Four validators exchange their keys, one after the other, while the network works."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from bft_network import require_engine

from hanse.api.validators import ValidatorView
from hanse.cli.demo.network import DemoNetwork, running, wait_same_state
from hanse.cli.demo.process import DemoNode
from hanse.core import canonical
from hanse.ledger.genesis import decode_genesis
from hanse.ledger.proofs import verify_proof
from hanse.ledger.validators import ACTIVATION_DELAY
from hanse.sdk.waiting import wait_until

pytestmark = pytest.mark.faults


def test_every_validator_rotates_its_keys_under_load(tmp_path: Path) -> None:
    require_engine()
    network = DemoNetwork(tmp_path / "network", ledger="cometbft")
    with running(network):
        network.create()
        network.start()
        network.admit()
        operator, bank = network.nodes["operator"], network.nodes["bank"]
        before = voters(operator, operator.client().ledger.status().height)
        balance = operator.client().points.account(bank.did).balance_points
        first = operator.client().points.issue(bank.did, 1)
        with issuing(operator, bank) as issued:
            for organisation in network.validators:
                rotate(network.nodes[organisation.key], issued)
        wait_same_state(network)

        after = voters(operator, operator.client().ledger.status().height)
        assert after.keys() == before.keys()
        assert len(after) == 4
        for did, voter in after.items():
            assert voter.engine_public != before[did].engine_public
            assert voter.certificate_public != before[did].certificate_public
        # Each acknowledged transaction took effect once; nobody was taken for a culprit.
        now = bank.client().points.account(bank.did).balance_points
        assert now == balance + 1 + len(issued)
        assert len(set(issued)) == len(issued)
        assert operator.client().validators.reports().items == []
        # A light client gets from the first validators to the last ones by four handovers.
        genesis = decode_genesis(network.genesis_file.read_bytes())
        ledger = network.nodes["auditor"].client("auditor").ledger
        for transaction in (first.transaction, issued[-1]):
            proof = canonical.encode(ledger.prove_transaction(transaction))
            receipt = verify_proof(genesis, proof).receipt
            assert receipt is not None
            assert receipt.ok


@contextmanager
def issuing(operator: DemoNode, bank: DemoNode) -> Iterator[list[str]]:
    """Order after order while the caller works; what was acknowledged."""
    issued: list[str] = []
    ended = threading.Event()
    failures: list[BaseException] = []

    def work() -> None:
        client = operator.client()
        try:
            while not ended.is_set():
                issued.append(client.points.issue(bank.did, 1).transaction)
        except BaseException as failure:
            failures.append(failure)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield issued
    finally:
        ended.set()
        thread.join()
    assert failures == []


def rotate(node: DemoNode, issued: list[str]) -> None:
    """Exchange both keys of a validator, and see it vote with them while the load goes on."""
    client = node.client()
    decided = client.validators.rotate_keys().height
    own = voters(node, decided + ACTIVATION_DELAY)[node.did]
    sent = len(issued)

    def signs() -> bool:
        seen = {voter.did: voter for voter in client.ledger.consensus().validators}[node.did]
        return bool(seen.signed) and len(issued) > sent + 2

    wait_until(signs, bool, what="a vote with the new keys", timeout_s=120.0)
    assert voters(node, client.ledger.status().height)[node.did].engine_public == own.engine_public


def voters(node: DemoNode, height: int) -> dict[str, ValidatorView]:
    """The set that votes on a block, by DID."""
    client = node.client()
    client.ledger.wait_height(height)
    return {voter.did: voter for voter in client.validators.list(height=height).items}
