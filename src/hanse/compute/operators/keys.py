"""Turn key columns into digests that are equal at both parties exactly when the keys are.

A component is normalised by its declared type: text by NFKC and trimming (and lower case when
asked), integers to plain decimal digits, dates to ISO 8601 days. Components are joined with
their lengths before them, so that ("a,b", "c") and ("a", "b,c") differ. A row lacking any
component has no key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hanse.compute.errors import BadParameter, NoSuchColumn
from hanse.core.canonical import tagged
from hanse.crypto.bulk_mac import BulkMac
from hanse.data.types import TableSource

DIGEST_BYTES = 12
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
        Digests of shape (keys, 12); the row number of each; and its mark, a 64-bit number that
        depends on the key alone and puts rows into an order that is the same in every session.

    Raises:
        NoSuchColumn, BadParameter: when a column is missing or cannot be read as ``key_type``.
    """
    digests = np.empty((table.rows, DIGEST_BYTES), np.uint8)
    rows, marks = np.empty(table.rows, np.int64), np.empty(table.rows, np.uint64)
    hashes, filled = _Hashes(nonce), 0
    for keys, held in normal_keys(table, columns, key_type=key_type, case=case, granted=granted):
        part = slice(filled, filled + len(held))
        digests[part], marks[part] = hashes.of(keys)
        rows[part] = held
        filled += len(held)
    return digests[:filled], rows[:filled], marks[:filled]


def normal_keys(
    table: TableSource, columns: Sequence[str], *, key_type: str, case: str, granted: set[str]
) -> Iterator[tuple[Any, npt.NDArray[np.int64]]]:
    """The normalised, joined keys of a table, batch by batch, and the row number of each.

    Args, raises: as `key_digests`.
    """
    check_key_columns(columns, granted)
    start = 0
    for batch in table.batches(list(columns)):
        joined = _joined(batch.columns, columns, key_type, case)
        present = np.asarray(joined.is_valid())
        yield joined.drop_null(), np.flatnonzero(present).astype(np.int64) + start
        start += batch.num_rows


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
    texts = [
        component(array, name, key_type, case) for array, name in zip(arrays, names, strict=True)
    ]
    if len(texts) == 1:  # nothing it could run into
        return texts[0]
    lengths = [pc.cast(pc.binary_length(text), pa.string()) for text in texts]
    parts = [
        pc.binary_join_element_wise(length, text, ":")
        for length, text in zip(lengths, texts, strict=True)
    ]
    return pc.binary_join_element_wise(*parts, "")


def component(array: Any, name: str, key_type: str, case: str) -> Any:
    """One key column as normalised text; missing where there is none.

    Args:
        array: values of any column type.
        name: what the column is called, for errors.
        key_type: ``text``, ``integer`` or ``date``.
        case: ``exact`` or ``lower``.

    Raises:
        BadParameter: when it cannot be read as ``key_type``.
    """
    if key_type == "text" and is_normal(array, case):
        return array
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


def is_normal(array: Any, case: str) -> bool:
    """Whether normalising this text would certainly change nothing.

    True when all of it is ASCII above the space, which NFKC and trimming leave alone, no letter
    is a capital that ``lower`` would change, and no value is empty. Most key columns are so, and
    a look at the bytes takes a tenth of the time of normalising.
    """
    if not pa.types.is_string(array.type) or array.null_count or len(array) == 0:
        return False
    data, bounds = _bytes_of(array)
    if data.size == 0 or data.min() <= ord(" ") or data.max() > ord("~"):
        return False
    if case == "lower" and bool(np.any((data >= ord("A")) & (data <= ord("Z")))):
        return False
    return bool(np.all(np.diff(bounds) > 0))


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


def _bytes_of(text: Any) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """The bytes of a text array without missing values, and where each value begins and ends."""
    offsets = np.dtype(np.int64 if pa.types.is_large_string(text.type) else np.int32)
    _, ends, data = text.buffers()
    bounds = np.frombuffer(ends, offsets)[text.offset : text.offset + len(text) + 1]
    held = np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8)
    return held[bounds[0] : bounds[-1]], (bounds - bounds[0]).astype(np.int64)


class _Hashes:
    """Digests and marks of keys in one session.

    Both are AES-CMAC under keys of 32 bytes. The digest's key comes from the session's nonce,
    which is drawn after both tables were committed to, so nobody can have prepared keys that
    collide; it is made one-way, since a digest must not give the key to who knows the nonce. The
    mark's key is always the same. Equal keys have equal marks; should others have, no harm is done.
    """

    def __init__(self, nonce: bytes) -> None:
        self._digest = BulkMac(_derived("hanse/psi-digest/1", nonce))
        self._close = BulkMac(_derived("hanse/psi-close/1", nonce))
        self._mark = BulkMac(_derived("hanse/psi-mark/1", b""))

    def of(self, keys: Any) -> tuple[npt.NDArray[np.uint8], Marks]:
        """Digests, shape (keys, 12), and marks, shape (keys,), of a text array."""
        if len(keys) == 0:
            return np.empty((0, DIGEST_BYTES), np.uint8), np.empty(0, np.uint64)
        data, bounds = _bytes_of(keys)
        digests = self._close.one_way(self._digest.tags(data, bounds))[:, :DIGEST_BYTES]
        marks = np.ascontiguousarray(self._mark.tags(data, bounds)[:, :8]).view(">u8").reshape(-1)
        return digests, marks.astype(np.uint64)


def _derived(purpose: str, nonce: bytes) -> bytes:
    return hashlib.sha256(tagged(purpose, nonce)).digest()
