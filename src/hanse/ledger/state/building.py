"""The state trie made of entries that come in order of their hashed keys, each node once.

Changes in any order go through `hanse.ledger.state.trie.Trie`; both make the same nodes. What is
kept between two calls is the path of branches that are still open, and the few entries below.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

from hanse.ledger.state.nodes import (
    BUCKET_ENTRIES,
    DIGEST_BYTES,
    EMPTY_BUCKET,
    Hash,
    encode_branch,
    hash_node,
)

OPEN_ENTRIES = 256
"""More entries below a path than fit a bucket by far: the path is a branch whatever follows."""
Nodes = list[tuple[bytes, bytes]]


@dataclass
class _Branch:
    """A branch that more children may come to; its prefix is whole bytes, zero-filled."""

    prefix: bytes
    slots: bytearray = field(default_factory=lambda: bytearray(16 * DIGEST_BYTES))
    count: int = 0

    def fork(self) -> _Branch:
        return _Branch(self.prefix, bytearray(self.slots), self.count)


class TrieBuilder:
    """Makes the trie of a stream of entries.

    An entry is 64 bytes, a hashed key and the hash of its value. A path is ``(prefix, depth)``:
    its hexadecimal digits in bytes, an odd last one in the upper half.
    """

    def __init__(self, hash_: Hash, bucket_entries: int = BUCKET_ENTRIES) -> None:
        self._hash = hash_
        self._limit = bucket_entries
        self._open: list[_Branch] = []  # one for each depth from 0 on
        self._prefix = b""  # of what is pending, as deep as there are open branches
        self._pending: list[bytes] = []
        self._made: Nodes = []

    def fork(self) -> TrieBuilder:
        """A builder at the same place, to try entries with."""
        copy = TrieBuilder(self._hash, self._limit)
        copy._open = [branch.fork() for branch in self._open]
        copy._prefix, copy._pending = self._prefix, list(self._pending)
        return copy

    def add(self, entries: list[bytes]) -> Nodes:
        """Take entries, all above those before; returns (path, node) of what is settled now."""
        entries, at = self._pending + entries, 0
        while (end := self._end(entries, at)) < len(entries):
            self._settle(entries, at, end)
            at = end
            self._climb(entries[at])
        while len(entries) - at > OPEN_ENTRIES:
            at = self._descend(entries, at)
        self._pending = entries[at:]
        return self._taken()

    def finish(self) -> tuple[bytes, Nodes]:
        """Root, and the nodes that were open; no entries can follow."""
        if not self._open:
            if not self._pending:
                return hash_node(self._hash, EMPTY_BUCKET), []
            return self._build(self._pending, 0, len(self._pending), b"", 0), self._taken()
        self._settle(self._pending, 0, len(self._pending))
        digest = b""
        while self._open:
            digest = self._close()
        return digest, self._taken()

    def _taken(self) -> Nodes:
        made, self._made = self._made, []
        return made

    def _end(self, entries: list[bytes], at: int) -> int:
        """Where the entries under the present path end."""
        depth = len(self._open)
        if not depth:
            return len(entries)
        parent, digit = self._open[-1].prefix, _digit(self._prefix, depth - 1)
        if digit == 15:
            return bisect_left(entries, _after(parent, depth - 1), at)
        return bisect_left(entries, _child(parent, depth - 1, digit + 1), at)

    def _settle(self, entries: list[bytes], at: int, end: int) -> None:
        """No more entries come under the present path."""
        depth = len(self._open)
        digest = self._build(entries, at, end, self._prefix, depth)
        self._put(self._open[-1], _digit(self._prefix, depth - 1), digest, end - at)

    def _climb(self, entry: bytes) -> None:
        """Close branches until the open one covers an entry; its child is the present path."""
        while not _covers(self._open[-1].prefix, len(self._open) - 1, entry):
            self._close()
        depth = len(self._open) - 1
        self._prefix = _child(self._open[-1].prefix, depth, _digit(entry, depth))

    def _close(self) -> bytes:
        """Make the last open branch a node, and tell its parent; returns its digest."""
        branch, depth = self._open.pop(), len(self._open) - 1
        digest = self._write(
            branch.prefix.hex()[: depth + 1].encode(), encode_branch(branch.count, branch.slots)
        )
        if self._open:
            self._put(self._open[-1], _digit(branch.prefix, depth), digest, branch.count)
        return digest

    def _descend(self, entries: list[bytes], at: int) -> int:
        """Open a branch at the present path; returns where its last child's entries begin."""
        depth = len(self._open)
        branch = _Branch(self._prefix)
        self._open.append(branch)
        last = _digit(entries[-1], depth)
        self._prefix = _child(branch.prefix, depth, last)
        end = bisect_left(entries, self._prefix, at)
        self._children(branch, entries, at, end, depth)
        return end

    def _children(
        self, branch: _Branch, entries: list[bytes], at: int, end: int, depth: int
    ) -> None:
        """Build the children that entries make, all of them whole."""
        while at < end:
            digit = _digit(entries[at], depth)
            after = end
            if digit < 15:
                after = bisect_left(entries, _child(branch.prefix, depth, digit + 1), at, end)
            prefix = _child(branch.prefix, depth, digit)
            digest = self._build(entries, at, after, prefix, depth + 1)
            self._put(branch, digit, digest, after - at)
            at = after

    def _build(self, entries: list[bytes], at: int, end: int, prefix: bytes, depth: int) -> bytes:
        """Make the whole subtree of some entries; returns its digest."""
        path = prefix.hex()[:depth].encode()
        if end - at <= self._limit:
            return self._write(path, EMPTY_BUCKET + b"".join(entries[at:end]))
        branch = _Branch(prefix)
        self._children(branch, entries, at, end, depth)
        return self._write(path, encode_branch(branch.count, branch.slots))

    def _put(self, branch: _Branch, digit: int, digest: bytes, count: int) -> None:
        at = DIGEST_BYTES * digit
        branch.slots[at : at + DIGEST_BYTES] = digest
        branch.count += count

    def _write(self, path: bytes, node: bytes) -> bytes:
        self._made.append((path, node))
        return hash_node(self._hash, node)


def _digit(data: bytes, depth: int) -> int:
    byte = data[depth >> 1]
    return byte & 15 if depth & 1 else byte >> 4


def _child(prefix: bytes, depth: int, digit: int) -> bytes:
    """The path one digit longer."""
    if depth & 1:
        return prefix[:-1] + bytes((prefix[-1] | digit,))
    return prefix + bytes((digit << 4,))


def _covers(prefix: bytes, depth: int, entry: bytes) -> bool:
    """Whether an entry lies under a path."""
    whole = depth >> 1
    if entry[:whole] != prefix[:whole]:
        return False
    return not depth & 1 or entry[whole] >> 4 == prefix[whole] >> 4


def _after(prefix: bytes, depth: int) -> bytes:
    """A bound above every entry under a path."""
    return (prefix[:-1] + bytes((prefix[-1] | 15,)) if depth & 1 else prefix) + b"\xff" * 65
