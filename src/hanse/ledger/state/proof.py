"""Checking a path through the state trie without having the state."""

from __future__ import annotations

from collections.abc import Sequence

from hanse.ledger.errors import BadProof
from hanse.ledger.state.nodes import (
    BRANCH,
    BRANCH_BYTES,
    BUCKET,
    DIGEST_BYTES,
    ENTRY_BYTES,
    NO_CHILD,
    SLOT_OF,
    Hash,
    entries_of,
    hash_node,
)


def verify_state_path(hash_: Hash, root: bytes, key: bytes, nodes: Sequence[bytes]) -> bytes | None:
    """What the state under ``root`` holds for a hashed key.

    Args:
        hash_: the suite's hash.
        root: 32-byte state root, trusted.
        key: 32-byte hashed key.
        nodes: nodes from the root towards the key.

    Returns:
        The value hash, or None when the path proves that the key is absent.

    Raises:
        BadProof: when the nodes do not lead from the root to the key's place.
    """
    expected = root
    hex_key = key.hex().encode()
    for depth, node in enumerate(nodes):
        # 1. Every node is the one its parent (the header, for the first) commits to.
        if hash_node(hash_, node) != expected:
            raise BadProof("a node of the state path does not hash to its parent's entry")
        last = depth == len(nodes) - 1
        # 2. A bucket ends the path: the key is in it or nowhere.
        if node[:1] == bytes([BUCKET]):
            if not last:
                raise BadProof("the state path goes on below a bucket")
            return _find(node, key, hex_key[:depth])
        # 3. A branch names the child for the key's next digit, or says there is none.
        if node[:1] != bytes([BRANCH]) or len(node) != BRANCH_BYTES or depth >= len(hex_key):
            raise BadProof("a node of the state path is malformed")
        slot = SLOT_OF[hex_key[depth]]
        expected = node[slot : slot + DIGEST_BYTES]
        if expected == NO_CHILD:
            if not last:
                raise BadProof("the state path goes on below an empty place")
            return None
    raise BadProof("the state path ends too early")


def _find(bucket: bytes, key: bytes, prefix: bytes) -> bytes | None:
    if (len(bucket) - 1) % ENTRY_BYTES:
        raise BadProof("a bucket of the state path is malformed")
    entries = entries_of(bucket)
    keys = list(entries)
    ordered = keys == sorted(keys) and len(keys) == (len(bucket) - 1) // ENTRY_BYTES
    if not ordered or not all(k.hex().encode().startswith(prefix) for k in keys):
        raise BadProof("a bucket of the state path is out of order")
    return entries.get(key)
