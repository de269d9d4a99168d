"""Taking and restoring a state snapshot beside a plain copy of the database, and a backup.

Usage: ``python bench/snapshots.py [--keys 1000000] [--suite sm] [--rounds 3]``

The state has one key of 40 bytes and a value of 120 bytes per entry. The plain copy is LMDB's
own hot copy without any verification (pages as they are, and compacted); the hashes column is the
time the suite's hash alone takes over what restoring must hash: each key, each value, each node of
the trie and each chunk.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from hanse.crypto.suite import Suite, get_suite
from hanse.ledger.block import Block, Header
from hanse.ledger.genesis import Genesis, Orderer, genesis_hash
from hanse.ledger.snapshots.entries import chunks_of
from hanse.ledger.snapshots.manifest import CHUNK_BYTES, Manifest
from hanse.ledger.snapshots.rebuilding import Rebuilding
from hanse.ledger.snapshots.restoring import Restorer
from hanse.ledger.snapshots.shelf import Shelf
from hanse.ledger.snapshots.taking import take_snapshot
from hanse.ledger.state.nodes import hash_key
from hanse.ledger.storage.store import Store


class Taken(NamedTuple):
    """Seconds by the clock, and of this process's processor time."""

    seconds: float
    processor: float


def origin(folder: Path, suite: Suite, genesis: Genesis, keys: int) -> Store:
    """A store of that many keys at height 1."""
    store = Store(folder, suite.hash, durable=False)
    made = Rebuilding(store, suite.hash)
    pairs = ((os.urandom(40), os.urandom(120)) for _ in range(keys))
    entries = sorted((hash_key(suite.hash, key), key, value) for key, value in pairs)
    for chunk in chunks_of(entries, CHUNK_BYTES):
        made.take(chunk)
    header = Header(
        height=1,
        time_ms=1,
        chain=genesis_hash(genesis),
        previous="",
        transactions_root="",
        receipts_root="",
        state_root=made.root().hex(),
        count=0,
        orderer="",
    )
    block = Block(header=header, signature="", transactions=[], receipts=[])
    made.complete(header.chain, Manifest(block=block, keys=keys, chunks=[]))
    return store


def hashes(store: Store, suite: Suite, manifest: Manifest, shelf: Shelf) -> Taken:
    """Time of the bare hash over what restoring hashes."""
    with store.read() as snapshot:
        parts = [(key, value) for _, key, value in snapshot.values()]
        nodes = [node for _, node in snapshot.nodes()]
    chunks = [shelf.chunk(manifest.height, index) for index in range(len(manifest.chunks))]

    def work() -> None:
        for key, value in parts:
            suite.hash(key)
            suite.hash(value)
        for node in nodes:
            suite.hash(node)
        for chunk in chunks:
            suite.hash(chunk)

    return taken(work)


def taken(work: Callable[[], object]) -> Taken:
    """How long a call takes."""
    os.sync()
    started, processor = time.perf_counter(), time.process_time()
    work()
    return Taken(time.perf_counter() - started, time.process_time() - processor)


def plain_copy(store: Store, target: Path, *, compact: bool) -> None:
    """LMDB's hot copy, synced, nothing verified."""
    target.mkdir()
    store.environment._env.copy(str(target), compact=compact)
    with (target / "data.mdb").open("rb") as file:
        os.fsync(file.fileno())


class Bench:
    """One state, restored several times."""

    def __init__(self, folder: Path, suite: Suite, keys: int) -> None:
        self.folder = folder
        self.suite = suite
        self.genesis = Genesis(
            name="bench", suite=suite.name, created_ms=1, orderer=Orderer("", ""), contracts={}
        )
        self.store = origin(folder / "origin", suite, self.genesis, keys)
        self.round = 0

    def measure(self) -> dict[str, Taken]:
        """Time of each kind of work."""
        self.round += 1
        here = self.folder / str(self.round)
        here.mkdir()
        shelf = Shelf(here / "snapshots")
        result = {
            "plain copy": taken(lambda: plain_copy(self.store, here / "plain", compact=False)),
            "compacted copy": taken(lambda: plain_copy(self.store, here / "compact", compact=True)),
            "take": taken(lambda: take_snapshot(self.store, self.suite, here / "snapshots")),
        }
        manifest = shelf.manifest(1)
        result["restore"] = taken(lambda: self._restore(manifest, shelf, here))
        result["hashes alone"] = hashes(self.store, self.suite, manifest, shelf)
        return result

    def _restore(self, manifest: Manifest, shelf: Shelf, here: Path) -> None:
        root = bytes.fromhex(manifest.state_root)
        work = Restorer(manifest, root, self.genesis, here / "staging")
        for index in range(len(manifest.chunks)):
            work.add(index, shelf.chunk(1, index))
        target = Store(here / "target", self.suite.hash)
        work.finish(target, lambda block, state: None)
        target.close()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--keys", type=int, default=1_000_000)
    parser.add_argument("--suite", default="sm")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        bench = Bench(Path(name), get_suite(args.suite), args.keys)
        size = (Path(name) / "origin" / "data.mdb").stat().st_size >> 20
        rounds = [bench.measure() for _ in range(args.rounds)]
    median = {
        what: Taken(*(statistics.median(values) for values in zip(*times, strict=True)))
        for what, times in ((what, [r[what] for r in rounds]) for what in rounds[0])
    }
    print(f"{args.keys} keys, {args.suite}, database {size} MiB, load {os.getloadavg()[0]:.1f}")
    print("work             seconds  processor  ratio to plain copy  keys/s")
    plain = median["plain copy"].seconds
    for what, (seconds, processor) in median.items():
        rate = args.keys / seconds
        print(f"{what:<15} {seconds:8.2f} {processor:10.2f} {seconds / plain:20.2f} {rate:7.0f}")


if __name__ == "__main__":
    main()
