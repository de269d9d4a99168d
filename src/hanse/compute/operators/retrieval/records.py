"""Rows of payload columns as byte strings of one length, and back.

A record is the length of its content in two bytes, the values of the row in MessagePack, and
zeros. Dates travel as days, timestamps as microseconds; a missing value stays missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hanse.compute.operators.retrieval.errors import BadAnswer, RecordTooWide
from hanse.data.types import ARROW, Column, TableSource

MAX_RECORD_BYTES = 4096
LENGTH_BYTES = 2
_CARRIED = {"date": pa.int32(), "timestamp": pa.int64()}
_encoder = msgspec.msgpack.Encoder()


def encode_rows(table: TableSource, columns: Sequence[Column]) -> list[bytes]:
    """One MessagePack list for each row.

    Raises:
        RecordTooWide: when one is longer than a record may be.
    """
    encoded = [_encoder.encode(row) for row in _rows(table, columns)]
    if encoded and max(map(len, encoded)) + LENGTH_BYTES > MAX_RECORD_BYTES:
        raise RecordTooWide(f"a row's payload takes more than {MAX_RECORD_BYTES} bytes")
    return encoded


def _rows(table: TableSource, columns: Sequence[Column]) -> Iterator[tuple[Any, ...]]:
    for batch in table.batches([column.name for column in columns]):
        carried = [
            pc.cast(array, _CARRIED[column.type]) if column.type in _CARRIED else array
            for array, column in zip(batch.columns, columns, strict=True)
        ]
        if not carried:
            yield from [()] * batch.num_rows
        else:
            yield from zip(*(array.to_pylist() for array in carried), strict=True)


def padded(encoded: Sequence[bytes]) -> npt.NDArray[np.uint8]:
    """Records of one length, shape (rows, bytes), uint8."""
    size = LENGTH_BYTES + max(map(len, encoded), default=0)
    whole = b"".join((len(one).to_bytes(LENGTH_BYTES) + one).ljust(size, b"\0") for one in encoded)
    return np.frombuffer(whole, np.uint8).reshape(len(encoded), size)


def decode_record(record: bytes, columns: Sequence[Column]) -> list[Any]:
    """The values of a row as they were carried.

    Raises:
        BadAnswer: when the bytes are no record of these columns.
    """
    length = int.from_bytes(record[:LENGTH_BYTES])
    if LENGTH_BYTES + length > len(record):
        raise BadAnswer("a record is longer than its place")
    try:
        values: list[Any] = msgspec.msgpack.decode(
            record[LENGTH_BYTES : LENGTH_BYTES + length], type=list
        )
    except msgspec.DecodeError as error:
        raise BadAnswer("a record does not decode") from error
    if len(values) != len(columns):
        raise BadAnswer("a record has another number of columns than the set-up says")
    return values


def table_of(rows: Sequence[Sequence[Any]], columns: Sequence[Column]) -> Any:
    """An Arrow table of decoded rows.

    Raises:
        BadAnswer: when a value is not of its column's type.
    """
    arrays = []
    for place, column in enumerate(columns):
        kind = _CARRIED.get(column.type, ARROW[column.type])
        try:
            array = pa.array([row[place] for row in rows], kind)
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
            raise BadAnswer(f"a value of {column.name!r} is of another type") from error
        arrays.append(pc.cast(array, ARROW[column.type]))
    return pa.table(arrays, [column.name for column in columns])
