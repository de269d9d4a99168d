"""Nonces used by the newest blocks: what was checked a moment ago need not be looked up again."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

REMEMBERED_BLOCKS = 64


class RecentNonces:
    """Replay digests of the last blocks, and from which height on they are complete."""

    def __init__(self, height: int, blocks: int = REMEMBERED_BLOCKS) -> None:
        """Begin after a committed block."""
        self._begin = height
        self._blocks: deque[frozenset[bytes]] = deque()
        self._limit = blocks
        self._digests: set[bytes] = set()

    def add(self, height: int, digests: Iterable[bytes]) -> None:
        """Take note of a committed block; after a jump everything begins anew."""
        if height != self._begin + len(self._blocks) + 1:
            self._begin = height - 1
            self._blocks.clear()
            self._digests.clear()
        used = frozenset(digests)
        self._blocks.append(used)
        self._digests |= used
        if len(self._blocks) > self._limit:
            self._digests -= self._blocks.popleft()
            self._begin += 1

    def cover(self, height: int) -> bool:
        """Whether every nonce used after a block is remembered."""
        return height >= self._begin

    def __contains__(self, digest: bytes) -> bool:
        return digest in self._digests
