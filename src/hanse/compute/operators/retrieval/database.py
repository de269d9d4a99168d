"""A table as the byte matrix that private retrieval reads columns of.

Each row becomes a record: a tag of eight bytes and its payload, encrypted. Column, tag and pad
all come from the pseudo-random function at the row's key, so who gets a column can find and read
only records of keys at which it was given the function. Places without a record hold random bytes,
so a column tells nothing of how full it is. A tag fits a wrong record with a probability of
2^-64 for each record of a column.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from hanse.compute.operators.retrieval.lwe import MAX_COLUMNS

PLACE_BYTES = 8
TAG_BYTES = 8
MIN_COLUMNS = 64
Bytes = npt.NDArray[np.uint8]


class Shape(msgspec.Struct, frozen=True):
    """How records lie in the matrix.

    Attributes:
        columns: of the matrix, a power of two.
        capacity: records in a column.
        record: bytes of a payload.
    """

    columns: int
    capacity: int
    record: int

    @property
    def width(self) -> int:
        """Bytes of a tag and its payload."""
        return TAG_BYTES + self.record

    @property
    def height(self) -> int:
        """Rows of the matrix."""
        return self.capacity * self.width


def output_bytes(record: int) -> int:
    """How many bytes of the function's output a record needs."""
    return PLACE_BYTES + TAG_BYTES + record


def column_of(output: bytes, columns: int) -> int:
    """The column a record lies in."""
    return int.from_bytes(output[:PLACE_BYTES], "little") % columns


def build(outputs: Bytes, records: Bytes) -> tuple[Shape, Bytes]:
    """Encrypt the records and put each into its column.

    Args:
        outputs: of the function, shape (rows, `output_bytes`), uint8.
        records: shape (rows, bytes), uint8.

    Returns:
        The shape, and the matrix of shape (height, columns), uint8.
    """
    rows, record = records.shape
    columns = _columns_for(rows * (TAG_BYTES + record))
    words = np.ascontiguousarray(outputs[:, :PLACE_BYTES]).view("<u8").reshape(-1)
    places = (words % np.uint64(columns)).astype(np.int64)
    counts = np.bincount(places, minlength=columns)
    shape = Shape(columns, max(1, int(counts.max(initial=0))), record)
    order = np.argsort(places, kind="stable")
    first = np.cumsum(counts) - counts
    slots = np.arange(rows) - first[places[order]]
    noise = bytearray(secrets.token_bytes(shape.height * columns))
    matrix = np.frombuffer(noise, np.uint8).reshape(shape.capacity, shape.width, columns)
    sealed = outputs[:, PLACE_BYTES:].copy()
    sealed[:, TAG_BYTES:] ^= records
    matrix[slots, :, places[order]] = sealed[order]
    return shape, matrix.reshape(shape.height, columns)


def find(column: Bytes, output: bytes, shape: Shape) -> bytes | None:
    """The payload of the key whose output this is, None when the column has none."""
    held = column.reshape(shape.capacity, shape.width)
    own = np.frombuffer(output, np.uint8)[PLACE_BYTES:]
    fits = np.flatnonzero((held[:, :TAG_BYTES] == own[:TAG_BYTES]).all(axis=1))
    if len(fits) == 0:
        return None
    return (held[fits[0], TAG_BYTES:] ^ own[TAG_BYTES:]).tobytes()


def numbered(keys: Sequence[bytes]) -> list[int]:
    """For each row, how many rows before it have the same key."""
    seen: dict[bytes, int] = {}
    numbers = []
    for key in keys:
        number = seen.get(key, 0)
        numbers.append(number)
        seen[key] = number + 1
    return numbers


def _columns_for(size: int) -> int:
    """A power of two near the square root, where query, answer and hint are smallest together."""
    power = round(math.log2(max(size, 1)) / 2)
    return min(max(1 << power, MIN_COLUMNS), MAX_COLUMNS)
