"""Whom a newcomer believes, when it asks several nodes for a header to begin from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from changing_chain import ChangingChain, ChangingNetwork
from ledger_network import Add

from hanse.ledger.bft.engine.errors import EngineUnreachable
from hanse.ledger.bft.engine.questions import EngineQuestion
from hanse.ledger.errors import BadProof
from hanse.ledger.light.header_proof import encode_header_proof
from hanse.node.errors import PeerUnreachable
from hanse.node.snapshot_start import SnapshotGiver, SnapshotStart

NETWORK = ChangingNetwork()


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[ChangingChain]:
    opened = ChangingChain(NETWORK, tmp_path)
    opened.change({1: 1, 2: 1, 3: 1, 4: 1})
    opened.block([opened.transaction(Add("x", 1))])
    for _ in range(4):
        opened.block()
    yield opened
    opened.close()


def giver(chain: ChangingChain, height: int, *, lies: bool = False) -> SnapshotGiver:
    """A node whose newest snapshot is of that height; 0: it cannot be reached."""

    async def prove() -> bytes:
        if not height:
            raise PeerUnreachable
        proof = chain.prover.header(height)
        return encode_header_proof(
            msgspec.structs.replace(proof, block_id="00" * 32) if lies else proof
        )

    async def ask(question: EngineQuestion) -> bytes:
        raise EngineUnreachable

    return SnapshotGiver(f"at {height}", prove, ask)


async def test_newest_header_that_holds_is_taken_and_all_who_gave_one_are_asked(
    chain: ChangingChain,
) -> None:
    givers = [giver(chain, 2), giver(chain, 0), giver(chain, 5, lies=True), giver(chain, 4)]
    async with SnapshotStart(NETWORK.genesis, givers)() as sync:
        assert (sync.trust_height, sync.trust_hash) == (4, chain.block_ids[4])
        assert len(set(sync.servers)) == 2


async def test_one_source_is_given_to_the_engine_twice(chain: ChangingChain) -> None:
    async with SnapshotStart(NETWORK.genesis, [giver(chain, 3)])() as sync:
        assert sync.trust_height == 3
        assert len(sync.servers) == 2


@pytest.mark.parametrize(
    ("height", "lies", "error"), [(0, False, PeerUnreachable), (3, True, BadProof)]
)
async def test_without_a_header_that_holds_the_reason_is_told(
    chain: ChangingChain, height: int, lies: bool, error: type[Exception]
) -> None:
    start = SnapshotStart(NETWORK.genesis, [giver(chain, height, lies=lies)])
    with pytest.raises(error):
        async with start():
            pytest.fail("nothing is trusted")
