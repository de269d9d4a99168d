"""Archives: one file, verifiable with the genesis alone, put back under a pruned ledger."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from certified_chain import CertifiedChain, CertifiedNetwork
from ledger_chain import Chain
from ledger_network import Add, Network
from snapshot_tools import chunks, content, restore, take, walk

from hanse.ledger.archive import exporting, restoring
from hanse.ledger.archive.errors import (
    ArchiveNotContiguous,
    ArchiveNotTrusted,
    ArchiveRefused,
    BadRange,
    NameTaken,
)
from hanse.ledger.archive.exporting import export_archive
from hanse.ledger.archive.lines import read_lines
from hanse.ledger.archive.restoring import restore_archive
from hanse.ledger.archive.verifying import verify_archive
from hanse.ledger.block import header_hash
from hanse.ledger.errors import BlockPruned, StorageFailed, StorageFull
from hanse.ledger.pruning import prune_blocks
from hanse.ledger.scan import scan_store

NETWORK = Network("intl", members=2)
CERTIFIED = CertifiedNetwork()
SET = CERTIFIED.directory.validators({}, 1)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restoring, "BATCH_BLOCKS", 3)


def fill(chain: Chain) -> Chain:
    for block in range(10):
        raws = [chain.transaction(Add(f"c{block}-{i}", 1)) for i in range(3)]
        chain.block([*raws, chain.transaction(Add("minus", -1)), b"garbage"])
    return chain


@pytest.fixture(params=["embedded", "cometbft"])
def chain(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Chain]:
    embedded = request.param == "embedded"
    opened = (
        Chain(NETWORK, tmp_path / "origin")
        if embedded
        else CertifiedChain(CERTIFIED, tmp_path / "origin")
    )
    yield fill(opened)
    opened.close()


def export(chain: Chain, first: int, last: int, path: Path) -> Path:
    export_archive(chain.store, chain.app.genesis, chain.app.directory, first, last, path)
    return path


def verify(chain: Chain, path: Path, **options: Any) -> Any:
    if chain.app.genesis.engine != "embedded":
        options.setdefault("genesis_validators", SET)
    return verify_archive(path, chain.app.genesis, **options)


def put_back(chain: Chain, path: Path) -> int:
    return restore_archive(chain.store, chain.app.genesis, chain.app.directory, path)


def hash_of(chain: Chain, height: int) -> str:
    block = json.loads(chain.encoded(height))["header"]
    from hanse.ledger.block import Header

    return header_hash(chain.app.suite, msgspec.convert(block, Header))


@pytest.mark.parametrize(("first", "last"), [(0, 9), (1, 9), (0, 1)])
def test_archive_from_the_beginning_verifies_with_the_genesis(
    chain: Chain, tmp_path: Path, first: int, last: int
) -> None:
    report = verify(chain, export(chain, first, last, tmp_path / "new" / "a.zst"))
    assert (report.first, report.last, report.transactions) == (first, last, 5 * last)
    assert (report.chain, report.hash) == (chain.app.chain, hash_of(chain, last))
    assert report.trust in ("orderer", "genesis validators")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.zst"]


def test_archive_from_the_middle_rests_on_a_trusted_hash_under_validators(
    chain: Chain, tmp_path: Path
) -> None:
    path = export(chain, 4, 7, tmp_path / "a")
    if isinstance(chain, CertifiedChain):
        with pytest.raises(ArchiveNotTrusted):
            verify(chain, path)
    else:
        assert verify(chain, path).trust == "orderer"
    report = verify(chain, path, trusted_hash=hash_of(chain, 7))
    assert (report.trust, report.transactions) == ("given hash", 20)
    with pytest.raises(ArchiveRefused):
        verify(chain, path, trusted_hash=hash_of(chain, 6))


def test_validators_of_the_genesis_must_be_known(tmp_path: Path) -> None:
    chain = fill(CertifiedChain(CERTIFIED, tmp_path / "origin"))
    path = export(chain, 0, 9, tmp_path / "a")
    with pytest.raises(ArchiveNotTrusted):
        verify(chain, path, genesis_validators=())
    other = CertifiedNetwork().directory.validators({}, 1)  # type: ignore[arg-type]
    with pytest.raises(ArchiveRefused):
        verify(chain, path, genesis_validators=other)
    with pytest.raises(ArchiveNotTrusted):  # the head is not certified yet
        export(chain, 0, 10, tmp_path / "b")
    assert not (tmp_path / "b").exists()
    chain.close()


def test_validators_that_change_are_followed(tmp_path: Path) -> None:
    network = CertifiedNetwork(changed_from=5)
    chain = fill(CertifiedChain(network, tmp_path / "origin"))
    path = export(chain, 0, 9, tmp_path / "a")
    sets = [line for line in read_lines(path) if line.startswith(b'{"validators"')]
    assert len(sets) == 2
    first = network.directory.validators({}, 1)  # type: ignore[arg-type]
    later = network.directory.validators({}, 9)  # type: ignore[arg-type]
    assert verify(chain, path, genesis_validators=first).trust == "genesis validators"
    with pytest.raises(ArchiveRefused):
        verify(chain, path, genesis_validators=later)
    prune_blocks(chain.store, 10)
    assert put_back(chain, path) == 0
    assert scan(chain).base == 0
    chain.close()


def test_what_cannot_be_exported_is_named(chain: Chain, tmp_path: Path) -> None:
    for first, last in [(3, 2), (-1, 2), (0, 11), (0, 0)]:
        with pytest.raises(BadRange):
            export(chain, first, last, tmp_path / "a")
    export(chain, 1, 2, tmp_path / "a")
    with pytest.raises(NameTaken):
        export(chain, 1, 2, tmp_path / "a")
    prune_blocks(chain.store, 5)
    with pytest.raises(BlockPruned):
        export(chain, 4, 7, tmp_path / "b")
    export(chain, 5, 7, tmp_path / "b")
    with pytest.raises(StorageFailed):
        export(chain, 5, 7, tmp_path / "a" / "c")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "origin"]


def test_file_that_appears_meanwhile_is_not_overwritten(
    chain: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = exporting.write_lines

    def slow(path: Path, lines: Any) -> None:
        real(path, lines)
        (tmp_path / "a").write_text("of somebody")

    monkeypatch.setattr(exporting, "write_lines", slow)
    with pytest.raises(NameTaken):
        export(chain, 1, 2, tmp_path / "a")
    assert (tmp_path / "a").read_text() == "of somebody"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "origin"]


def test_disk_full_leaves_no_file(
    chain: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full:
        def __init__(self, file: Any, _: str) -> None:
            self.file = file

        def __enter__(self) -> Any:
            return self

        def __exit__(self, *_: object) -> None: ...

        def write(self, line: bytes) -> None:
            self.file.write(line[:10])
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(pa, "CompressedOutputStream", Full)
    with pytest.raises(StorageFull):
        export(chain, 1, 5, tmp_path / "a")
    assert [path.name for path in tmp_path.iterdir()] == ["origin"]


def scan(chain: Chain) -> Any:
    return scan_store(chain.store, chain.app.genesis, chain.app.directory)


def test_pruned_blocks_come_back_as_they_were(chain: Chain, tmp_path: Path) -> None:
    before = content(chain.store)
    low, middle = export(chain, 0, 4, tmp_path / "low"), export(chain, 3, 9, tmp_path / "middle")
    prune_blocks(chain.store, 9)
    with pytest.raises(ArchiveNotContiguous):
        put_back(chain, low)
    assert put_back(chain, middle) == 3
    assert scan(chain).base == 3
    with pytest.raises(ArchiveNotContiguous):
        put_back(chain, middle)
    assert put_back(chain, low) == 0
    after = content(chain.store)
    assert {k: v for k, v in after.items() if k != "meta"} == {
        k: v for k, v in before.items() if k != "meta"
    }
    assert scan(chain).base == 0
    walk(chain, 1, lambda block: [Add("x", 1)])
    prune_blocks(chain.store, 10)
    assert scan(chain).base == 10


def test_blocks_below_a_restored_snapshot_come_from_an_archive(tmp_path: Path) -> None:
    origin = fill(Chain(NETWORK, tmp_path / "origin"))
    path = export(origin, 2, 10, tmp_path / "a")
    manifest = take(origin, tmp_path / "snapshots")
    copy = restore(NETWORK, manifest, chunks(tmp_path / "snapshots", manifest), tmp_path / "copy")
    assert put_back(copy, path) == 2
    assert [copy.encoded(height) for height in range(2, 11)] == [
        origin.encoded(height) for height in range(2, 11)
    ]
    assert scan(copy).transactions == 36
    origin.close()
    copy.close()


def test_archive_of_another_history_is_not_put_back(tmp_path: Path) -> None:
    chain, other = (Chain(NETWORK, tmp_path / name) for name in ("one", "other"))
    fill(chain)
    fill(other)
    path = export(other, 0, 9, tmp_path / "a")
    assert verify(chain, path).trust == "orderer"  # the orderer signed both
    prune_blocks(chain.store, 6)
    with pytest.raises(ArchiveRefused):
        put_back(chain, path)
    assert scan(chain).base == 6
    chain.close()
    other.close()


def rewrite(path: Path, change: Callable[[list[bytes]], list[bytes]]) -> Path:
    lines = [line + b"\n" for line in change(list(read_lines(path)))]
    altered = path.with_name("altered")
    with pa.CompressedOutputStream(str(altered), "zstd") as packed:
        packed.write(b"".join(lines))
    return altered


def swap(old: bytes, new: bytes, line: int) -> Callable[[list[bytes]], list[bytes]]:
    def change(lines: list[bytes]) -> list[bytes]:
        assert old in lines[line]
        return [*lines[:line], lines[line].replace(old, new, 1), *lines[line + 1 :]]

    return change if line >= 0 else lambda lines: swap(old, new, len(lines) + line)(lines)


ALTERATIONS: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "a transaction": swap(b'"amount":1', b'"amount":2', 4),
    "a receipt": swap(b'"ok":true', b'"ok":false', 4),
    "a time": swap(b'"time_ms":1', b'"time_ms":2', 4),
    "a block left out": lambda lines: [*lines[:4], *lines[5:]],
    "two blocks swapped": lambda lines: [*lines[:4], lines[5], lines[4], *lines[6:]],
    "the end left out": lambda lines: lines[:-1],
    "something after the end": lambda lines: [*lines, lines[-1]],
    "the oldest block left out": lambda lines: [*lines[:-2], lines[-1]],
    "the digest": swap(b'"digest":"', b'"digest":"0', -1),
    "the number": swap(b'"transactions":', b'"transactions":1', -1),
    "the start": swap(b'"last":9', b'"last":8', 0),
    "the hash": swap(b'"hash":"', b'"hash":"0', 0),
    "the chain": swap(b'"chain":"', b'"chain":"0', 0),
    "the range": swap(b'"first":2', b'"first":12', 0),
    "the format": swap(b'"format":1', b'"format":2', 0),
    "no start": lambda lines: lines[1:],
    "no line": lambda lines: [],
    "another line": lambda lines: [lines[0], b"{}", *lines[1:]],
    "nonsense": lambda lines: [lines[0], b"nonsense", *lines[1:]],
    "transactions below": swap(b'"transactions":[]', b'"transactions":["YQ"]', -2),
}


@pytest.mark.parametrize("change", ALTERATIONS.values(), ids=ALTERATIONS.keys())
def test_altered_archive_is_refused(
    tmp_path: Path, change: Callable[[list[bytes]], list[bytes]]
) -> None:
    chain = fill(Chain(NETWORK, tmp_path / "origin"))
    path = rewrite(export(chain, 2, 9, tmp_path / "a"), change)
    for trusted in ("", hash_of(chain, 9)):
        with pytest.raises(ArchiveRefused):
            verify(chain, path, trusted_hash=trusted)
    prune_blocks(chain.store, 10)
    with pytest.raises((ArchiveRefused, ArchiveNotContiguous)):
        put_back(chain, path)
    scan(chain)  # whatever was put back before is sound
    chain.close()


def test_forged_validators_are_refused(tmp_path: Path) -> None:
    chain = fill(CertifiedChain(CERTIFIED, tmp_path / "origin"))
    path = export(chain, 0, 9, tmp_path / "a")
    other = CertifiedNetwork()
    forged = fill(CertifiedChain(other, tmp_path / "forged"))
    sets = [line for line in read_lines(path) if line.startswith(b'{"validators"')]
    assert len(sets) == 1  # named once, because it never changed
    strangers = json.dumps(
        {"validators": [msgspec.to_builtins(v) for v in forged.app.validators(1)]},
        separators=(",", ":"),
        sort_keys=True,
    ).encode()
    with pytest.raises(ArchiveRefused):
        verify(chain, rewrite(path, lambda lines: [lines[0], strangers, *lines[2:]]))
    with pytest.raises(ArchiveRefused):
        verify(chain, rewrite(path, lambda lines: [lines[0], *lines[2:]]))
    with pytest.raises(ArchiveRefused):
        verify(chain, rewrite(path, swap(b'"signatures":[', b'"signatures":[null', 3)))
    chain.close()
    forged.close()


def test_file_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a"
    for data in (b"", b"not compressed at all", b"\x28\xb5\x2f\xfd" + bytes(40)):
        path.write_bytes(data)
        with pytest.raises(ArchiveRefused):
            verify_archive(path, NETWORK.genesis)
    with pytest.raises(StorageFailed):
        verify_archive(tmp_path / "nowhere", NETWORK.genesis)
    chain = fill(Chain(NETWORK, tmp_path / "origin"))
    whole = export(chain, 1, 9, tmp_path / "b").read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ArchiveRefused):
        verify(chain, path)
    chain.close()
