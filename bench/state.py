"""Cost of the authenticated state per transaction, by state size and bucket size.

Usage: ``python bench/state.py [--keys 100000] [--buckets 1,4,8,16,32] [--blocks 8]``

Each block holds 1,000 transactions of three writes: two changed keys, one new key. Reported
in microseconds per transaction: computing the root, writing nodes and values to LMDB, and the
commit with fsync; with the bytes a proof takes.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import statistics
import tempfile
import time
from pathlib import Path

import lmdb

from hanse.ledger.state.nodes import hash_key, hash_value
from hanse.ledger.state.trie import Trie

TRANSACTIONS = 1_000


def sm3(data: bytes) -> bytes:
    return hashlib.new("sm3", data).digest()


class Bench:
    """One state of a given size on disk."""

    def __init__(self, folder: str, bucket: int) -> None:
        self.env = lmdb.open(folder, map_size=8 << 30, max_dbs=2)
        self.nodes = self.env.open_db(b"nodes")
        self.values = self.env.open_db(b"values")
        self.trie = Trie(sm3, bucket)
        self.keys: list[bytes] = []

    def block(self, writes: dict[bytes, bytes]) -> tuple[float, float, float]:
        """Seconds for (root, puts, commit)."""
        started = time.perf_counter()
        hashed = {hash_key(sm3, k): v for k, v in writes.items()}
        with self.env.begin(db=self.nodes) as reader:
            update = self.trie.update(
                lambda path: reader.get(path or b"/"),
                {k: hash_value(sm3, v) for k, v in hashed.items()},
            )
        rooted = time.perf_counter()
        txn = self.env.begin(write=True)
        for path, node in update.nodes.items():
            key = path or b"/"
            if node is None:
                txn.delete(key, db=self.nodes)
            else:
                txn.put(key, node, db=self.nodes)
        for key, value in hashed.items():
            txn.put(key, value, db=self.values)
        put = time.perf_counter()
        txn.commit()
        return rooted - started, put - rooted, time.perf_counter() - put

    def fill(self, count: int) -> None:
        while len(self.keys) < count:
            fresh = [os.urandom(40) for _ in range(min(50_000, count - len(self.keys)))]
            self.block({key: os.urandom(120) for key in fresh})
            self.keys.extend(fresh)

    def measure(self, blocks: int) -> list[float]:
        rows = []
        for _ in range(blocks):
            writes = {key: os.urandom(120) for key in random.sample(self.keys, 2 * TRANSACTIONS)}
            fresh = [os.urandom(40) for _ in range(TRANSACTIONS)]
            writes.update({key: os.urandom(120) for key in fresh})
            rows.append(self.block(writes))
            self.keys.extend(fresh)
        return [
            statistics.median(column) / TRANSACTIONS * 1e6 for column in zip(*rows, strict=True)
        ]

    def proof_bytes(self) -> int:
        with self.env.begin(db=self.nodes) as reader:
            sizes = [
                sum(map(len, self.trie.path_to(lambda p: reader.get(p or b"/"), hash_key(sm3, k))))
                for k in random.sample(self.keys, 50)
            ]
        return int(statistics.mean(sizes))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--keys", default="10000,100000")
    parser.add_argument("--buckets", default="1,4,8,16,32")
    parser.add_argument("--blocks", type=int, default=8)
    args = parser.parse_args()
    print("keys      bucket  root  puts  commit  total µs/tx  proof bytes  MiB on disk")
    for keys in map(int, args.keys.split(",")):
        for bucket in map(int, args.buckets.split(",")):
            with tempfile.TemporaryDirectory() as folder:
                bench = Bench(folder, bucket)
                bench.fill(keys)
                root, puts, commit = bench.measure(args.blocks)
                used = Path(folder, "data.mdb").stat().st_size >> 20
                print(
                    f"{keys:<9} {bucket:>6}  {root:5.1f} {puts:5.1f} {commit:6.1f} "
                    f"{root + puts + commit:12.1f} {bench.proof_bytes():12} {used:12}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
