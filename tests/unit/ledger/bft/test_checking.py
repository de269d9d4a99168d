"""Which bundles may enter the mempool, what they cost, and what becomes of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from committee import Committee, CommitteeNetwork
from ledger_network import Add, RotateKey, value_of
from mempool_desk import Desk

from hanse.ledger.bft.bundles import MAX_MEMBERS, PREFIX, decode_bundle, encode_bundle
from hanse.ledger.bft.carried import RECHECKED_WITHIN, Carried


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    committee = Committee(CommitteeNetwork(seats=1), tmp_path, nodes=1)
    yield Desk(committee)
    committee.close()


def forged(raw: bytes) -> bytes:
    return raw[:-3] + (b"1" if raw[-3:-2] == b"0" else b"0") + raw[-2:]


async def test_bundle_is_verified_once_and_proposed_as_its_transactions(desk: Desk) -> None:
    members = [desk.send(f"m{n}") for n in range(4)]
    bundle = encode_bundle(members)
    assert await desk.code(bundle) == ""
    assert desk.code_again(bundle) == ""
    assert desk.verifiers.verified == 4
    assert desk.committee.propose([bundle]) == members
    desk.block([bundle])
    assert [value_of(desk.node.store, f"m{n}") for n in range(4)] == [1] * 4
    assert desk.verifiers.verified == 4
    assert desk.code_again(bundle) == "ledger.replayed"
    assert desk.code_again(bundle) == "ledger.nothing_new"
    assert await desk.code(bundle) == "ledger.nothing_new"
    assert len(desk.node.carried) == 0


async def test_bundle_stays_until_its_last_transaction_is_spent(desk: Desk) -> None:
    first, second = desk.send("first"), desk.send("second", ttl_ms=50)
    bundle = encode_bundle([first, second])
    assert await desk.code(bundle) == ""
    desk.block([first])
    assert desk.code_again(bundle) == ""
    assert desk.committee.propose([bundle]) == [second]
    desk.committee.time_ns += 100_000_000
    assert desk.committee.propose([bundle]) == []
    assert desk.code_again(bundle) == "ledger.transaction_expired"


@pytest.mark.parametrize("case", ["empty", "nested", "garbage member", "cut", "one copied", "huge"])
async def test_malformed_bundle_is_refused_without_verifying_anything(
    desk: Desk, case: str
) -> None:
    a, b = desk.send("a"), desk.send("b")
    inner = encode_bundle([a, b])
    huge = desk.committee.network.genesis.parameters.max_transaction_bytes + 1
    item, code = {
        "empty": (encode_bundle([]), "ledger.bad_bundle"),
        "nested": (encode_bundle([a, inner]), "ledger.bad_bundle"),
        "garbage member": (encode_bundle([a, b"garbage"]), "ledger.bad_transaction"),
        "cut": (inner[:-7], "ledger.bad_bundle"),
        "one copied": (encode_bundle([a] * MAX_MEMBERS), "ledger.bad_bundle"),
        "huge": (inner.ljust(huge, b"\x00"), "ledger.bad_bundle"),
    }[case]
    assert await desk.code(item) == code
    assert desk.verifiers.verified == 0
    assert await desk.code(inner) == ""


async def test_one_bad_signature_refuses_the_bundle_and_harms_nobody_else(desk: Desk) -> None:
    honest, other = desk.send("honest"), desk.send("other", 1)
    poisoned = encode_bundle([honest, forged(other)])
    sound = encode_bundle([other, honest])
    assert await desk.codes([poisoned, sound]) == ["ledger.bad_signature", ""]
    assert sorted(desk.committee.propose([sound])) == sorted([other, honest])


async def test_waiting_transactions_cannot_be_wrapped_again_and_again(desk: Desk) -> None:
    members = [desk.send(f"m{n}") for n in range(8)]
    assert await desk.code(encode_bundle(members)) == ""
    turned = [encode_bundle(members[n:] + members[:n]) for n in range(1, 8)]
    assert await desk.codes([*turned, *members]) == ["ledger.nothing_new"] * 15
    padded = encode_bundle([*members, desk.send("one new")])
    assert await desk.code(padded) == "ledger.nothing_new"
    assert desk.verifiers.verified == 8
    mostly_new = encode_bundle([members[0], desk.send("new"), desk.send("newer")])
    assert await desk.code(mostly_new) == ""
    assert len(desk.node.carried) == 10


async def test_the_same_transactions_in_many_bundles_at_once_are_verified_once(desk: Desk) -> None:
    members = [desk.send(f"m{n}") for n in range(4)]
    turned = [encode_bundle(members[n:] + members[:n]) for n in range(4)]
    assert await desk.codes(turned) == [""] + ["ledger.nothing_new"] * 3
    assert desk.verifiers.verified == 4


async def test_spent_transactions_are_no_padding(desk: Desk) -> None:
    old = [desk.send(f"old{n}") for n in range(9)]
    desk.block(old)
    assert await desk.code(encode_bundle([*old, desk.send("new")])) == "ledger.nothing_new"
    assert await desk.code(encode_bundle([old[0], desk.send("new")])) == ""


async def test_member_of_an_unknown_sender_is_left_out_of_proposals(desk: Desk) -> None:
    network = desk.committee.network
    fresh = network.suite.signing_public(network.suite.generate_signing_key()).hex()
    late = desk.send("late", 1)
    desk.block([network.transaction(RotateKey(fresh), 1, now_ms=desk.committee.now_ms)])
    sound = desk.send("sound")
    bundle = encode_bundle([late, sound])
    assert await desk.code(bundle) == ""
    assert desk.verifiers.verified == 1
    assert desk.committee.propose([bundle]) == [sound]


async def test_unknown_bundle_leaves_the_mempool_and_no_proposal_holds_it(desk: Desk) -> None:
    bundle = encode_bundle([desk.send("a"), desk.send("b")])
    assert desk.committee.propose([bundle, PREFIX + b"\x07what"]) == []
    assert desk.code_again(bundle) == "ledger.nothing_new"


async def test_proposed_block_with_a_bundle_is_refused(desk: Desk) -> None:
    bundle = encode_bundle([desk.send("a"), desk.send("b")])
    assert await desk.code(bundle) == ""
    assert desk.committee.verdicts([bundle]) == [False]
    assert [fault.kind for fault in desk.node.faults.seen()] == ["bad_proposal"]


async def test_engine_that_was_started_again_may_have_everything_again(desk: Desk) -> None:
    members = [desk.send("a"), desk.send("b")]
    assert await desk.code(encode_bundle(members)) == ""
    assert await desk.code(members[0]) == "ledger.nothing_new"
    desk.checking.begin()
    assert await desk.codes(members) == ["", ""]


async def test_item_the_engine_had_no_room_for_is_forgotten(desk: Desk) -> None:
    raw = desk.send("dropped")
    assert await desk.code(raw) == ""
    for _ in range(RECHECKED_WITHIN + 1):
        assert raw not in desk.committee.propose([])
        desk.block([desk.send("other")])
    assert len(desk.node.carried) == 0
    assert await desk.code(raw) == ""


async def test_mempool_has_room_for_so_many_transactions(desk: Desk) -> None:
    small = Carried(limit=3)
    desk.use(small)
    members = [desk.send(f"m{n}") for n in range(4)]
    assert await desk.code(encode_bundle(members)) == "ledger.pool_full"
    assert await desk.codes([encode_bundle(members[:2]), *members[2:]]) == [
        "", "", "ledger.pool_full",
    ]  # fmt: skip
    assert len(small) == 3


async def test_a_block_takes_what_fits_and_the_bundle_keeps_the_rest(tmp_path: Path) -> None:
    network = CommitteeNetwork(seats=1, max_block_transactions=3)
    desk = Desk(Committee(network, tmp_path, nodes=1))
    members = [desk.send(f"m{n}") for n in range(5)]
    bundle = encode_bundle(members)
    assert await desk.code(bundle) == ""
    assert desk.committee.propose([bundle]) == members[:3]
    desk.block([bundle])
    assert desk.code_again(bundle) == ""
    assert desk.committee.propose([bundle]) == members[3:]
    assert decode_bundle(bundle, len(bundle)) == members
    desk.committee.close()


async def test_bundles_and_single_transactions_give_the_same_receipts(tmp_path: Path) -> None:
    network = CommitteeNetwork()
    committee, alone = Committee(network, tmp_path / "a"), Committee(network, tmp_path / "b")
    desks = [Desk(committee, index) for index in range(4)]
    now_ms = committee.now_ms
    sent = [network.transaction(Add(f"c{n % 5}", n - 9), n % 5, now_ms=now_ms) for n in range(24)]
    for begin in range(0, 24, 8):
        part = sent[begin : begin + 8]
        bundles = [encode_bundle(part[:5]), encode_bundle(part[5:])]
        for desk in desks:
            assert await desk.codes(bundles) == ["", ""]
        bundled, single = committee.block(bundles), alone.block(part)
        assert {o.app_hash for o in bundled} == {o.app_hash for o in single}
        assert len({o.app_hash for o in bundled}) == 1
        assert [o.results for o in bundled] == [o.results for o in single]
    committee.close()
    alone.close()
