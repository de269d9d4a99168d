"""How fast blocks come and what is in them, from the blocks kept here."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import msgspec

from hanse.ledger.block import Header
from hanse.ledger.errors import StoreAltered
from hanse.ledger.storage.store import Store

MAX_BLOCKS = 1_000


@dataclass(frozen=True)
class BlockStatistics:
    """Figures of some blocks in a row.

    Attributes:
        first: lowest height looked at.
        last: highest height looked at.
        empty: blocks without a transaction among them.
        transactions: in all of them.
        bytes: as stored, with receipts.
        span_ms: from the first block's time to the last one's.
        times_ms: from each block to the next, ascending.
        counts: transactions by block, ascending.
        sizes_bytes: by block, ascending.
        per_second: transactions a second over the span, without those of the first block,
            which arrived before its time; None for a single block.
    """

    first: int
    last: int
    empty: int
    transactions: int
    bytes: int
    span_ms: int
    times_ms: tuple[int, ...]
    counts: tuple[int, ...]
    sizes_bytes: tuple[int, ...]
    per_second: float | None


class _Stored(msgspec.Struct):
    header: Header


_HEADERS = msgspec.json.Decoder(_Stored)


def block_statistics(store: Store, count: int) -> BlockStatistics:
    """Figures of the newest blocks.

    Args:
        store: the node's disk.
        count: blocks to look at, 1 to `MAX_BLOCKS`; fewer when fewer are kept.

    Raises:
        StoreAltered: when a stored block cannot be read.
    """
    headers: list[Header] = []
    sizes: list[int] = []
    with store.read() as snapshot:
        last = snapshot.head() or 0
        first = max(last - count + 1, snapshot.base())
        for height in range(first, last + 1):
            data = snapshot.block(height)
            if data is None:
                raise StoreAltered(f"block {height} is missing")
            headers.append(_header(height, data))
            sizes.append(len(data))
    counts = [header.count for header in headers]
    span_ms = headers[-1].time_ms - headers[0].time_ms
    return BlockStatistics(
        first=first,
        last=last,
        empty=counts.count(0),
        transactions=sum(counts),
        bytes=sum(sizes),
        span_ms=span_ms,
        times_ms=tuple(sorted(b.time_ms - a.time_ms for a, b in pairwise(headers))),
        counts=tuple(sorted(counts)),
        sizes_bytes=tuple(sorted(sizes)),
        per_second=sum(counts[1:]) * 1_000 / span_ms if span_ms else None,
    )


def _header(height: int, data: bytes) -> Header:
    try:
        return _HEADERS.decode(data).header
    except msgspec.DecodeError as error:
        raise StoreAltered(f"block {height} cannot be read") from error
