"""A table set up for private retrieval: what the holder keeps and what the asker keeps."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
import numpy as np

from hanse.compute.operators.keys import normal_keys
from hanse.compute.operators.retrieval import database, lwe, prf, records
from hanse.compute.operators.retrieval.errors import BadAnswer, TooManyMatches
from hanse.compute.operators.retrieval.kernels import Words
from hanse.compute.operators.retrieval.texts import FAMILY
from hanse.crypto.curve25519 import Secret
from hanse.data.types import Column, TableSource

SECRET_BYTES = 32


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What both know of a set-up.

    Attributes:
        id: identifier of the set-up, the same in both parts.
        key_type: how keys are read.
        case: whether letter case counts.
        key_columns: how many columns a key has.
        matches: most rows of one key; so many look-ups are made for each key.
        columns: the payload.
    """

    id: str
    key_type: str
    case: str
    key_columns: int
    matches: int
    columns: list[Column]


class ServicePart(msgspec.Struct, frozen=True, kw_only=True):
    """One party's part of a set-up.

    Attributes:
        seed: of the public matrix.
        secret: the function's key, at the holder.
        data: the byte matrix, at the holder.
        hint: uint32, shape (height, 1024), at the asker.
    """

    family: str = FAMILY
    terms: Terms
    shape: database.Shape
    seed: bytes
    secret: bytes = b""
    data: bytes = b""
    hint: bytes = b""

    @property
    def matrix(self) -> database.Bytes:
        """The holder's byte matrix."""
        held = np.frombuffer(self.data, np.uint8)
        return held.reshape(self.shape.height, self.shape.columns)


class Entries(msgspec.Struct, frozen=True):
    """The holder's rows, checked: each one's key, number among its equals, and record."""

    keys: list[bytes]
    numbers: list[int]
    records: database.Bytes


def keys_of(
    table: TableSource, columns: Sequence[str], terms: Terms, granted: set[str]
) -> tuple[list[bytes], list[int]]:
    """Normalised keys and the number of the row of each."""
    keys: list[bytes] = []
    rows: list[int] = []
    for texts, held in normal_keys(
        table, columns, key_type=terms.key_type, case=terms.case, granted=granted
    ):
        keys.extend(text.encode() for text in texts.to_pylist())
        rows.extend(held.tolist())
    return keys, rows


def enter(
    table: TableSource, key_columns: Sequence[str], terms: Terms, granted: set[str]
) -> Entries:
    """Read and check a table that will be set up; rows without a key are left out.

    Raises:
        TooManyMatches: when a key stands in more rows than ``terms.matches``.
        NoSuchColumn, BadParameter, RecordTooWide: naming what does not fit.
    """
    keys, rows = keys_of(table, key_columns, terms, granted)
    numbers = database.numbered(keys)
    if max(numbers, default=0) >= terms.matches:
        raise TooManyMatches("a key stands in more rows than a look-up may return")
    encoded = records.encode_rows(table, terms.columns)
    return Entries(keys, numbers, records.padded([encoded[row] for row in rows]))


def set_up(
    entries: Entries, terms: Terms, seed: bytes, on_done: Callable[[int], None] | None = None
) -> tuple[ServicePart, bytes]:
    """The holder's part, and the hint for the asker.

    Some 50 µs a row for the function, one processor; and 1024 products a byte for the hint.
    """
    secret = Secret()
    size = database.output_bytes(entries.records.shape[1])
    outputs = prf.outputs_of_all(secret, entries.keys, entries.numbers, size, on_done)
    shape, matrix = database.build(outputs, entries.records)
    part = ServicePart(
        terms=terms, shape=shape, seed=seed, secret=secret.raw, data=matrix.tobytes()
    )
    return part, lwe.hint_of(matrix, seed).tobytes()


def hint_words(part: ServicePart) -> Words:
    """The asker's hint, shape (height, 1024), uint32.

    Raises:
        BadAnswer: when it has another size than the shape says.
    """
    if len(part.hint) != 4 * part.shape.height * lwe.DIMENSION:
        raise BadAnswer("the hint has another size than the set-up says")
    return np.frombuffer(part.hint, "<u4").reshape(part.shape.height, lwe.DIMENSION)
