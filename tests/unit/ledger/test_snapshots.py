"""Snapshots: taken beside commits, verified chunk by chunk, put in place in one step."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from ledger_chain import Chain
from ledger_network import Add, Network, value_of
from snapshot_tools import STATE, chunks, content, restore, restorer, take, walk

from hanse.ledger.errors import Replayed, StorageFailed, StorageFull, StoreAltered
from hanse.ledger.ordering.follower import FollowerEngine
from hanse.ledger.scan import scan_store
from hanse.ledger.snapshots import taking
from hanse.ledger.snapshots.entries import EntryReader, chunks_of
from hanse.ledger.snapshots.errors import (
    BadChunk,
    NoSuchSnapshot,
    NothingToSnapshot,
    SnapshotIncomplete,
    SnapshotRefused,
)
from hanse.ledger.snapshots.manifest import (
    Manifest,
    chunk_hash,
    decode_manifest,
    encode_manifest,
    manifest_hash,
)
from hanse.ledger.snapshots.restoring import Restorer, header_check
from hanse.ledger.snapshots.shelf import Shelf
from hanse.ledger.storage.store import Store

NETWORK = Network("intl", members=2)


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    opened = Chain(NETWORK, tmp_path / "origin")
    walk(opened, 6, lambda block: [Add(f"c{block}-{i}", i + 1) for i in range(9)])
    yield opened
    opened.close()


@pytest.fixture
def snapshot(chain: Chain, tmp_path: Path) -> tuple[Manifest, list[bytes]]:
    manifest = take(chain, tmp_path / "snapshots")
    return manifest, chunks(tmp_path / "snapshots", manifest)


def test_restored_store_is_the_same_and_goes_on_the_same(
    chain: Chain, snapshot: tuple[Manifest, list[bytes]], tmp_path: Path
) -> None:
    manifest, parts = snapshot
    assert len(parts) > 5
    assert {len(part) for part in parts[:-1]} == {512}
    copy = restore(NETWORK, manifest, parts, tmp_path / "copy")
    assert content(copy.store, *STATE) == content(chain.store, *STATE)
    assert copy.app.head == chain.app.head
    report = scan_store(copy.store, NETWORK.genesis)
    assert (report.base, report.height, report.transactions) == (7, 6, 0)
    used = chain.encoded(6)
    walk(chain, 3, lambda block: [Add("c1-1", 5), Add(f"later{block}", 1)])
    blocks = [chain.encoded(height) for height in (7, 8, 9)]
    _, refused = FollowerEngine(copy.app).apply(blocks, chain.now_ms)
    assert refused is None
    assert content(copy.store, *STATE) == content(chain.store, *STATE)
    assert value_of(copy.store, "c1-1") == 17
    assert scan_store(copy.store, NETWORK.genesis).transactions == 6
    with copy.store.read() as reading:
        assert reading.block(5) is None
        assert reading.block(6) != used
    copy.close()


def test_replay_is_refused_after_restoring(chain: Chain, tmp_path: Path) -> None:
    raw = chain.transaction(Add("once", 1))
    chain.block([raw])
    manifest = take(chain, tmp_path / "snapshots")
    copy = restore(NETWORK, manifest, chunks(tmp_path / "snapshots", manifest), tmp_path / "copy")
    with pytest.raises(Replayed):
        copy.app.check(raw, chain.now_ms)
    copy.now_ms = chain.now_ms
    assert copy.block([raw]).receipts[0].code == Replayed.code
    assert value_of(copy.store, "once") == 1
    copy.close()


def test_chunks_come_in_any_order_and_twice(
    snapshot: tuple[Manifest, list[bytes]], chain: Chain, tmp_path: Path
) -> None:
    manifest, parts = snapshot
    order = list(range(len(parts))) * 2
    random.Random(7).shuffle(order)
    work = restorer(NETWORK, manifest, tmp_path / "staging")
    assert work.missing == list(range(len(parts)))
    for index in order:
        work.add(index, parts[index])
        assert index not in work.missing
    target = Store(tmp_path / "copy", NETWORK.suite.hash)
    work.finish(target, header_check(NETWORK.genesis, None))
    assert content(target, *STATE) == content(chain.store, *STATE)
    assert not (tmp_path / "staging").exists()
    target.close()


def test_altered_chunk_is_named_and_may_be_fetched_again(
    snapshot: tuple[Manifest, list[bytes]], tmp_path: Path
) -> None:
    manifest, parts = snapshot
    work = restorer(NETWORK, manifest, tmp_path / "staging")
    work.add(0, parts[0])
    for index, data in [(1, parts[2]), (2, parts[2][:-1]), (3, b""), (1, b"x" + parts[1][1:])]:
        with pytest.raises(BadChunk) as caught:
            work.add(index, data)
        assert caught.value.index == index
        assert index in work.missing
    for index in (-1, len(parts)):
        with pytest.raises(BadChunk):
            work.add(index, parts[0])
    for index, data in enumerate(parts):
        work.add(index, data)
    assert work.missing == []
    work.abandon()
    assert not (tmp_path / "staging").exists()


def test_chunk_altered_while_it_waited_is_asked_for_again(
    snapshot: tuple[Manifest, list[bytes]], tmp_path: Path
) -> None:
    manifest, parts = snapshot
    work = restorer(NETWORK, manifest, tmp_path / "staging")
    work.add(1, parts[1])
    (waiting,) = (tmp_path / "staging").glob("chunk-*")
    waiting.write_bytes(parts[1][:-1] + b"?")
    with pytest.raises(BadChunk) as caught:
        work.add(0, parts[0])
    assert caught.value.index == 1
    assert work.missing[0] == 1
    work.add(1, parts[1])
    assert work.missing[0] == 2
    work.abandon()


def test_wrong_app_hash_and_wrong_chain_are_refused_at_once(
    snapshot: tuple[Manifest, list[bytes]], tmp_path: Path
) -> None:
    manifest, _ = snapshot
    with pytest.raises(SnapshotRefused):
        Restorer(manifest, b"\1" * 32, NETWORK.genesis, tmp_path / "staging")
    with pytest.raises(SnapshotRefused):
        restorer(Network("intl", members=2), manifest, tmp_path / "staging")
    assert not (tmp_path / "staging").exists()


def forge(manifest: Manifest, parts: list[bytes], **header: Any) -> Manifest:
    """A manifest that names other chunks, or a header with other fields."""
    block = msgspec.structs.replace(
        manifest.block, header=msgspec.structs.replace(manifest.header, **header)
    )
    hashes = [chunk_hash(NETWORK.suite, part) for part in parts]
    return msgspec.structs.replace(manifest, block=block, chunks=hashes)


def entries(parts: list[bytes]) -> list[tuple[bytes, bytes]]:
    return EntryReader().feed(b"".join(parts))


def packed(pairs: list[tuple[bytes, bytes]]) -> list[bytes]:
    return list(chunks_of(((b"", key, value) for key, value in pairs), 700))


def changed_value(parts: list[bytes]) -> list[bytes]:
    pairs = entries(parts)
    place = next(i for i, (key, _) in enumerate(pairs) if b"c1-1" in key)
    key, value = pairs[place]
    pairs[place] = (key, value.replace(b'"value":2', b'"value":9'))
    return packed(pairs)


FORGERIES: dict[str, Any] = {
    "a changed value": changed_value,
    "a missing entry": lambda parts: packed(entries(parts)[1:]),
    "an entry twice": lambda parts: packed([entries(parts)[0], *entries(parts)]),
    "another order": lambda parts: packed(entries(parts)[::-1]),
    "a cut-off entry": lambda parts: [*parts[:-1], parts[-1][:-1]],
    "too long a value": lambda parts: [b"\0\1\xff\xff\xff\xff" + b"".join(parts)],
    "a broken replay record": lambda parts: packed(
        [(k, b"{}" if b"replay" in k else v) for k, v in entries(parts)]
    ),
    "nothing": lambda parts: [],
}


@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES.keys())
def test_forged_content_with_matching_hashes_is_refused(
    snapshot: tuple[Manifest, list[bytes]], tmp_path: Path, forgery: Any
) -> None:
    manifest, parts = snapshot
    forged = forgery(parts)
    manifest = forge(manifest, forged)
    with pytest.raises(SnapshotRefused):
        restore(NETWORK, manifest, forged, tmp_path / "copy")
    fresh = Chain(NETWORK, tmp_path / "copy" / "ledger")
    assert fresh.app.committed.height == 0
    fresh.close()


@pytest.mark.parametrize("change", [{"time_ms": 5}, {"height": 9}, {"previous": "00" * 32}])
def test_forged_header_is_refused(
    snapshot: tuple[Manifest, list[bytes]], tmp_path: Path, change: dict[str, Any]
) -> None:
    manifest, parts = snapshot
    with pytest.raises(SnapshotRefused):
        restore(NETWORK, forge(manifest, parts, **change), parts, tmp_path / "copy")


def test_wrong_number_of_keys_is_refused(
    snapshot: tuple[Manifest, list[bytes]], tmp_path: Path
) -> None:
    manifest, parts = snapshot
    wrong = msgspec.structs.replace(manifest, keys=manifest.keys + 1)
    with pytest.raises(SnapshotRefused):
        restore(NETWORK, wrong, parts, tmp_path / "copy")


def test_incomplete_snapshot_is_not_finished(
    snapshot: tuple[Manifest, list[bytes]], tmp_path: Path
) -> None:
    manifest, parts = snapshot
    with pytest.raises(SnapshotIncomplete):
        restore(NETWORK, manifest, parts[:-1], tmp_path / "copy")


def test_manifest_survives_encoding_and_nothing_else_does(
    snapshot: tuple[Manifest, list[bytes]], chain: Chain
) -> None:
    manifest, _ = snapshot
    data = encode_manifest(manifest)
    assert decode_manifest(data) == manifest
    assert len(manifest_hash(NETWORK.suite, manifest)) == 32
    whole = msgspec.structs.replace(manifest.block, transactions=[msgspec.Raw(b"{}")], receipts=[])
    bad = [
        b"",
        b"{}",
        data[:-1],
        data.replace(b":", b": ", 1),
        *[
            encode_manifest(msgspec.structs.replace(manifest, **change))
            for change in [
                {"format": 2},
                {"chunks": ["00"]},
                {"chunks": ["no"]},
                {"keys": -1},
                {"block": whole},
            ]
        ],
    ]
    for wrong in bad:
        with pytest.raises(SnapshotRefused):
            decode_manifest(wrong)


def test_equal_states_make_equal_snapshots(chain: Chain, tmp_path: Path) -> None:
    other = Chain(NETWORK, tmp_path / "other")
    blocks = [chain.encoded(height) for height in range(1, 7)]
    FollowerEngine(other.app).apply(blocks, chain.now_ms)
    assert take(other, tmp_path / "b") == take(chain, tmp_path / "a")
    other.close()


def test_snapshot_stands_still_while_blocks_go_on(chain: Chain, tmp_path: Path) -> None:
    before = content(chain.store, "values")
    with chain.store.read() as reading:
        walk(chain, 3, lambda block: [Add("c1-1", 1)])
        manifest = taking.write_snapshot(reading, NETWORK.suite, tmp_path / "snapshots", 512)
    assert manifest.height == 6
    pairs = entries(chunks(tmp_path / "snapshots", manifest))
    stored = [len(k).to_bytes(2, "big") + k + v for k, v in pairs]
    assert stored == [value for _, value in before["values"]]


def test_map_has_room_before_a_snapshot_is_read(chain: Chain, tmp_path: Path) -> None:
    assert chain.store.environment.map_bytes < taking.SPARE_BYTES
    take(chain, tmp_path / "snapshots")
    assert chain.store.environment.map_bytes > taking.SPARE_BYTES


def test_nothing_to_snapshot_at_genesis(tmp_path: Path) -> None:
    chain = Chain(NETWORK, tmp_path / "ledger")
    with pytest.raises(NothingToSnapshot):
        take(chain, tmp_path / "snapshots")
    chain.close()


def test_shelf_keeps_the_newest(chain: Chain, tmp_path: Path) -> None:
    folder = tmp_path / "snapshots"
    shelf = Shelf(folder)
    assert shelf.heights() == shelf.keep() == []
    for _ in range(4):
        assert take(chain, folder) == take(chain, folder)
        chain.block([])
    assert shelf.heights() == [6, 7, 8, 9]
    (folder / ".making-000000000010").mkdir()
    (folder / "notes.txt").write_text("of somebody")
    assert shelf.keep(2) == [6, 7]
    assert shelf.heights() == [8, 9]
    assert sorted(p.name for p in folder.iterdir()) == ["000000000008", "000000000009", "notes.txt"]
    assert shelf.size_bytes(9) > 1_000
    for missing in (
        lambda: shelf.manifest(6),
        lambda: shelf.chunk(6, 0),
        lambda: shelf.chunk(9, 99),
    ):
        with pytest.raises(NoSuchSnapshot):
            missing()
    shutil.copytree(folder / "000000000008", folder / "000000000011")
    with pytest.raises(SnapshotRefused):
        shelf.manifest(11)
    assert shelf.keep(0) == [8, 9, 11]


@pytest.mark.parametrize(("number", "expected"), [(28, StorageFull), (5, StorageFailed)])
def test_failing_disk_leaves_no_snapshot(
    chain: Chain,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    expected: type[Exception],
) -> None:
    real = taking.write_synced

    def failing(path: Path, data: bytes) -> None:
        if path.name == "chunk-000003":
            raise OSError(number, "no")
        real(path, data)

    monkeypatch.setattr(taking, "write_synced", failing)
    with pytest.raises(expected):
        take(chain, tmp_path / "snapshots")
    assert list((tmp_path / "snapshots").iterdir()) == []
    monkeypatch.setattr(taking, "write_synced", real)
    take(chain, tmp_path / "snapshots")


def test_restoring_replaces_what_an_application_works_on(
    snapshot: tuple[Manifest, list[bytes]], chain: Chain, tmp_path: Path
) -> None:
    """As state sync does it: the application is at genesis and goes on from the snapshot."""
    manifest, parts = snapshot
    fresh = Chain(NETWORK, tmp_path / "fresh")
    work = restorer(NETWORK, manifest, tmp_path / "fresh" / "restoring")
    for index, part in enumerate(parts):
        work.add(index, part)
    work.finish(fresh.store, header_check(NETWORK.genesis, None))
    fresh.app.reload()
    assert fresh.app.committed == chain.app.committed
    walk(chain, 1, lambda block: [Add("x", 1)])
    _, refused = FollowerEngine(fresh.app).apply([chain.encoded(7)], chain.now_ms)
    assert refused is None
    fresh.close()
    again = Chain(NETWORK, tmp_path / "fresh")
    assert again.app.head == chain.app.head
    again.close()


def test_bare_block_below_the_base_is_checked(
    snapshot: tuple[Manifest, list[bytes]], tmp_path: Path
) -> None:
    manifest, parts = snapshot
    copy = restore(NETWORK, manifest, parts, tmp_path / "copy")
    db = copy.store.environment.db["meta"]
    copy.store.environment.write(lambda txn: txn.put(b"base", (6).to_bytes(8, "big"), db=db))
    with pytest.raises(StoreAltered):
        scan_store(copy.store, NETWORK.genesis)
    copy.close()
