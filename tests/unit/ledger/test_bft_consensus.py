"""The application's side of consensus, with the engine played by the test."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from committee import Committee, CommitteeNetwork, registry
from ledger_chain import ListSource, running
from ledger_network import Add, Member, RotateKey, value_of

from hanse.ledger.bft.proposals import split_content
from hanse.ledger.block import with_certificate
from hanse.ledger.certificates import (
    PREFIX,
    VoteExtension,
    decode_certificate,
    decode_extension,
    encode_certificate,
    encode_extension,
    sign_statement,
    verify_certificate,
)
from hanse.ledger.errors import BadCertificate, OutOfStep
from hanse.ledger.ledger import Ledger
from hanse.ledger.ordering.follower import Follower
from hanse.ledger.transaction import build_transaction


@pytest.fixture(params=["sm", "intl"])
def network(request: pytest.FixtureRequest) -> CommitteeNetwork:
    return CommitteeNetwork(request.param)


@pytest.fixture
def committee(network: CommitteeNetwork, tmp_path: Path) -> Iterator[Committee]:
    committee = Committee(network, tmp_path)
    yield committee
    committee.close()


def send(committee: Committee, name: str = "x", member: int = 0, **options: object) -> bytes:
    return committee.network.transaction(Add(name, 1), member, now_ms=committee.now_ms, **options)


def test_all_execute_alike_and_an_empty_block_changes_nothing(committee: Committee) -> None:
    outcomes = committee.block([send(committee, "a"), send(committee, "b", 1)])
    assert len({outcome.app_hash for outcome in outcomes}) == 1
    empty = committee.block()
    assert {o.app_hash for o in empty} == {outcomes[0].app_hash}
    assert [value_of(node.store, "a") for node in committee.nodes] == [1] * 4


def test_certificate_of_a_block_is_complete_with_the_votes_on_the_next(
    committee: Committee,
) -> None:
    committee.block([send(committee)])
    assert committee.nodes[0].book.certificate(1) is None
    committee.block()
    for node in committee.nodes:
        data = node.book.certificate(1)
        assert data is not None
        certificate = decode_certificate(data)
        verify_certificate(committee.network.suite, node.app.validators(2), certificate)
        assert certificate.statement.app_hash == node.app.committed.state_root


def test_proposal_carries_the_certificate_of_the_block_before_the_last(
    committee: Committee,
) -> None:
    for _ in range(3):
        content = split_content(committee.propose([]))
        assert (content.certificate is None) == (committee.height < 3)
        committee.block()
    sent = split_content(committee.propose([])).certificate
    assert sent is not None
    assert decode_certificate(sent).statement.height == committee.height - 2


@pytest.mark.parametrize("damage", ["missing", "foreign", "altered", "too few", "garbage"])
def test_proposal_without_the_right_certificate_is_refused_and_noted(
    committee: Committee, damage: str
) -> None:
    for _ in range(3):
        committee.block([send(committee)])
    items = committee.propose([])
    certificate = decode_certificate(items[0][len(PREFIX) :])
    old = committee.nodes[0].book.certificate(1)
    assert old is not None
    wrong = {
        "missing": [],
        "foreign": [PREFIX + old],
        "altered": [
            PREFIX
            + encode_certificate(
                msgspec.structs.replace(
                    certificate,
                    statement=msgspec.structs.replace(certificate.statement, block_id="00" * 32),
                )
            )
        ],
        "too few": [
            PREFIX
            + encode_certificate(
                msgspec.structs.replace(certificate, signatures=certificate.signatures[:2])
            )
        ],
        "garbage": [PREFIX + b"\xff\x00"],
    }[damage]
    for node in committee.nodes[1:]:
        node.crash()  # forgets what it verified
    assert committee.verdicts(wrong)[1:] == [False] * 3
    kinds = {fault.kind for node in committee.nodes[1:] for fault in node.faults.seen()}
    assert kinds == {"bad_certificate"}
    assert committee.verdicts(items) == [True] * 4


@pytest.mark.parametrize(
    "case", ["nonsense", "replayed", "twice", "expired", "forged", "stranger", "other chain"]
)
def test_proposal_with_what_admission_refuses_is_refused_and_noted(
    committee: Committee, case: str
) -> None:
    done, fresh = send(committee, "done"), send(committee, "fresh")
    committee.block([done])
    forged = send(committee, member=1)
    forged = forged[:-3] + (b"1" if forged[-3:-2] == b"0" else b"0") + forged[-2:]
    alien = CommitteeNetwork(committee.network.suite.name)
    items = {
        "nonsense": [b"nonsense"],
        "replayed": [done],
        "twice": [fresh, fresh],
        "expired": [send(committee, ttl_ms=-10_000)],
        "forged": [forged],
        "stranger": [
            build_transaction(
                Member(committee.network.suite.name, "did:hanse:stranger"),
                committee.network.chain,
                "counter",
                Add("x", 1),
                now_ms=committee.now_ms,
            )
        ],
        "other chain": [alien.transaction(Add("x", 1), now_ms=committee.now_ms)],
    }[case]
    assert committee.verdicts(items) == [False] * 4
    offender = committee.nodes[0].seat.member.did
    for node in committee.nodes:
        assert [(f.offender, f.kind) for f in node.faults.seen()] == [(offender, "bad_proposal")]
    assert committee.propose(items) == ([fresh] if case == "twice" else [])


def test_order_and_size_are_the_proposers_within_limits(tmp_path: Path) -> None:
    network = CommitteeNetwork(max_block_transactions=3)
    committee = Committee(network, tmp_path)
    items = [send(committee, f"c{i}") for i in range(5)]
    assert committee.propose(items) == items[:3]
    assert committee.verdicts(items[:4]) == [False] * 4
    assert committee.verdicts(list(reversed(items[:3]))) == [True] * 4
    room = len(items[0]) + 6
    prepared = committee.nodes[0].consensus.prepare(1, committee.time_ns, items, room, [])
    assert prepared == items[:1]
    committee.close()


def test_wrong_extensions_are_refused_and_noted(committee: Committee) -> None:
    committee.block([send(committee)])
    liar, judge = committee.nodes[3], committee.nodes[0]
    good = decode_extension(liar.consensus.extension(committee.height))
    private = liar.seat.certificate_private
    lie = msgspec.structs.replace(good.statement, app_hash="00" * 32)
    signed_lie = sign_statement(committee.network.suite, private, lie)
    others = committee.nodes[2].seat.certificate_private
    stolen = sign_statement(committee.network.suite, others, good.statement)
    for data in (
        b"",
        b"\x00garbage",
        encode_extension(VoteExtension(lie, signed_lie)),
        encode_extension(VoteExtension(good.statement, signed_lie)),
        encode_extension(VoteExtension(good.statement, stolen)),
        encode_extension(good)[:-1] + b" }",
        encode_extension(good).replace(b'"app_hash":"', b'"app_hash":"\xb5'),
    ):
        assert not judge.consensus.is_extension_valid(committee.height, liar.seat.address, data)
    faults = judge.faults.seen()
    assert [(f.offender, f.kind, f.height) for f in faults] == [
        (liar.seat.member.did, "bad_extension", committee.height)
    ]
    assert judge.faults.take() == faults
    assert judge.faults.take() == []
    right = encode_extension(good)
    assert judge.consensus.is_extension_valid(committee.height, liar.seat.address, right)


@pytest.mark.parametrize("truth_first", [True, False])
def test_two_statements_of_one_block_convict_their_signer(
    committee: Committee, truth_first: bool
) -> None:
    committee.block([send(committee)])
    liar, judge = committee.nodes[3], committee.nodes[0]
    truth = liar.consensus.extension(committee.height)
    stated = decode_extension(truth).statement
    lie = msgspec.structs.replace(stated, app_hash="00" * 32)
    suite, private = committee.network.suite, liar.seat.certificate_private
    forged = encode_extension(VoteExtension(lie, "00" * 64))
    untrue = encode_extension(VoteExtension(lie, sign_statement(suite, private, lie)))
    for data in [truth, forged, untrue] if truth_first else [forged, untrue, truth]:
        judge.consensus.is_extension_valid(committee.height, liar.seat.address, data)
    (proved,) = [fault for fault in judge.faults.seen() if fault.proof is not None]
    assert (proved.offender, proved.kind) == (liar.seat.member.did, "equivocation")
    assert (proved.height, proved.proof) == (stated.height, (truth, untrue))


def test_three_of_four_are_enough_and_two_are_not(committee: Committee) -> None:
    committee.block([send(committee)])
    committee.block(away=[3])
    data = committee.nodes[0].book.certificate(1)
    assert data is not None
    certificate = decode_certificate(data)
    assert len(certificate.signatures) == 3
    fewer = msgspec.structs.replace(certificate, signatures=certificate.signatures[:2])
    with pytest.raises(BadCertificate):
        verify_certificate(committee.network.suite, committee.nodes[0].app.validators(2), fewer)


def test_changed_set_acts_two_blocks_later_and_signs_what_it_votes_on(tmp_path: Path) -> None:
    network = CommitteeNetwork(seats=4)
    committee = Committee(network, tmp_path)
    seats = network.seats
    before = committee.nodes[0].app.validators(1)
    (outcome, *_) = committee.block(
        [network.change([*seats[:3], seats[4]], now_ms=committee.now_ms)]
    )
    assert outcome.updates == {
        seats[3].engine_public.hex(): 0,
        seats[4].engine_public.hex(): 1,
    }
    app = committee.nodes[0].app
    assert app.validators(2) == before
    assert seats[4].member.did in [v.did for v in app.validators(3)]
    committee.block()
    statement = decode_certificate(committee.nodes[0].book.certificate(1) or b"").statement
    committee.vote(away=[3])  # votes on block 3 are by the new set
    later = decode_extension(committee.votes[0][1]).statement
    assert statement.next_validators == later.validators != statement.validators
    assert committee.nodes[3].consensus.extension(3) == b""
    committee.close()


def test_same_height_may_be_finalized_again_and_nothing_is_written_before_commit(
    committee: Committee,
) -> None:
    committee.block([send(committee)])
    node = committee.nodes[0]
    items, block_id = committee.propose([send(committee, "y")]), b"\x11" * 32
    first = node.consensus.finalize(2, committee.time_ns, items, block_id)
    again = node.consensus.finalize(2, committee.time_ns, items, block_id)
    assert first == again
    node.crash()
    assert (node.app.committed.height, value_of(node.store, "y")) == (1, 0)
    assert node.consensus.finalize(2, committee.time_ns, items, block_id) == first
    assert node.consensus.commit().height == 2
    assert value_of(node.store, "y") == 1
    with pytest.raises(OutOfStep):
        node.consensus.finalize(2, committee.time_ns, items, block_id)
    with pytest.raises(OutOfStep):
        node.consensus.commit()


def test_node_that_was_away_executes_what_was_decided_and_proposes_again(
    committee: Committee,
) -> None:
    for _ in range(4):
        committee.block([send(committee)], away=[3])
    late = committee.nodes[3]
    for height, time_ns, items, block_id in committee.blocks:
        late.consensus.finalize(height, time_ns, items, block_id)
        late.consensus.commit()
    assert late.app.committed == committee.nodes[0].app.committed
    content = late.consensus.prepare(
        committee.height, committee.time_ns, [], 1 << 20, committee.votes
    )
    assert split_content(content).certificate is not None
    assert committee.verdicts(content, proposer=3) == [True] * 4


def test_key_rotated_in_the_same_block_is_judged_as_it_is_executed(committee: Committee) -> None:
    network = committee.network
    fresh = network.suite.signing_public(network.suite.generate_signing_key()).hex()
    rotation = network.transaction(RotateKey(fresh), 1, now_ms=committee.now_ms)
    outcomes = committee.block([rotation, send(committee, member=1)])
    assert [code for code, _ in outcomes[0].results] == ["", ""]
    assert committee.propose([send(committee, member=1)])[-1:] != [send(committee, member=1)]


def test_block_time_always_moves_on(committee: Committee) -> None:
    committee.block()
    before = committee.nodes[0].app.committed.time_ms
    committee.time_ns -= 60_000_000_000
    committee.block()
    assert committee.nodes[0].app.committed.time_ms == before + 1


async def test_follower_verifies_certificates_instead_of_a_signature(
    committee: Committee, tmp_path: Path
) -> None:
    for index in range(4):
        committee.block([send(committee, f"c{index}")])
    node = committee.nodes[0]
    sent = {}
    for height in range(1, 4):
        with node.store.read() as snapshot:
            data = snapshot.block(height)
        certificate = node.book.certificate(height)
        assert data is not None
        assert certificate is not None
        sent[height] = with_certificate(data, certificate)
    source = ListSource(sent)
    ledger = await Ledger.open(
        tmp_path / "follower", committee.network.genesis, registry(), Follower(source), workers=1
    )
    await ledger.start()
    async for block in ledger.blocks(3):
        assert block.header.height == 3
        break
    assert [h for h in range(5) if ledger.certificate(h)] == [1, 2, 3]
    assert await ledger.fetch(1, 10, 0) == [sent[1], sent[2], sent[3]]
    source.blocks[4] = sent[3].replace(b'"height":3', b'"height":4')
    while not ledger.refusals:
        await asyncio.sleep(0.02)
    assert ledger.height == 3
    await ledger.close()


async def test_follower_refuses_a_block_that_is_not_certified(
    committee: Committee, tmp_path: Path
) -> None:
    committee.block([send(committee)])
    with committee.nodes[0].store.read() as snapshot:
        data = snapshot.block(1)
    assert data is not None
    source = ListSource({1: data})
    async with running_bft(committee, tmp_path / "follower", source) as ledger:
        while not ledger.refusals:
            await asyncio.sleep(0.02)
        assert ledger.refusals[0].code == "ledger.bad_block_signature"
        assert ledger.height == 0


def running_bft(committee: Committee, home: Path, source: ListSource):
    return running(committee.network, home, Follower(source), registry_=registry())
