"""Indicators of bins, several side by side in one ring element."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
import numpy as np
import numpy.typing as npt

BLOCK_ELEMENTS = 1 << 22  # 32 MiB of ring elements are shared at a time
RING_BITS = 63
Counts = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Bins = Sequence[tuple[Codes, int]]


class Packing(msgspec.Struct, frozen=True):
    """How indicators are laid out: ``digits`` of ``bits`` bits in each ring element.

    ``width`` elements of all rows are a block.
    """

    bits: int
    digits: int
    width: int

    def blocks(self, positions: int) -> int:
        """Blocks that so many indicators fill."""
        return -(-positions // (self.digits * self.width))


def make_packing(rows: int, positions: int) -> Packing:
    """The layout for so many rows and, at the owner with most, so many indicators."""
    bits = rows.bit_length()
    digits = RING_BITS // bits
    width = min(-(-positions // digits), max(1, BLOCK_ELEMENTS // rows))
    return Packing(bits, digits, width)


def indicators(bins: Bins, packing: Packing, rows: int) -> Iterator[Counts]:
    """Blocks of shape (rows, width): position 0 counts all rows, then come the bins in order.

    Args:
        bins: of each column the bin of every row (-1 for none) and how many bins there are.
        packing: how they are laid out.
        rows: number of rows.
    """
    places = [np.zeros(rows, np.int64)]
    start = 1
    for codes, count in bins:
        places.append(np.where(codes >= 0, codes.astype(np.int64) + start, -1))
        start += count
    for number in range(packing.blocks(start)):
        block = np.zeros((rows, packing.width), np.int64)
        first = number * packing.width
        for place in places:
            element, digit = np.divmod(place, packing.digits)
            inside = (place >= 0) & (element >= first) & (element < first + packing.width)
            at = np.flatnonzero(inside)
            block[at, element[at] - first] += np.int64(1) << (digit[at] * packing.bits)
        yield block
