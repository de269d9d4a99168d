"""Whatever sets follow each other: complete proofs hold, and none with a change left out."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import msgspec
from changing_chain import ChangingChain, ChangingNetwork, Powers
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_network import Add

from hanse.ledger.errors import BadProof
from hanse.ledger.proofs import encode_proof, verify_proof

NETWORK = ChangingNetwork("intl", members=5)
powers = st.dictionaries(st.integers(0, 4), st.integers(1, 5), min_size=1)
decisions = st.lists(st.none() | powers, min_size=1, max_size=7)


@settings(max_examples=25, deadline=None)
@given(decisions=decisions, data=st.data())
def test_walk_holds_exactly_when_it_is_complete(
    decisions: list[Powers | None], data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        chain = ChangingChain(NETWORK, Path(folder))
        try:
            receipts = []
            for decision in decisions:
                transactions = [chain.transaction(Add("x", 1))]
                if decision is not None:
                    transactions.append(chain.deciding(decision))
                receipts.append(chain.block(transactions).receipts[0])
            chain.block()
            for receipt in receipts:
                proof = asyncio.run(chain.prover.transaction(receipt.tx))
                verify_proof(NETWORK.genesis, encode_proof(proof))
                if not proof.changes:
                    continue
                left_out = data.draw(st.integers(0, len(proof.changes) - 1))
                fewer = [c for i, c in enumerate(proof.changes) if i != left_out]
                if not _leads_back(chain, proof.header.height, left_out, proof.changes):
                    _refused(msgspec.structs.replace(proof, changes=fewer))
                if len(proof.changes) > 1:
                    _refused(msgspec.structs.replace(proof, changes=proof.changes[::-1]))
        finally:
            chain.close()


def _leads_back(chain: ChangingChain, height: int, left_out: int, changes: list) -> bool:  # type: ignore[type-arg]
    """Whether the set before the change is also the one needed after it: then it is no gap."""
    before = list(chain.app.validators(1)) if left_out == 0 else changes[left_out - 1].validators
    if left_out + 1 == len(changes):
        return before == list(chain.app.validators(height + 1))
    return False


def _refused(proof: object) -> None:
    try:
        verify_proof(NETWORK.genesis, encode_proof(proof))  # type: ignore[arg-type]
    except BadProof:
        return
    raise AssertionError("a proof with another walk was accepted")
