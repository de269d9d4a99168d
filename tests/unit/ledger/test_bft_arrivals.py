"""What is checked when a transaction comes, comes again, and after each block."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from committee import Committee, CommitteeNetwork
from ledger_network import RotateKey
from mempool_desk import Desk

from hanse.core.errors import HanseError
from hanse.ledger.bft.nonces import RecentNonces


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    committee = Committee(CommitteeNetwork(seats=1), tmp_path, nodes=1)
    yield Desk(committee)
    committee.close()


async def test_signature_is_verified_once_however_often_it_comes(desk: Desk) -> None:
    raw = desk.send()
    await desk.arrivals.admit(raw)
    assert await desk.checking.verdicts([raw, raw]) == [None, None]
    assert desk.code_again(raw) == ""
    assert desk.verifiers.verified == 1


async def test_committed_transaction_is_refused_again_by_memory_and_by_state(desk: Desk) -> None:
    done, waits = desk.send("done"), desk.send("waits")
    assert await desk.checking.verdicts([done, waits]) == [None, None]
    again = desk.node.known.get(done)
    desk.block([done])
    assert again is not None
    assert desk.code_again(done) == "ledger.replayed"
    with pytest.raises(HanseError) as refused:
        await desk.arrivals.admit(done)
    assert refused.value.code == "ledger.replayed"
    assert desk.code_again(waits) == ""
    again.checked_height = -1
    with pytest.raises(HanseError) as refused:
        await desk.arrivals.admit(done)
    assert refused.value.code == "ledger.replayed"


async def test_expired_transaction_leaves_the_mempool(desk: Desk) -> None:
    raw = desk.send(ttl_ms=50)
    assert await desk.code(raw) == ""
    assert desk.code_again(raw) == ""
    desk.committee.time_ns += 100_000_000
    assert desk.code_again(raw) == "ledger.transaction_expired"


async def test_transaction_of_a_key_that_was_changed_leaves_after_a_proposal(desk: Desk) -> None:
    network = desk.committee.network
    fresh = network.suite.signing_public(network.suite.generate_signing_key()).hex()
    rotation = network.transaction(RotateKey(fresh), 1, now_ms=desk.committee.now_ms)
    waits = desk.send(member=1)
    assert await desk.checking.verdicts([rotation, waits]) == [None, None]
    desk.block([rotation])
    assert desk.code_again(waits) == ""
    assert desk.committee.propose([waits]) == []
    assert desk.code_again(waits) == "ledger.key_not_valid"


def test_recent_nonces_say_how_far_back_they_know() -> None:
    nonces = RecentNonces(10, blocks=2)
    nonces.add(11, [b"a"])
    assert b"a" in nonces
    assert nonces.cover(10)
    assert not nonces.cover(9)
    nonces.add(12, [b"b"])
    nonces.add(13, [])
    assert b"a" not in nonces
    assert b"b" in nonces
    assert (nonces.cover(10), nonces.cover(11)) == (False, True)
    nonces.add(40, [b"c"])
    assert b"b" not in nonces
    assert (nonces.cover(38), nonces.cover(39)) == (False, True)
