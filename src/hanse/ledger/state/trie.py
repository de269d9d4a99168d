"""A 16-ary Merkle trie over hashed keys with small buckets as leaves, updated by the batch.

The shape depends on the set of keys alone, never on the order of writes: a prefix with at
most ``bucket_entries`` keys is a bucket, any other a branch. Nodes are stored by path and
overwritten in place, so there is nothing to collect and only the latest root can be proved.
Buckets make the trie about one level lower than single-entry leaves would; the figures that
led here are in ``docs/adr/0001-state-trie.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from hanse.ledger.state.nodes import (
    BRANCH,
    BUCKET_ENTRIES,
    DIGEST_BYTES,
    EMPTY_BUCKET,
    ENTRY_BYTES,
    NO_CHILD,
    SLOT_OF,
    SLOTS_OFFSET,
    Hash,
    count_of,
    encode_branch,
    encode_bucket,
    entries_of,
    hash_node,
)

NodeSource = Callable[[bytes], bytes | None]
_HEX_DIGITS = b"0123456789abcdef"


class Update(NamedTuple):
    """Result of a batch: the new root and the nodes to write (None deletes)."""

    root: bytes
    nodes: dict[bytes, bytes | None]


class Change(NamedTuple):
    """One key of a batch: its hexadecimal path, hashed key, and value hash (None deletes)."""

    path: bytes
    key: bytes
    value: bytes | None


class _Outcome(NamedTuple):
    digest: bytes  # NO_CHILD when nothing is left
    added: int


class Trie:
    """The algorithm; it keeps no nodes itself."""

    __slots__ = ("_bucket_entries", "_hash")

    def __init__(self, hash_: Hash, bucket_entries: int = BUCKET_ENTRIES) -> None:
        self._hash = hash_
        self._bucket_entries = bucket_entries

    def update(self, nodes: NodeSource, changes: Mapping[bytes, bytes | None]) -> Update:
        """Apply a batch of hashed key → value hash (None deletes).

        Args:
            nodes: stored node by path, None where there is none.
            changes: 32-byte hashed keys; the order does not matter.
        """
        batch = _Batch(self._hash, self._bucket_entries, nodes)
        ordered = [Change(key.hex().encode(), key, changes[key]) for key in sorted(changes)]
        batch.apply(b"", ordered)
        root = batch.written[b""] if b"" in batch.written else nodes(b"")
        return Update(hash_node(self._hash, root or EMPTY_BUCKET), batch.written)

    def path_to(self, nodes: NodeSource, key: bytes) -> list[bytes]:
        """Nodes from the root towards a hashed key, as far as they exist; the proof of it."""
        hex_key = key.hex().encode()
        found = []
        for depth in range(len(hex_key) + 1):
            node = nodes(hex_key[:depth])
            if node is None:
                break
            found.append(node)
            if node[0] != BRANCH:
                break
        return found or [EMPTY_BUCKET]


class _Batch:
    """One update in progress."""

    __slots__ = ("_hash", "_limit", "_nodes", "written")

    def __init__(self, hash_: Hash, limit: int, nodes: NodeSource) -> None:
        self._hash = hash_
        self._limit = limit
        self._nodes = nodes
        self.written: dict[bytes, bytes | None] = {}

    def apply(self, path: bytes, changes: list[Change]) -> _Outcome:
        node = self._nodes(path)
        if node is None:
            node = EMPTY_BUCKET
        if node[0] == BRANCH:
            return self._apply_to_branch(path, node, changes)
        return self._apply_to_bucket(path, node, changes)

    def _apply_to_bucket(self, path: bytes, bucket: bytes, changes: list[Change]) -> _Outcome:
        if len(changes) == 1:
            replaced = _replace_one(bucket, changes[0])
            if replaced is not None:
                return _Outcome(self._write(path, replaced), 0)
        entries = entries_of(bucket)
        before = len(entries)
        for change in changes:
            if change.value is None:
                entries.pop(change.key, None)
            else:
                entries[change.key] = change.value
        return _Outcome(self._build(path, entries), len(entries) - before)

    def _apply_to_branch(self, path: bytes, branch: bytes, changes: list[Change]) -> _Outcome:
        slots = bytearray(branch)
        added = 0
        for child_path, group in _by_child(len(path), changes):
            outcome = self.apply(child_path, group)
            slot = SLOT_OF[child_path[-1]]
            slots[slot : slot + DIGEST_BYTES] = outcome.digest
            added += outcome.added
        count = count_of(branch) + added
        if count <= self._limit:
            return _Outcome(self._collapse(path, slots), added)
        if added:
            slots[1:SLOTS_OFFSET] = count.to_bytes(8, "big")
        return _Outcome(self._write(path, bytes(slots)), added)

    def _collapse(self, path: bytes, slots: bytearray) -> bytes:
        """Turn a branch that became small into a bucket; its children are all buckets."""
        entries: dict[bytes, bytes] = {}
        for digit in _HEX_DIGITS:
            slot = SLOT_OF[digit]
            if slots[slot : slot + DIGEST_BYTES] == NO_CHILD:
                continue
            child = path + bytes([digit])
            node = self.written[child] if child in self.written else self._nodes(child)
            if node is not None:
                entries.update(entries_of(node))
            self.written[child] = None
        return self._build(path, entries)

    def _build(self, path: bytes, entries: dict[bytes, bytes]) -> bytes:
        """Write the canonical subtree of these entries."""
        if not entries:
            self.written[path] = None
            return NO_CHILD
        if len(entries) <= self._limit:
            return self._write(path, encode_bucket(entries))
        groups: dict[bytes, dict[bytes, bytes]] = {}
        depth = len(path) + 1
        for key in sorted(entries):
            groups.setdefault(key.hex().encode()[:depth], {})[key] = entries[key]
        slots = bytearray(SLOTS_OFFSET + 16 * DIGEST_BYTES)
        for child, group in groups.items():
            slot = SLOT_OF[child[-1]]
            slots[slot : slot + DIGEST_BYTES] = self._build(child, group)
        return self._write(path, encode_branch(len(entries), slots[SLOTS_OFFSET:]))

    def _write(self, path: bytes, node: bytes) -> bytes:
        self.written[path] = node
        return hash_node(self._hash, node)


def _replace_one(bucket: bytes, change: Change) -> bytes | None:
    """The bucket with one entry's value replaced, or None when that is not what happens."""
    if change.value is None:
        return None
    at = bucket.find(change.key, 1)
    if at < 0 or (at - 1) % ENTRY_BYTES:
        return None
    middle = at + DIGEST_BYTES
    return bucket[:middle] + change.value + bucket[middle + DIGEST_BYTES :]


def _by_child(depth: int, changes: list[Change]) -> list[tuple[bytes, list[Change]]]:
    """Runs of sorted changes that share the next digit."""
    if len(changes) == 1:
        return [(changes[0].path[: depth + 1], changes)]
    groups: list[tuple[bytes, list[Change]]] = []
    last = -1
    for change in changes:
        digit = change.path[depth]
        if digit == last:
            groups[-1][1].append(change)
        else:
            groups.append((change.path[: depth + 1], [change]))
            last = digit
    return groups
