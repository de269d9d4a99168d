"""The trie made of a stream in order is the one that changes in any order make."""

from __future__ import annotations

import hashlib
import random

import pytest

from hanse.ledger.state.building import OPEN_ENTRIES, TrieBuilder
from hanse.ledger.state.trie import Trie

CROWDED = [b"\xff" * 29, b"\xff\xf0" * 14 + b"a", bytes(29), b"\xab\xcd" * 14 + b"\xff"]
SIZES = [0, 1, 16, 17, OPEN_ENTRIES, OPEN_ENTRIES + 1, 1_000, 5_000]


def digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def compare(keys: set[bytes], limit: int, pieces: random.Random) -> None:
    """Build in pieces; also a piece that was tried and given up changes nothing."""
    values = {key: digest(key) for key in sorted(keys)}
    wanted = Trie(digest, limit).update(lambda _: None, values)
    entries = [key + value for key, value in values.items()]
    builder, found, at = TrieBuilder(digest, limit), [], 0
    while at < len(entries):
        size = pieces.choice([1, 7, 90, 1_000])
        builder.fork().add(entries[at : at + 2 * size])
        found += builder.add(entries[at : at + size])
        at += size
    root, nodes = builder.finish()
    found += nodes
    assert root == wanted.root
    assert dict(found) == {path: node for path, node in wanted.nodes.items() if node is not None}
    assert len(found) == len(dict(found)), "each node is made once"


@pytest.mark.parametrize("size", SIZES)
def test_evenly_spread_keys(size: int) -> None:
    numbers = random.Random(size)
    compare({numbers.randbytes(32) for _ in range(size)}, 16, numbers)


@pytest.mark.parametrize("seed", range(8))
def test_keys_that_share_long_prefixes(seed: int) -> None:
    numbers = random.Random(seed)
    keys = {numbers.choice(CROWDED) + numbers.randbytes(3) for _ in range(700)}
    compare(keys, numbers.choice([2, 16]), numbers)
    near = {numbers.choice([b"\xff\xff", b"\xff\xf0", b"\0\0"]) + key[2:] for key in keys}
    compare(near, 16, numbers)
