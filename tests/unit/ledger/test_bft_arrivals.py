"""What is checked when a transaction comes, comes again, and after each block."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from committee import Committee, CommitteeNetwork, Node
from ledger_network import Add, RotateKey

from hanse.core.errors import HanseError
from hanse.ledger.bft.arrivals import Arrivals
from hanse.ledger.bft.nonces import RecentNonces
from hanse.ledger.execution import Check
from hanse.ledger.intake.worker import holds


class CountingVerifiers:
    """Verifies for real, and counts."""

    def __init__(self, network: CommitteeNetwork) -> None:
        self.network = network
        self.verified = 0

    async def verify(self, check: Check) -> bool:
        self.verified += 1
        return holds(self.network.suite, check)


class Desk:
    """Arrivals of one node, told of its blocks."""

    def __init__(self, committee: Committee) -> None:
        self.committee = committee
        self.node: Node = committee.nodes[0]
        self.verifiers = CountingVerifiers(committee.network)
        self.arrivals = Arrivals(
            self.node.app,
            self.verifiers,  # type: ignore[arg-type]
            self.node.known,
            lambda: committee.now_ms,
        )

    def block(self, items: list[bytes]) -> None:
        consensus = self.node.consensus
        content = self.committee.propose(items)
        self.committee.vote()
        self.committee.blocks.append((self.committee.height, self.committee.time_ns, content, b""))
        consensus.finalize(self.committee.height - 1, self.committee.time_ns, content, b"\x01" * 32)
        self.arrivals.committed(consensus.commit())
        self.committee.time_ns += 10_000_000

    def code_again(self, raw: bytes) -> str:
        error = self.arrivals.verdict_again(raw)
        return "" if error is None else error.code


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    committee = Committee(CommitteeNetwork(seats=1), tmp_path, nodes=1)
    yield Desk(committee)
    committee.close()


def send(desk: Desk, name: str = "x", member: int = 0, **options: object) -> bytes:
    committee = desk.committee
    return committee.network.transaction(Add(name, 1), member, now_ms=committee.now_ms, **options)


async def test_signature_is_verified_once_however_often_it_comes(desk: Desk) -> None:
    raw = send(desk)
    await desk.arrivals.admit(raw)
    assert await desk.arrivals.verdicts([raw, raw]) == [None, None]
    assert desk.code_again(raw) == ""
    assert desk.verifiers.verified == 1


async def test_committed_transaction_is_refused_again_by_memory_and_by_state(desk: Desk) -> None:
    done, waits = send(desk, "done"), send(desk, "waits")
    for raw in (done, waits):
        await desk.arrivals.admit(raw)
    again = desk.node.known.get(done)
    desk.block([done])
    assert again is not None
    desk.node.known.put(again)  # the engine may still send it
    assert desk.code_again(done) == "ledger.replayed"
    with pytest.raises(HanseError) as refused:
        await desk.arrivals.admit(done)
    assert refused.value.code == "ledger.replayed"
    assert desk.code_again(waits) == ""
    again.checked_height = -1
    assert desk.code_again(done) == "ledger.replayed"


async def test_expired_transaction_leaves_the_mempool(desk: Desk) -> None:
    raw = send(desk, ttl_ms=50)
    await desk.arrivals.admit(raw)
    assert desk.code_again(raw) == ""
    desk.committee.time_ns += 100_000_000
    assert desk.code_again(raw) == "ledger.transaction_expired"


async def test_transaction_of_a_key_that_was_changed_leaves_after_a_proposal(desk: Desk) -> None:
    network = desk.committee.network
    fresh = network.suite.signing_public(network.suite.generate_signing_key()).hex()
    rotation = network.transaction(RotateKey(fresh), 1, now_ms=desk.committee.now_ms)
    waits = send(desk, member=1)
    for raw in (rotation, waits):
        await desk.arrivals.admit(raw)
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
