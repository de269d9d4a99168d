"""State as a stream of bytes, cut into chunks of equal size.

Entries stand in order of hashed keys: length of key (2 bytes), length of value (4 bytes), key,
value. Equal states make equal chunks. An entry may span chunks.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

from hanse.ledger.snapshots.errors import SnapshotRefused

_LENGTHS = struct.Struct(">HI")
MAX_VALUE_BYTES = 64 << 20


def chunks_of(entries: Iterable[tuple[bytes, bytes, bytes]], size: int) -> Iterator[bytes]:
    """Cut (hashed key, key, value) entries into chunks.

    Args:
        entries: in order.
        size: bytes of each chunk but the last.
    """
    waiting = bytearray()
    for _, key, value in entries:
        waiting += _LENGTHS.pack(len(key), len(value))
        waiting += key
        waiting += value
        while len(waiting) >= size:
            yield bytes(waiting[:size])
            del waiting[:size]
    if waiting:
        yield bytes(waiting)


class EntryReader:
    """Reads entries back, chunk by chunk; keeps the part of an entry that is not whole yet."""

    __slots__ = ("_rest",)

    def __init__(self, rest: bytes = b"") -> None:
        self._rest = rest

    def fork(self) -> EntryReader:
        """A reader at the same place, to try a chunk with."""
        return EntryReader(self._rest)

    @property
    def ended(self) -> bool:
        """Whether the bytes so far end with a whole entry."""
        return not self._rest

    def feed(self, chunk: bytes) -> list[tuple[bytes, bytes]]:
        """Whole entries (key, value) that the next chunk completes.

        Raises:
            SnapshotRefused: when a value is longer than any state holds.
        """
        data = self._rest + chunk
        found: list[tuple[bytes, bytes]] = []
        at, end, head = 0, len(data), _LENGTHS.size
        while end - at >= head:
            key_bytes, value_bytes = _LENGTHS.unpack_from(data, at)
            if value_bytes > MAX_VALUE_BYTES:
                raise SnapshotRefused("an entry of the snapshot is too long")
            middle = at + head + key_bytes
            after = middle + value_bytes
            if after > end:
                break
            found.append((data[at + head : middle], data[middle:after]))
            at = after
        self._rest = data[at:]
        return found
