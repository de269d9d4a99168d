"""Executing blocks: outcomes, what stays in state, keys and versions by height."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from ledger_chain import Chain
from ledger_network import (
    CALLS,
    COUNTER,
    COUNTER_2,
    COUNTERS,
    PEOPLE,
    PEOPLE_CONTRACT,
    Add,
    AddMany,
    Directory,
    MachineTrouble,
    Member,
    Misbehave,
    Names,
    Network,
    Remove,
    RotateKey,
    registry,
    value_of,
)

from hanse.core import canonical
from hanse.core.errors import InternalError
from hanse.ledger.contract.contract import Contract
from hanse.ledger.errors import (
    BadGenesis,
    SoftwareTooOld,
    StoreAltered,
    UnknownContract,
    WrongGenesis,
    WrongOrderer,
)
from hanse.ledger.execution import PRUNED_PER_BLOCK
from hanse.ledger.ordering.sequencer import Sequencer, SequencerEngine
from hanse.ledger.records import REPLAY, VERSIONS, ActiveVersion, ContractVersions
from hanse.ledger.registry import Registry
from hanse.ledger.storage.delta import Delta
from hanse.ledger.transaction import build_transaction, parse_transaction


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    opened = Chain(Network(), tmp_path)
    yield opened
    opened.close()


def codes(executed: Any) -> list[str]:
    return [receipt.code for receipt in executed.receipts]


def root(chain: Chain) -> str:
    return chain.app.committed.state_root


def test_transaction_takes_effect_with_event_and_result(chain: Chain) -> None:
    executed = chain.block([chain.transaction(Add("x", 5))])
    receipt = executed.receipts[0]
    assert receipt.ok
    assert receipt.events[0].contract == "counter"
    assert receipt.events[0].data == {"name": "x", "value": 5}
    assert receipt.result["value"] == 5
    assert value_of(chain.store, "x") == 5


def test_later_transactions_of_a_block_see_earlier_ones(chain: Chain) -> None:
    raws = [chain.transaction(Add("x", n)) for n in (5, -3, -3, 4)]
    assert codes(chain.block(raws)) == ["", "", "test.not_enough", ""]
    assert value_of(chain.store, "x") == 6


def test_failed_transaction_leaves_only_its_used_nonce(chain: Chain) -> None:
    raw = chain.transaction(AddMany(["a", "b"], 1, fail=True))
    executed = chain.block([raw])
    assert codes(executed) == ["test.refused"]
    assert executed.receipts[0].events == []
    assert list(executed.delta.values) == [REPLAY.key(1)]
    assert codes(chain.block([raw])) == ["ledger.replayed"]


def test_block_without_user_transactions_leaves_the_root(chain: Chain) -> None:
    chain.block([chain.transaction(Add("x", 1))])
    before = root(chain)
    executed = chain.block([], after_ms=10**9)
    assert executed.state_root == before
    assert not executed.delta.values


def test_garbage_leaves_the_root_and_uses_no_nonce(chain: Chain) -> None:
    good = chain.transaction(Add("x", 1))
    forged = good[:-4] + (b"00" if good[-4:-2] != b"00" else b"11") + good[-2:]
    before = root(chain)
    executed = chain.block([forged, b"garbage", b"x" * 300_000])
    assert codes(executed) == [
        "ledger.bad_signature",
        "ledger.bad_transaction",
        "ledger.transaction_too_large",
    ]
    assert executed.state_root == before
    assert not executed.delta.transactions
    assert chain.block([good]).receipts[0].ok


def test_refusals_by_chain_time_contract_and_action(chain: Chain) -> None:
    network, now = chain.network, chain.now_ms
    member = network.members[0]

    def build(chain_id: str = network.chain, contract: str = "counter", **options: Any) -> bytes:
        options.setdefault("now_ms", now)
        return build_transaction(member, chain_id, contract, Add("x", 1), **options)

    stranger = Member("sm", "did:hanse:stranger")
    raws = [
        build(chain_id="00" * 32),
        build(ttl_ms=5),
        build(ttl_ms=90_000_000),
        build(contract="nothing"),
        build(contract="people"),
        build_transaction(stranger, network.chain, "counter", Add("x", 1), now_ms=now),
    ]
    assert codes(chain.block(raws)) == [
        "ledger.wrong_chain",
        "ledger.transaction_expired",
        "ledger.expiry_too_far",
        "ledger.unknown_contract",
        "ledger.unknown_action",
        "ledger.key_not_valid",
    ]


def test_payload_that_does_not_decode_fails_alone(chain: Chain) -> None:
    member = chain.network.members[0]

    class Add(msgspec.Struct, frozen=True):
        name: str

    raw = build_transaction(
        member,
        chain.network.chain,
        "counter",
        Add("x"),
        now_ms=chain.now_ms,  # type: ignore[arg-type]
    )
    assert codes(chain.block([raw])) == ["ledger.bad_transaction"]


def test_same_nonce_takes_effect_once(chain: Chain) -> None:
    nonce = "ab" * 16
    first = chain.transaction(Add("x", 1), nonce=nonce)
    second = chain.transaction(Add("x", 2), nonce=nonce)
    other = chain.transaction(Add("x", 4), 1, nonce=nonce)
    assert codes(chain.block([first, second, other])) == ["", "ledger.replayed", ""]
    assert codes(chain.block([second, first])) == ["ledger.replayed", "ledger.replayed"]
    assert value_of(chain.store, "x") == 5


def test_index_keeps_the_execution_not_the_replay(chain: Chain) -> None:
    raw = chain.transaction(Add("x", 1))
    chain.block([raw])
    chain.block([raw])
    with chain.store.read() as snapshot:
        assert snapshot.locate(parse_transaction(chain.network.suite, raw).id) == (1, 0)


def test_replay_window_is_pruned_when_it_expired(chain: Chain) -> None:
    for _ in range(PRUNED_PER_BLOCK + 4):
        chain.block([chain.transaction(Add("x", 1), ttl_ms=1_000)])
    assert REPLAY.has(chain.store, 1)
    chain.block([chain.transaction(Add("x", 1), ttl_ms=1_000)], after_ms=5_000)
    chain.block([chain.transaction(Add("x", 1), ttl_ms=100_000)], after_ms=500)
    height = chain.app.committed.height
    kept = [h for h in range(1, height + 1) if REPLAY.has(chain.store, h)]
    assert kept[-1] == height
    assert len(kept) < 10
    with chain.store.read() as snapshot:
        assert snapshot.count("replay") == len(kept)
        assert snapshot.count("expiry") == len(kept)


def test_pruning_follows_state_when_blocks_are_staged(tmp_path: Path) -> None:
    """Committing block by block or all at once gives the same roots."""
    network = Network(members=1)
    one, all_ = Chain(network, tmp_path / "a"), Chain(network, tmp_path / "b")
    for number in range(30):
        ttl = 50 if number % 3 else 5_000
        raw = one.transaction(Add(f"c{number % 4}", 1), ttl_ms=ttl)
        executed = one.block([raw] if number % 5 else [], after_ms=40)
        header = one.app.committed
        again = all_.app.execute(header.height, header.time_ms, executed.transactions)
        assert again.state_root == executed.state_root
        all_.app.stage(again, header, "")
    all_.app.commit()
    with one.store.read() as left, all_.store.read() as right:
        assert list(left.values()) == list(right.values())
        assert list(left.nodes()) == list(right.nodes())
        assert left.count("replay") == right.count("replay")
    one.close()
    all_.close()


def test_key_is_valid_by_height(chain: Chain) -> None:
    member = chain.network.members[0]
    old = chain.transaction(Add("x", 1))
    fresh = Member("sm", member.did)
    fresh.signing_key_id = "#key-2"
    rotation = chain.transaction(RotateKey(fresh.public))
    with_new = build_transaction(
        fresh, chain.network.chain, "counter", Add("x", 10), now_ms=chain.now_ms
    )
    assert codes(chain.block([rotation, old, with_new])) == ["", "", "ledger.key_not_valid"]
    again = chain.transaction(Add("x", 1))
    assert codes(chain.block([with_new, again])) == ["", "ledger.key_not_valid"]
    assert value_of(chain.store, "x") == 11


def test_verdict_on_arrival_is_not_believed_for_another_key(chain: Chain) -> None:
    impostor = Member("sm", chain.network.members[0].did)
    raw = build_transaction(
        impostor, chain.network.chain, "counter", Add("x", 1), now_ms=chain.now_ms
    )
    transaction = parse_transaction(chain.network.suite, raw)
    transaction.verified_with = bytes.fromhex(impostor.public)
    assert codes(chain.block([transaction])) == ["ledger.bad_signature"]


def test_verdict_on_arrival_saves_verifying_again(chain: Chain) -> None:
    raws = [chain.transaction(Add("x", 1)) for _ in range(4)]
    seen = [parse_transaction(chain.network.suite, raw) for raw in raws[:2]]
    for transaction in seen:
        transaction.verified_with = bytes.fromhex(chain.network.members[0].public)
    assert all(r.ok for r in chain.block([*seen, *raws[2:]]).receipts)
    assert len(chain.verified) == 2


def test_contract_fault_is_a_receipt_and_drops_its_writes(chain: Chain) -> None:
    raws = [chain.transaction(Misbehave("crash")), chain.transaction(Misbehave("elsewhere"))]
    assert codes(chain.block(raws)) == ["ledger.contract_failed", "ledger.write_outside_contract"]
    assert PEOPLE.get(chain.store, "did:hanse:victim") is None


def test_machine_trouble_halts_and_is_never_a_receipt(chain: Chain) -> None:
    raw = chain.transaction(Misbehave("machine"))
    CALLS["machine_trouble"] = 1
    with pytest.raises(MachineTrouble):
        chain.block([raw])
    assert chain.app.head.height == 0
    assert chain.block([raw]).receipts[0].ok


def test_deleted_record_is_gone(chain: Chain) -> None:
    chain.block([chain.transaction(Add("x", 1))])
    chain.block([chain.transaction(Remove("x"))])
    assert COUNTERS.get(chain.store, "x") is None


def test_wording_is_not_committed_to_but_the_code_is(chain: Chain) -> None:
    executed = chain.block([chain.transaction(Add("x", -1))])
    assert executed.receipts[0].message == "Add first."
    from hanse.ledger.block import receipt_leaf

    reworded = msgspec.structs.replace(executed.receipts[0], message="anders")
    recoded = msgspec.structs.replace(executed.receipts[0], code="other")
    assert receipt_leaf(reworded) == receipt_leaf(executed.receipts[0])
    assert receipt_leaf(recoded) != receipt_leaf(executed.receipts[0])


def _plan_version_2(chain: Chain, from_height: int) -> None:
    """What governance will do by transaction: enter a version for a later height."""
    versions = [ActiveVersion(1, 0), ActiveVersion(2, from_height)]
    delta = Delta()
    key = VERSIONS.key("counter")
    delta.values[key] = canonical.encode(ContractVersions(versions=versions))
    delta.hashed[key] = chain.network.suite.hash(canonical.tagged("hanse/state-key/1", key))
    delta.blocks[0] = chain.encoded(0)
    chain.store.commit(delta, chain.network.chain)


def test_contract_version_changes_at_its_height(chain: Chain) -> None:
    _plan_version_2(chain, 3)
    raws = [chain.transaction(Add("x", 1)) for _ in range(4)]
    checked = [chain.app.check(raw, chain.now_ms)[0] for raw in raws]  # decoded for version 1
    values = []
    for transaction in checked:
        chain.block([transaction])
        values.append(value_of(chain.store, "x"))
    assert values == [1, 2, 4, 6]


def test_version_the_software_lacks_halts(tmp_path: Path) -> None:
    wiring = registry().wiring
    old = Registry([PEOPLE_CONTRACT, COUNTER], wiring, Directory())
    chain = Chain(Network(), tmp_path, old)
    _plan_version_2(chain, 2)
    chain.block([chain.transaction(Add("x", 1))])
    with pytest.raises(SoftwareTooOld):
        chain.block([chain.transaction(Add("x", 1))])
    chain.close()


def test_genesis_that_names_unknown_things_is_refused(tmp_path: Path) -> None:
    network = Network()
    for number, change in enumerate(
        [
            {"contracts": {"people": 1, "counter": 9}},
            {"contracts": {"people": 1, "counter": 1, "more": 1}},
            {"initial": {"counter": {}}},
            {"initial": {"nothing": {}}},
            {"initial": {"people": {"people": 3}}},
        ]
    ):
        network.genesis = msgspec.structs.replace(Network().genesis, **change)
        with pytest.raises(BadGenesis):
            Chain(network, tmp_path / str(number))


def test_store_of_another_chain_is_refused(tmp_path: Path) -> None:
    Chain(Network(), tmp_path).close()
    with pytest.raises(WrongGenesis):
        Chain(Network(), tmp_path)


def test_reopening_continues(tmp_path: Path) -> None:
    network = Network()
    chain = Chain(network, tmp_path)
    raw = chain.transaction(Add("x", 1))
    chain.block([raw])
    header = chain.app.committed
    chain.close()
    again = Chain(network, tmp_path)
    assert again.app.committed == header
    assert codes(again.block([raw])) == ["ledger.replayed"]
    again.close()


def test_state_that_is_not_the_last_blocks_is_noticed_when_opening(tmp_path: Path) -> None:
    network = Network()
    chain = Chain(network, tmp_path)
    chain.block([chain.transaction(Add("x", 1))])
    delta = Delta(nodes={b"": b"\0"}, blocks={1: chain.encoded(1)})
    chain.store.commit(delta, network.chain)
    chain.close()
    with pytest.raises(StoreAltered):
        Chain(network, tmp_path)


def test_another_key_than_the_orderers_cannot_order(chain: Chain) -> None:
    with pytest.raises(WrongOrderer):
        SequencerEngine(chain.app, Sequencer(chain.network.members[0].private))
    assert repr(chain.network.role) == "Sequencer()"


def test_registry_refuses_doubles_and_missing_wiring() -> None:
    with pytest.raises(InternalError):
        Registry([COUNTER, COUNTER], registry().wiring, Directory())
    with pytest.raises(InternalError):
        Registry([COUNTER], {}, Directory())
    lonely = Contract("lonely", 1, {})
    only = Registry([lonely, COUNTER_2], {("counter", Names): lambda c: c}, Directory())
    assert only.version("lonely", 1) is lonely
    with pytest.raises(UnknownContract):
        only.active(NoState(), "lonely", 5)


class NoState:
    def get(self, key: bytes) -> bytes | None:
        return None
