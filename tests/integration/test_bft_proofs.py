"""Proofs of a network with real ordering engines hold by certificate and by the engine's votes."""

from __future__ import annotations

from pathlib import Path

import pytest
from bft_network import BftNetwork, require_engine, running_validators
from ledger_network import COUNTERS, Add

from hanse.ledger.clock import system_clock
from hanse.ledger.light.checkpoint import encode_checkpoint
from hanse.ledger.proofs import encode_proof, verify_proof

TIMEOUT_SECONDS = 60.0


@pytest.fixture(autouse=True)
def engine() -> None:
    require_engine()


async def test_proofs_follow_a_change_of_validators_by_both_signatures(tmp_path: Path) -> None:
    network = BftNetwork()
    async with running_validators(network, tmp_path, range(4)) as nodes:
        first, other = nodes[0], nodes[1]

        async def send(raw: bytes) -> str:
            receipt = await first.wait_receipt(await first.submit(raw), TIMEOUT_SECONDS)
            await other.wait_receipt(receipt.tx, TIMEOUT_SECONDS)
            return receipt.tx

        before = await send(network.transaction(Add("x", 5)))
        refused = await send(network.transaction(Add("x", -99)))
        decided = await send(network.change(network.seats[:3], now_ms=system_clock()))
        after = await send(network.transaction(Add("x", 1)))
        for tx, changes in ((before, 0), (refused, 0), (decided, 0), (after, 1)):
            for node in (first, other):
                proof = await node.prove_transaction(tx, wait_s=TIMEOUT_SECONDS)
                fact = verify_proof(network.genesis, encode_proof(proof))
                backing, voted = fact.backing, fact.backing.voted
                assert (fact.tx, backing.changes) == (tx, changes)
                assert 3 * backing.signed.power > 2 * backing.signed.total
                assert voted is not None
                assert 3 * voted.power > 2 * voted.total
                assert voted.total == (4 if not changes else 3)
        state = await other.prove_state(COUNTERS.key("x"), wait_s=TIMEOUT_SECONDS)
        fact = verify_proof(network.genesis, encode_proof(state))
        assert fact.value is not None and b'"value":6' in fact.value
        assert fact.backing.voted is not None
        trusted = other.checkpoint()
        assert encode_checkpoint(trusted)
        late = await other.prove_state(COUNTERS.key("x"), since=trusted.height)
        backing = verify_proof(network.genesis, encode_proof(late), trusted).backing
        assert (backing.changes, backing.since) == (0, trusted.height)
        assert (await other.verify_store()).height == other.height
