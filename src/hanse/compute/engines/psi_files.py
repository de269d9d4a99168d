"""The files libpsi reads and writes.

A line is fifteen base64 characters of a key's digest, a comma, and eight of its place in the
file. libpsi only looks at the first column and gives the lines of common keys back as they
were, so the places say which they are. Fifteen characters because it keeps longer keys in
separately allocated memory, which makes it 1.3 times slower.

Before the protocol libpsi sends the peer one hash over all keys, and skips the protocol when
both hashes are equal; its interface cannot turn that off. Such a hash would confirm a guess of
a whole table, and in a one-sided intersection tell the sender the result. Two things see to it
that the hash tells nothing. Each party enters one random key beside its own. And beside the keys
stands the file of remarks in which libpsi keeps hash and count of keys from an earlier run, with a
random hash in it; that also saves it a pass over the keys. The first holds without the second.
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hanse.compute.errors import LinkFailed

KEY = "key"
KEY_CHARS = 15
_HEADER = b"key,place\n"
_DIGEST_BYTES, _PLACE_BYTES, _PLACE_CHARS = 12, 6, 8
_LINE = KEY_CHARS + 1 + _PLACE_CHARS + 1
_BLOCK = 1 << 18  # lines made or read at a time
_HASH_BYTES = 32


def write(path: Path, digests: npt.NDArray[np.uint8]) -> None:
    """Write keys for libpsi to read, a random one after them, and its remarks.

    Args:
        path: where to; the remarks go beside it.
        digests: shape (keys, 12), uint8, no two equal in their first 90 bits.
    """
    count = len(digests) + 1
    random = np.frombuffer(secrets.token_bytes(_DIGEST_BYTES), np.uint8).reshape(1, -1)
    with path.open("wb") as file:
        file.write(_HEADER)
        for start in range(0, count - 1, _BLOCK):
            file.write(_lines(digests[start : start + _BLOCK], start).data)
        file.write(_lines(random, count - 1).data)
    remarks = {
        "keys_hash": base64.b64encode(secrets.token_bytes(_HASH_BYTES)).decode(),
        "duplicate_key_cnt": 0,
        "unique_key_cnt": count,
        "original_cnt": count,
        "source_file_size": str(path.stat().st_size),  # a 64-bit number in the JSON of protobuf
    }
    remarks_of(path).write_text(json.dumps(remarks))


def _lines(digests: npt.NDArray[np.uint8], start: int) -> npt.NDArray[np.uint8]:
    """Lines of keys whose places begin at ``start``, shape (keys, 25)."""
    count = len(digests)
    held = np.empty((count, _DIGEST_BYTES + _PLACE_BYTES), np.uint8)
    held[:, :_DIGEST_BYTES] = digests
    places = np.arange(start, start + count, dtype=">u8").view(np.uint8).reshape(count, 8)
    held[:, _DIGEST_BYTES:] = places[:, 8 - _PLACE_BYTES :]
    lines = np.empty((count, _LINE), np.uint8)
    lines[:, :-1] = np.frombuffer(base64.b64encode(held.data), np.uint8).reshape(count, -1)
    lines[:, KEY_CHARS], lines[:, -1] = ord(","), ord("\n")
    return lines


def remarks_of(path: Path) -> Path:
    """Where libpsi looks for what it knows of an input file."""
    return path.with_name(path.name + ".meta")


def read(path: Path, keys: int) -> npt.NDArray[np.int64]:
    """Places of the common keys out of libpsi's result, ascending.

    Args:
        path: the result.
        keys: how many keys were written, without the random one.

    Raises:
        LinkFailed: when the file is not a part of what was written, in its order.
    """
    with path.open("rb") as file:
        file.readline()
        size = path.stat().st_size - file.tell()
        if size % _LINE:
            raise _unknown()
        places = np.empty(size // _LINE, np.int64)
        for start in range(0, len(places), _BLOCK):
            lines = np.frombuffer(file.read(_BLOCK * _LINE), np.uint8).reshape(-1, _LINE)
            found = _places(np.ascontiguousarray(lines[:, KEY_CHARS + 1 : -1]))
            places[start : start + len(found)] = found
    if len(places) and not (np.all(places[:-1] < places[1:]) and places[-1] < keys):
        raise _unknown()
    return places


def _places(text: Any) -> npt.NDArray[np.int64]:
    try:
        raw = np.frombuffer(base64.b64decode(text.data, validate=True), np.uint8)
    except binascii.Error as error:
        raise _unknown() from error
    wide = np.zeros((len(text), 8), np.uint8)
    wide[:, 8 - _PLACE_BYTES :] = raw.reshape(-1, _PLACE_BYTES)
    return wide.view(">i8").reshape(-1).astype(np.int64)


def _unknown() -> LinkFailed:
    return LinkFailed("the intersection's result file has an unknown form", phase="intersect")
