"""Turn key columns into digests that are equal at both parties exactly when the keys are.

A component is normalised by its declared type: text by NFKC and trimming (and lower case when
asked), integers to plain decimal digits, dates to ISO 8601 days. Components are joined with
their lengths before them, so that ("a,b", "c") and ("a", "b,c") differ. A row lacking any
component has no key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hanse.compute.errors import BadParameter, NoSuchColumn
from hanse.data.types import TableSource

DIGEST_BYTES = 12
_BATCH = 1 << 18
_BASE = 0x9E3779B97F4A7C15
Marks = npt.NDArray[np.uint64]


def key_digests(
    table: TableSource,
    columns: Sequence[str],
    *,
    key_type: str,
    case: str,
    nonce: bytes,
    granted: set[str],
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64], Marks]:
    """Digest the keys of a table.

    Args:
        table: the table, read once in batches.
        columns: key columns in order.
        key_type: ``text``, ``integer`` or ``date``.
        case: ``exact`` or ``lower``.
        nonce: 32 bytes of the session; makes digests of one session useless in another.
        granted: columns that may be read.

    Returns:
        Digests of shape (keys, 12), the first 96 bits of SHA-256; the row number of each; and
        its mark, which depends on the key alone and puts rows into an order that is the same in
        every session.

    Raises:
        NoSuchColumn, BadParameter: when a column is missing or cannot be read as ``key_type``.
    """
    check_key_columns(columns, granted)
    digests: list[npt.NDArray[np.uint8]] = []
    rows: list[npt.NDArray[np.int64]] = []
    marks: list[Marks] = []
    start = 0
    for batch in table.batches(list(columns), _BATCH):
        joined = _joined(batch.columns, columns, key_type, case)
        present = np.asarray(joined.is_valid())
        keys = joined.drop_null()
        digests.append(_hashed(keys, nonce))
        marks.append(_marked(keys))
        rows.append(np.flatnonzero(present).astype(np.int64) + start)
        start += batch.num_rows
    if not rows:
        return np.empty((0, DIGEST_BYTES), np.uint8), np.empty(0, np.int64), np.empty(0, np.uint64)
    return np.concatenate(digests), np.concatenate(rows), np.concatenate(marks)


def check_key_columns(columns: Sequence[str], granted: set[str]) -> None:
    """Refuse key columns the table does not have or that were not granted.

    Raises:
        NoSuchColumn, BadParameter: naming what is wrong.
    """
    if not columns:
        raise BadParameter("at least one key column is needed")
    for name in columns:
        if name not in granted:
            raise NoSuchColumn(f"the table has no key column {name!r}")


def _joined(arrays: Sequence[Any], names: Sequence[str], key_type: str, case: str) -> Any:
    parts = []
    for array, name in zip(arrays, names, strict=True):
        text = _component(array, name, key_type, case)
        length = pc.cast(pc.binary_length(text), pa.string())
        parts.append(pc.binary_join_element_wise(length, text, ":"))
    return pc.binary_join_element_wise(*parts, "") if len(parts) > 1 else parts[0]


def _component(array: Any, name: str, key_type: str, case: str) -> Any:
    try:
        if key_type == "integer":
            return pc.cast(_whole(array), pa.string())
        if key_type == "date":
            return pc.cast(_day(array), pa.string())
        if pa.types.is_floating(array.type):
            array = _whole(array)
        text = pc.utf8_normalize(pc.cast(array, pa.string()), "NFKC")
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        # Arrow's own message quotes the value.
        raise BadParameter(f"key column {name!r} cannot be read as {key_type}") from error
    text = pc.utf8_trim_whitespace(text)
    if case == "lower":
        text = pc.utf8_lower(text)
    return pc.if_else(pc.equal(pc.binary_length(text), 0), pa.scalar(None, pa.string()), text)


def _whole(array: Any) -> Any:
    if pa.types.is_string(array.type):
        array = pc.utf8_trim_whitespace(pc.utf8_normalize(array, "NFKC"))
        array = pc.if_else(pc.equal(array, ""), pa.scalar(None, pa.string()), array)
    return pc.cast(array, pa.int64())


def _day(array: Any) -> Any:
    if pa.types.is_string(array.type):
        array = pc.utf8_trim_whitespace(pc.utf8_normalize(array, "NFKC"))
        array = pc.if_else(pc.equal(array, ""), pa.scalar(None, pa.string()), array)
    if pa.types.is_timestamp(array.type):
        array = pc.floor_temporal(array, unit="day")
    return pc.cast(array, pa.date32())


def _hashed(keys: Any, nonce: bytes) -> npt.NDArray[np.uint8]:
    """SHA-256 of the nonce's first half and key, first 96 bits, shape (keys, 12).

    Arrow puts the nonce before the keys and the digests are taken over slices of its one
    buffer: about 0.4 s for a million keys, half of what making Python strings of them takes.
    Sixteen bytes of nonce in hex leave 23 for a key before SHA-256 needs a second block.
    """
    if len(keys) == 0:
        return np.empty((0, DIGEST_BYTES), np.uint8)
    salted = pc.binary_join_element_wise(nonce[:16].hex(), keys, "").cast(pa.large_string())
    ends = np.frombuffer(salted.buffers()[1], np.int64)
    ends = ends[salted.offset : salted.offset + len(salted) + 1].tolist()
    data = salted.buffers()[2].to_pybytes()
    sha256 = hashlib.sha256
    digests = b"".join([sha256(data[a:b]).digest() for a, b in pairwise(ends)])
    return np.frombuffer(digests, np.uint8).reshape(-1, 32)[:, :DIGEST_BYTES]


def _marked(keys: Any) -> Marks:
    """A 64-bit number of each key, spread evenly; for order only, it protects nothing.

    The bytes are the digits of a number in an odd base modulo 2^64, mixed by the finaliser of
    SplitMix64 (Steele, Lea and Flood, OOPSLA 2014). Stays at the owner.
    """
    if len(keys) == 0:
        return np.empty(0, np.uint64)
    wide = keys.cast(pa.large_string())
    ends = np.frombuffer(wide.buffers()[1], np.int64)[wide.offset : wide.offset + len(wide) + 1]
    data = np.frombuffer(wide.buffers()[2], np.uint8)[ends[0] : ends[-1]]
    starts, lengths = ends[:-1] - ends[0], np.diff(ends)
    places = np.arange(len(data)) - np.repeat(starts, lengths)
    powers = np.cumprod(np.full(int(lengths.max()), _BASE, np.uint64))
    marks: Marks = np.add.reduceat(data.astype(np.uint64) * powers[places], starts)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        marks = (marks ^ (marks >> np.uint64(shift))) * np.uint64(factor)
    return marks ^ (marks >> np.uint64(31))
