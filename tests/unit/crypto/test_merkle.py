"""Merkle paths of every size; every forgery refused."""

from __future__ import annotations

import pytest

from hanse.crypto import merkle
from hanse.crypto.errors import BadMerkleIndex, BadMerklePath
from hanse.crypto.suite import Suite


def _leaves(size: int) -> list[bytes]:
    return [bytes([i]) * (i % 5) for i in range(size)]


def _recursive_root(suite: Suite, leaves: list[bytes]) -> bytes:
    """RFC 6962, 2.1, as it is written."""
    if not leaves:
        return suite.hash(b"")
    if len(leaves) == 1:
        return suite.hash(b"\0" + leaves[0])
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    left, right = _recursive_root(suite, leaves[:split]), _recursive_root(suite, leaves[split:])
    return suite.hash(b"\1" + left + right)


@pytest.mark.parametrize("size", [*range(18), 31, 32, 33, 100])
def test_root_is_the_recursive_definition(suite: Suite, size: int) -> None:
    assert merkle.root(suite, _leaves(size)) == _recursive_root(suite, _leaves(size))


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 16, 17])
def test_every_path_verifies_and_nothing_else(suite: Suite, size: int) -> None:
    leaves = _leaves(size)
    root = merkle.root(suite, leaves)
    for index in range(size):
        path = merkle.path(suite, leaves, index)
        merkle.verify_path(suite, root, leaves[index], index, size, path)
        forgeries = [
            (root, leaves[index] + b"x", index, size, path),
            (suite.hash(b"other"), leaves[index], index, size, path),
            (root, leaves[index], index, size, [*path, bytes(32)]),
            (root, leaves[index], index + size, size, path),
            (root, leaves[index], -1, size, path),
        ]
        if path:
            forgeries.append((root, leaves[index], index, size, path[:-1]))
            forgeries.append((root, leaves[index], index ^ 1, size, path))
            forgeries.append((root, leaves[index], index, size, [bytes(32), *path[1:]]))
        for forgery in forgeries:
            with pytest.raises(BadMerklePath):
                merkle.verify_path(suite, *forgery)


def test_inner_node_is_no_leaf(suite: Suite) -> None:
    leaves = [b"a", b"b", b"c", b"d"]
    root = merkle.root(suite, leaves)
    left = suite.hash(b"\0a") + suite.hash(b"\0b")
    right = suite.hash(b"\1" + suite.hash(b"\0c") + suite.hash(b"\0d"))
    with pytest.raises(BadMerklePath):
        merkle.verify_path(suite, root, left, 0, 2, [right])


def test_index_outside_is_refused(suite: Suite) -> None:
    for leaves, index in (([], 0), ([b"a"], 1), ([b"a"], -1)):
        with pytest.raises(BadMerkleIndex):
            merkle.path(suite, leaves, index)
    with pytest.raises(BadMerklePath):
        merkle.verify_path(suite, merkle.root(suite, []), b"", 0, 0, [])
