"""The state trie: shape by content alone, and paths that prove."""

from __future__ import annotations

import hashlib
import random

import pytest

from hanse.ledger.errors import BadProof
from hanse.ledger.state.nodes import (
    BRANCH,
    count_of,
    empty_root,
    encode_branch,
    encode_bucket,
    hash_node,
)
from hanse.ledger.state.proof import verify_state_path
from hanse.ledger.state.trie import Trie


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def key(number: int) -> bytes:
    return sha(b"key%d" % number)


class Memory:
    """Nodes in a dict."""

    def __init__(self, bucket: int = 16) -> None:
        self.trie = Trie(sha, bucket)
        self.nodes: dict[bytes, bytes] = {}
        self.root = empty_root(sha)

    def update(self, changes: dict[bytes, bytes | None]) -> bytes:
        update = self.trie.update(self.nodes.get, changes)
        for path, node in update.nodes.items():
            if node is None:
                self.nodes.pop(path, None)
            else:
                self.nodes[path] = node
        self.root = update.root
        return update.root


def test_empty_trie_has_the_empty_root() -> None:
    memory = Memory()
    assert memory.update({}) == empty_root(sha)
    assert memory.update({key(1): None}) == empty_root(sha)
    assert memory.nodes == {}


@pytest.mark.parametrize("bucket", [1, 2, 16])
def test_root_depends_on_content_not_on_order_or_batches(bucket: int) -> None:
    content = {key(i): sha(b"v%d" % i) for i in range(300)}
    at_once = Memory(bucket)
    at_once.update(dict(content))
    one_by_one = Memory(bucket)
    items = list(content.items())
    random.Random(1).shuffle(items)
    for k, v in items:
        one_by_one.update({k: sha(b"old")})
        one_by_one.update({k: v})
    assert one_by_one.root == at_once.root
    assert one_by_one.nodes == at_once.nodes


@pytest.mark.parametrize("bucket", [1, 2, 16])
def test_deleting_everything_leads_back_through_every_shape(bucket: int) -> None:
    content = {key(i): sha(b"v%d" % i) for i in range(120)}
    memory = Memory(bucket)
    memory.update(dict(content))
    for gone in list(content):
        del content[gone]
        memory.update({gone: None})
        fresh = Memory(bucket)
        fresh.update(dict(content))
        assert memory.root == fresh.root
    assert memory.nodes == {}


def test_batch_that_inserts_changes_and_deletes() -> None:
    memory = Memory()
    memory.update({key(i): sha(b"a") for i in range(200)})
    changes: dict[bytes, bytes | None] = {key(i): None for i in range(0, 150)}
    changes |= {key(i): sha(b"b") for i in range(150, 260)}
    memory.update(changes)
    fresh = Memory()
    fresh.update({key(i): sha(b"b") for i in range(150, 260)})
    assert memory.nodes == fresh.nodes


def test_deleting_what_is_absent_changes_nothing() -> None:
    memory = Memory()
    before = memory.update({key(i): sha(b"a") for i in range(50)})
    assert memory.update({key(99): None, key(98): None}) == before


def test_count_is_kept() -> None:
    memory = Memory()
    memory.update({key(i): sha(b"a") for i in range(50)})
    assert count_of(memory.nodes[b""]) == 50
    memory.update({key(i): None for i in range(40)})
    assert count_of(memory.nodes[b""]) == 10


def test_a_fragment_of_an_entry_is_not_taken_for_a_key() -> None:
    memory = Memory()
    first, second = key(1), key(2)
    low, high = sorted([first, second])
    memory.update({low: high, high: sha(b"x")})  # low's value looks like the other key
    memory.update({high: sha(b"y")})
    fresh = Memory()
    fresh.update({low: high, high: sha(b"y")})
    assert memory.root == fresh.root


@pytest.mark.parametrize("size", [0, 1, 10, 17, 400])
def test_paths_prove_values_and_absence(size: int) -> None:
    memory = Memory()
    content = {key(i): sha(b"v%d" % i) for i in range(size)}
    memory.update(dict(content))
    for i in range(size + 50):
        path = memory.trie.path_to(memory.nodes.get, key(i))
        assert verify_state_path(sha, memory.root, key(i), path) == content.get(key(i))


def test_path_of_another_key_is_refused_or_proves_nothing_false() -> None:
    memory = Memory()
    memory.update({key(i): sha(b"v%d" % i) for i in range(400)})
    path = memory.trie.path_to(memory.nodes.get, key(1))
    other = next(key(i) for i in range(2, 400) if key(i)[0] >> 4 != key(1)[0] >> 4)
    with pytest.raises(BadProof):
        verify_state_path(sha, memory.root, other, path)


@pytest.mark.parametrize("damage", ["cut", "extend", "flip", "empty", "swap"])
def test_damaged_path_is_refused(damage: str) -> None:
    memory = Memory()
    memory.update({key(i): sha(b"v%d" % i) for i in range(400)})
    path = memory.trie.path_to(memory.nodes.get, key(1))
    assert len(path) > 1
    bad = {
        "cut": path[:-1],
        "extend": [*path, path[-1]],
        "flip": [path[0], bytes([*path[1][:-1], path[1][-1] ^ 1]), *path[2:]],
        "empty": [],
        "swap": list(reversed(path)),
    }[damage]
    with pytest.raises(BadProof):
        verify_state_path(sha, memory.root, key(1), bad)


def test_malformed_nodes_under_a_forged_root_are_refused() -> None:
    entries = {key(1): sha(b"1"), key(2): sha(b"2")}
    good = encode_bucket(entries)
    low, high = sorted(entries)
    unsorted = good[:1] + high + entries[high] + low + entries[low]
    twice = good[:1] + (low + entries[low]) * 2
    for node in (good + b"x", unsorted, twice, b"\x02", encode_branch(1, b"short"), b""):
        with pytest.raises(BadProof):
            verify_state_path(sha, hash_node(sha, node), key(1), [node])


def test_bucket_with_foreign_prefix_below_a_branch_is_refused() -> None:
    bucket = encode_bucket({key(1): sha(b"1")})
    wrong = next(key(i) for i in range(2, 99) if key(i)[0] >> 4 != key(1)[0] >> 4)
    slots = bytearray(512)
    at = 32 * (wrong[0] >> 4)
    slots[at : at + 32] = hash_node(sha, bucket)
    branch = encode_branch(17, slots)
    assert branch[0] == BRANCH
    with pytest.raises(BadProof):
        verify_state_path(sha, hash_node(sha, branch), wrong, [branch, bucket])
    beyond = [branch, bucket]
    empty_place = next(key(i) for i in range(99) if key(i)[0] >> 4 != wrong[0] >> 4)
    with pytest.raises(BadProof):
        verify_state_path(sha, hash_node(sha, branch), empty_place, beyond)
    assert verify_state_path(sha, hash_node(sha, branch), empty_place, [branch]) is None
