"""Newton's method: sums over equal chunks of rows and moves of limited length stay in the ring."""

from __future__ import annotations

CHUNK_BITS = 13
# Of Newton's method: how far a move may go in a coordinate, and how many use the same matrix.
LARGEST_STEP = 4.0
MOVES = 3


def chunks_of(rows: int) -> int:
    """Chunks in which sums over so many rows are made."""
    return -(-rows // (1 << CHUNK_BITS))


def padded(rows: int) -> int:
    """Rows with zeros at the end, so that chunks are equal."""
    return chunks_of(rows) * -(-rows // chunks_of(rows))


def row_bits(total: int) -> int:
    """Sums over ``total`` padded rows are divided by two to this power."""
    chunks = chunks_of(total)
    return bits_of(chunks) + bits_of(total // chunks)


def bits_of(number: int) -> int:
    """Logarithm of the next power of two."""
    return max(number - 1, 0).bit_length()
