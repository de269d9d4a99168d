"""A follower refuses what does not hold, says so, and goes on when it gets the right block."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from ledger_chain import Chain, ListSource, running
from ledger_network import Add, Member, Network, value_of
from patience import until

from hanse.core.errors import HanseError, UnavailableError
from hanse.ledger.block import Block, decode_block, encode_block, sign_header
from hanse.ledger.errors import (
    BadBlockSignature,
    BadTransaction,
    BlockFromFuture,
    BlockRefused,
    Diverged,
    StorageFull,
    WrongChain,
)
from hanse.ledger.ordering.follower import Follower, FollowerEngine

replace = msgspec.structs.replace
NETWORK = Network(members=2)


@pytest.fixture
def origin(tmp_path: Path) -> Iterator[Chain]:
    chain = Chain(NETWORK, tmp_path / "origin")
    for number in range(5):
        raws = [chain.transaction(Add(f"c{i}", number), i % 2) for i in range(4)]
        chain.block([*raws, chain.transaction(Add("x", -1)), b"garbage \xff"])
    yield chain
    chain.close()


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Chain]:
    chain = Chain(NETWORK, tmp_path / "copy")
    yield chain
    chain.close()


def apply(copy: Chain, *blocks: bytes, now_ms: int = 0) -> HanseError | None:
    engine = FollowerEngine(copy.app)
    _, refused = engine.apply(list(blocks), now_ms or NETWORK.genesis.created_ms + 10_000)
    return refused


def resigned(block: Block, **header: Any) -> bytes:
    """The block with another header, rightly signed: what a lying orderer would send."""
    changed = replace(block.header, **header)
    signature = sign_header(NETWORK.suite, NETWORK.operator.private, changed)
    return encode_block(replace(block, header=changed, signature=signature))


def test_following_gives_the_same_state(origin: Chain, copy: Chain) -> None:
    assert apply(copy, *[origin.encoded(h) for h in range(1, 6)]) is None
    assert copy.app.committed == origin.app.committed
    with origin.store.read() as left, copy.store.read() as right:
        assert list(left.values()) == list(right.values())
        assert [left.block(h) for h in range(6)] == [right.block(h) for h in range(6)]


def forged(block: Block) -> Iterator[tuple[bytes, type[HanseError]]]:
    header = block.header
    stranger = Member("sm", NETWORK.operator.did)
    signed_by_other = sign_header(NETWORK.suite, stranger.private, header)
    receipts = [replace(block.receipts[0], ok=False), *block.receipts[1:]]
    transactions = [*block.transactions[:2], block.transactions[0], *block.transactions[3:]]
    yield b"no block", BlockRefused
    yield encode_block(block)[:-3], BlockRefused
    yield encode_block(replace(block, signature=signed_by_other)), BadBlockSignature
    yield encode_block(replace(block, signature="zz")), BadBlockSignature
    yield encode_block(replace(block, signature=block.signature.upper())), BadBlockSignature
    yield encode_block(replace(block, header=replace(header, time_ms=1))), BadBlockSignature
    yield encode_block(replace(block, header=replace(header, v=2))), BlockRefused
    yield encode_block(replace(block, receipts=receipts)), BlockRefused
    yield encode_block(replace(block, receipts=[])), BlockRefused
    yield encode_block(replace(block, transactions=transactions)), BlockRefused
    yield encode_block(replace(block, transactions=block.transactions[1:])), BlockRefused
    broken = [*block.transactions[:5], msgspec.Raw(b'"%%%"')]
    yield encode_block(replace(block, transactions=broken)), BlockRefused
    yield resigned(block, orderer="did:hanse:other"), BadBlockSignature
    yield resigned(block, chain="00" * 32), BlockRefused
    yield resigned(block, height=2), BlockRefused
    yield resigned(block, count=7), BlockRefused
    yield resigned(block, time_ms=NETWORK.genesis.created_ms), BlockRefused
    yield resigned(block, time_ms=NETWORK.genesis.created_ms + 10**6), BlockFromFuture
    yield resigned(block, previous="00" * 32), Diverged
    yield resigned(block, state_root="00" * 32), Diverged
    yield resigned(block, receipts_root="00" * 32), Diverged
    yield resigned(block, transactions_root="00" * 32), BlockRefused


def test_every_forgery_is_refused_and_leaves_nothing(origin: Chain, copy: Chain) -> None:
    good = origin.encoded(1)
    count = 0
    for bad, expected in forged(decode_block(good)):
        refused = apply(copy, bad)
        assert type(refused) is expected, (count, refused)
        assert copy.app.head.height == copy.app.committed.height == 0
        count += 1
    assert count == 22
    assert apply(copy, good) is None
    assert copy.app.committed == origin_header(origin, 1)


def origin_header(origin: Chain, height: int) -> Any:
    return decode_block(origin.encoded(height)).header


def test_blocks_before_the_bad_one_are_kept(origin: Chain, copy: Chain) -> None:
    bad = resigned(decode_block(origin.encoded(3)), state_root="00" * 32)
    refused = apply(copy, origin.encoded(1), origin.encoded(2), bad, origin.encoded(4))
    assert isinstance(refused, Diverged)
    assert copy.app.committed.height == 2
    assert apply(copy, *[origin.encoded(h) for h in (3, 4, 5)]) is None
    assert copy.app.committed == origin.app.committed


def test_gap_and_repetition_are_refused(origin: Chain, copy: Chain) -> None:
    assert isinstance(apply(copy, origin.encoded(2)), BlockRefused)
    assert isinstance(apply(copy, origin.encoded(1), origin.encoded(1)), BlockRefused)
    assert copy.app.committed.height == 1


def test_clock_skew_is_bounded_not_forbidden(origin: Chain, copy: Chain) -> None:
    time_ms = origin_header(origin, 1).time_ms
    skew = NETWORK.genesis.parameters.max_skew_ms
    assert isinstance(apply(copy, origin.encoded(1), now_ms=time_ms - skew - 1), BlockFromFuture)
    assert apply(copy, origin.encoded(1), now_ms=time_ms - skew) is None


def test_wording_of_errors_may_differ_between_versions(origin: Chain, copy: Chain) -> None:
    block = decode_block(origin.encoded(1))
    reworded = [replace(r, message="other words" if not r.ok else "") for r in block.receipts]
    assert apply(copy, encode_block(replace(block, receipts=reworded))) is None


async def test_altered_block_on_the_wire_is_reported_and_then_recovered(
    origin: Chain, tmp_path: Path
) -> None:
    good = {h: origin.encoded(h) for h in range(1, 6)}
    altered = good[3].replace(b'"amount":2', b'"amount":9', 1)
    assert altered != good[3]
    source = ListSource(good | {3: altered})
    async with running(NETWORK, tmp_path / "f", Follower(source)) as ledger:
        await until(lambda: bool(ledger.refusals))
        assert ledger.height == 2
        assert (ledger.refusals[0].height, ledger.refusals[0].code) == (3, "ledger.block_refused")
        assert ledger.status().failure == "ledger.block_refused"
        source.blocks = good
        await until(lambda: ledger.height == 5)
        assert ledger.status().failure == ""
        assert ledger.status().refused_blocks >= 1
        assert value_of(ledger.state, "c0") == value_of(origin.store, "c0")


class FailingSource(ListSource):
    """Fails in different ways before it answers."""

    def __init__(self, blocks: dict[int, bytes], failures: list[Exception]) -> None:
        super().__init__(blocks)
        self.failures = failures

    async def fetch(self, from_height: int, limit: int, wait_ms: int) -> list[bytes]:
        if self.failures:
            raise self.failures.pop(0)
        return await super().fetch(from_height, limit, wait_ms)


async def test_failing_source_is_tried_again(
    origin: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hanse.ledger.ordering.following.FIRST_PAUSE_SECONDS", 0.01)
    failures: list[Exception] = [ConnectionError("gone"), UnavailableError("later"), KeyError("?")]
    source = FailingSource({1: origin.encoded(1)}, failures)
    async with running(NETWORK, tmp_path / "f", Follower(source)) as ledger:
        await until(lambda: ledger.height == 1)
        await until(lambda: ledger.status().failure == "")
        source.failures = [ConnectionError("gone")]
        await until(lambda: ledger.status().failure == "ledger.source_failed")


async def test_full_disk_stops_following_until_there_is_room(
    origin: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = ListSource({h: origin.encoded(h) for h in range(1, 6)})
    async with running(NETWORK, tmp_path / "f", Follower(source)) as ledger:
        await until(lambda: ledger.height == 5)
        raw = origin.transaction(Add("more", 1))
        origin.block([raw])
        real = ledger._store.commit

        def full(*_: object) -> None:
            raise StorageFull()

        monkeypatch.setattr(ledger._store, "commit", full)
        source.blocks[6] = origin.encoded(6)
        await until(lambda: ledger.status().failure == "ledger.storage_full")
        assert ledger.height == 5
        monkeypatch.setattr(ledger._store, "commit", real)
        await until(lambda: ledger.height == 6)


async def test_follower_forwards_after_checking_the_form(tmp_path: Path) -> None:
    source = ListSource({})
    async with running(NETWORK, tmp_path / "f", Follower(source)) as ledger:
        raw = NETWORK.transaction(Add("x", 1))
        await ledger.submit(raw)
        assert source.forwarded == [raw]
        with pytest.raises(BadTransaction):
            await ledger.submit(b"nonsense")
        with pytest.raises(WrongChain):
            await ledger.submit(Network(members=1).transaction(Add("x", 1)))
        assert source.forwarded == [raw]
