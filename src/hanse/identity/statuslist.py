"""Bitstring Status List (W3C Recommendation 1.0, 2025): many credentials' status in one list.

Each credential has an index; its bit says whether the list's purpose (revocation, suspension)
applies. Bit 0 is the leftmost bit of the first byte. Lists hold at least 131,072 bits, so that
fetching one does not tell which credential is being checked (section 6.1, herd privacy).

Encoded form: gzip, base64url without padding, multibase prefix ``u`` (section 4.1).
"""

from __future__ import annotations

import gzip
import zlib

from hanse.core.encoding import b64url, unb64url
from hanse.core.errors import InputError
from hanse.identity.errors import BadStatusList

MIN_BITS = 131_072
MAX_BITS = 8 * 2**20
_MULTIBASE = "u"


def empty(size: int = MIN_BITS) -> bytes:
    """A list of ``size`` clear bits: 131,072 to 8,388,608, a multiple of 8."""
    return _checked(bytes(size // 8), size)


def get_bit(bits: bytes, index: int) -> bool:
    """One bit; raises `BadStatusList` when there is no such index."""
    return bool(bits[_byte(bits, index)] >> (7 - index % 8) & 1)


def set_bit(bits: bytes, index: int, value: bool) -> bytes:
    """A copy with one bit changed; raises `BadStatusList` when there is no such index."""
    position = _byte(bits, index)
    mask = 1 << (7 - index % 8)
    changed = bytearray(bits)
    changed[position] = changed[position] | mask if value else changed[position] & ~mask
    return bytes(changed)


def encode(bits: bytes) -> str:
    """``encodedList``; the same bits always give the same text."""
    return _MULTIBASE + b64url(gzip.compress(_checked(bits, 8 * len(bits)), mtime=0))


def decode(text: str) -> bytes:
    """Undo `encode`, never expanding beyond 1 MiB.

    Raises:
        BadStatusList: wrong prefix, encoding, compression or length.
    """
    if not text.startswith(_MULTIBASE):
        raise BadStatusList("the list begins with the multibase prefix u")
    try:
        bits = _gunzip(unb64url(text[1:]))
    except (InputError, zlib.error) as error:
        raise BadStatusList() from error
    return _checked(bits, 8 * len(bits))


def _gunzip(data: bytes) -> bytes:
    stream = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    bits = stream.decompress(data, MAX_BITS // 8 + 1)
    if not stream.eof or stream.unused_data:  # cut off, too long, or something after it
        raise BadStatusList()
    return bits


def _checked(bits: bytes, size: int) -> bytes:
    if not MIN_BITS <= size <= MAX_BITS or size % 8:
        raise BadStatusList(f"a list has {MIN_BITS} to {MAX_BITS} bits")
    return bits


def _byte(bits: bytes, index: int) -> int:
    if not 0 <= index < 8 * len(bits):
        raise BadStatusList("the index lies outside the list")
    return index // 8
