"""Committed state with executed but not yet committed blocks on top."""

from __future__ import annotations

from hanse.ledger.state.nodes import Hash, hash_key
from hanse.ledger.storage.delta import Delta
from hanse.ledger.storage.store import Snapshot


class View:
    """What the execution of one block reads; remembers values and key hashes for its length."""

    __slots__ = ("_cache", "_hash", "_snapshot", "_staged", "hashed")

    def __init__(self, snapshot: Snapshot, staged: Delta, hash_: Hash) -> None:
        self._snapshot = snapshot
        self._staged = staged
        self._hash = hash_
        self._cache: dict[bytes, bytes | None] = {}
        self.hashed: dict[bytes, bytes] = {}

    def get(self, key: bytes) -> bytes | None:
        """Value under a full state key."""
        cache = self._cache
        if key in cache:
            return cache[key]
        if key in self._staged.values:
            value = self._staged.values[key]
        else:
            value = self._snapshot.get_hashed(key, self.hash_key(key))
        cache[key] = value
        return value

    def hash_key(self, key: bytes) -> bytes:
        """Where the key lives, computed once."""
        hashed = self.hashed.get(key)
        if hashed is None:
            hashed = self.hashed[key] = hash_key(self._hash, key)
        return hashed

    def node(self, path: bytes) -> bytes | None:
        """Node of the state trie."""
        if path in self._staged.nodes:
            return self._staged.nodes[path]
        return self._snapshot.node(path)

    def replay_height(self, digest: bytes) -> int | None:
        """Height of the block that remembers a replay digest."""
        if digest in self._staged.replay:
            return self._staged.replay[digest]
        return self._snapshot.replay_height(digest)

    def expiring(self, before_ms: int, limit: int) -> list[tuple[int, int]]:
        """(until_ms, height) of replay records that ended before a time, earliest first."""
        staged = self._staged.expiry
        stored = self._snapshot.expiring(before_ms, limit + len(staged))
        merged = {entry for entry in stored if staged.get(entry, True)}
        merged.update(entry for entry, stands in staged.items() if stands and entry[0] < before_ms)
        return sorted(merged)[:limit]
