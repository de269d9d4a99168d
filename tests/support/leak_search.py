"""Looking for many byte strings in recorded traffic, through the encodings that wrap it.

`Needles` finds any of some hundred thousand byte strings in one pass. `layers` peels HTTP
framing, compression, base64 and hex, JSON escapes, so that a value is found wherever it hides.
The functions that make needles know how values are usually written down.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import hashlib
import json
import re
import unicodedata
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from hanse.crypto.suite import get_suite

SHORTEST = 6
RUN = 4
FRACTION_BITS = (16, 18, 20, 24)
_MASK6 = np.uint64((1 << 48) - 1)
_TABLE_BITS = 24
_MIX = np.uint64(0x9E3779B97F4A7C15)
_BASE64 = re.compile(rb"[A-Za-z0-9_+/-]{12,}={0,2}")
_HEX = re.compile(rb"(?:[0-9a-fA-F]{2}){8,}")
_PLAIN = bytes.maketrans(b"-_", b"+/")
_DEPTH = 4


class Needles:
    """Byte strings of at least six bytes with a name each."""

    def __init__(self) -> None:
        self._long: dict[int, list[tuple[bytes, int, str]]] = defaultdict(list)
        self._short: dict[int, list[tuple[bytes, int, str]]] = defaultdict(list)
        self._known: set[bytes] = set()
        self._ready: list[tuple[Any, Any, Any, bool]] = []

    def __len__(self) -> int:
        return len(self._known)

    def add(self, name: str, needle: bytes) -> None:
        """Add a byte string; the name is what a finding shows."""
        if len(needle) < SHORTEST or needle in self._known:
            return
        self._known.add(needle)
        self._ready.clear()
        if len(needle) < 8:
            key = int.from_bytes(needle[:6], "little")
            self._short[key].append((needle, 0, name))
            return
        at = _most_varied(needle)
        self._long[int.from_bytes(needle[at : at + 8], "little")].append((needle, at, name))

    def find(self, data: bytes | bytearray | memoryview) -> set[str]:
        """Names of all needles in the data."""
        data = bytes(data)
        found: set[str] = set()
        for keys, table, entries, short in self._tables():
            padded = data + bytes(8)
            for shift in range(8):
                words = np.frombuffer(padded, "<u8", (len(padded) - shift) // 8, shift)
                if short:
                    words = words & _MASK6
                maybe = np.flatnonzero(table[_slot(words)])
                if len(maybe) == 0:
                    continue
                near = np.searchsorted(keys, words[maybe])
                maybe = maybe[keys[np.minimum(near, len(keys) - 1)] == words[maybe]]
                for place in maybe.tolist():
                    position = place * 8 + shift
                    for needle, at, name in entries[int(words[place])]:
                        if position >= at and data.startswith(needle, position - at):
                            found.add(name)
        return found

    def _tables(self) -> list[tuple[Any, Any, Any, bool]]:
        if not self._ready:
            for entries, short in ((self._long, False), (self._short, True)):
                if entries:
                    keys = np.array(sorted(entries), np.uint64)
                    table = np.zeros(1 << _TABLE_BITS, np.bool_)
                    table[_slot(keys)] = True
                    self._ready.append((keys, table, entries, short))
        return self._ready


def _slot(words: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    with np.errstate(over="ignore"):
        return (words * _MIX) >> np.uint64(64 - _TABLE_BITS)


def _most_varied(needle: bytes) -> int:
    """Where the eight bytes stand that occur least often by chance."""
    if len(set(needle[:8])) >= 6:
        return 0
    places = range(min(len(needle), 64) - 7)
    return max(places, key=lambda at: len(set(needle[at : at + 8])))


# -- what is looked for ------------------------------------------------------------------------


def spellings(text: str) -> set[str]:
    """A text as systems tend to normalise it."""
    folded = unicodedata.normalize("NFKC", text)
    return {
        form
        for plain in (text, folded, folded.strip())
        for form in (plain, plain.lower(), plain.upper())
    }


def add_text(needles: Needles, name: str, text: str) -> None:
    """A text in the encodings and escapes it may travel in."""
    for form in spellings(text):
        for encoding in ("utf-8", "utf-16-le", "utf-16-be", "gb18030"):
            needles.add(f"{name} as {encoding} text", form.encode(encoding))
        needles.add(f"{name} as JSON text", json.dumps(form)[1:-1].encode("ascii"))


def add_hashes(needles: Needles, name: str, text: str, prefixes: Iterable[bytes]) -> None:
    """Digests of a text and of prefix and text; twelve bytes of a digest are enough."""
    for form in spellings(text):
        for prefix in prefixes:
            for separator in (b"", b":", b"\0") if prefix else (b"",):
                add_digests(needles, name, prefix + separator + form.encode("utf-8"))


def add_digests(needles: Needles, name: str, message: bytes) -> None:
    """Digests of a message, raw, in hex and in base64."""
    for algorithm, digest in _digests(message):
        what = f"{algorithm} of {name}"
        needles.add(f"{what}, raw", digest[:12])
        needles.add(f"{what}, hex", digest.hex()[:24].encode("ascii"))
        needles.add(f"{what}, hex", digest.hex()[:24].upper().encode("ascii"))
        needles.add(f"{what}, base64", base64.b64encode(digest)[:15])
        needles.add(f"{what}, base64url", base64.urlsafe_b64encode(digest)[:15])


def _digests(message: bytes) -> Iterator[tuple[str, bytes]]:
    yield "SM3", get_suite("sm").hash(message)
    yield "SHA-256", hashlib.sha256(message).digest()
    yield "SHA-1", hashlib.sha1(message).digest()
    yield "MD5", hashlib.md5(message).digest()


def add_secret(needles: Needles, name: str, secret: bytes) -> None:
    """A key in raw bytes, hex and base64."""
    needles.add(f"{name}, raw", secret)
    needles.add(f"{name}, hex", secret.hex().encode("ascii"))
    needles.add(f"{name}, hex", secret.hex().upper().encode("ascii"))
    for encoded in (base64.b64encode(secret), base64.urlsafe_b64encode(secret)):
        needles.add(f"{name}, base64", encoded.rstrip(b"=")[: len(secret) * 4 // 3])


def add_numbers(needles: Needles, name: str, values: npt.NDArray[Any]) -> None:
    """A number column: single values that are unlikely by chance, and runs of four rows."""
    for form, array in _number_forms(values):
        data, width = array.tobytes(), array.dtype.itemsize
        for row in range(len(array)):
            one = data[row * width : (row + 1) * width]
            if width >= 8 and len(set(one)) >= 5:
                needles.add(f"{name}, one value as {form}", one)
            if row + RUN <= len(array):
                _add_run(needles, f"{name}, rows as {form}", data, row, width, RUN)
    for value in values.tolist():
        for text in _decimals(value):
            needles.add(f"{name}, as decimal text", text.encode("ascii"))


def add_flags(needles: Needles, name: str, values: npt.NDArray[Any], run: int = 48) -> None:
    """A column of 0 and 1, by runs long enough not to occur by chance."""
    for form in ("<u1", "<i2", "<i4", "<i8", "<f4", "<f8"):
        array = values.astype(form)
        data, width = array.tobytes(), array.dtype.itemsize
        for row in range(0, len(array) - run + 1):
            _add_run(needles, f"{name}, rows as {form}", data, row, width, run)
    digits = "".join(str(int(value)) for value in values)
    for separator in ("", ",", "\n", ", "):
        for row in range(0, len(digits) - run + 1):
            text = separator.join(digits[row : row + run])
            needles.add(f"{name}, rows as digits", text.encode("ascii"))
    for order in ("big", "little"):
        for row in range(0, len(values) - 8 * 12 + 1):
            bits = np.packbits(values[row : row + 8 * 12].astype(np.uint8), bitorder=order)
            needles.add(f"{name}, rows as bits", bits.tobytes())


def _add_run(needles: Needles, name: str, data: bytes, row: int, width: int, run: int) -> None:
    part = data[row * width : (row + run) * width]
    if len(set(part)) > 1:
        needles.add(name, part)


def _number_forms(values: npt.NDArray[Any]) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    for form in ("<f8", ">f8", "<f4", ">f4"):
        yield form, values.astype(form)
    largest = float(np.abs(values).max(initial=0))
    if np.issubdtype(values.dtype, np.integer):
        for form in ("<i8", ">i8", *(("<i4",) if largest < 2**31 else ())):
            yield form, values.astype(form)
    for bits in FRACTION_BITS:
        if largest >= 2.0 ** (62 - bits):
            continue
        fixed = np.rint(values.astype(np.float64) * 2.0**bits).astype("<i8")
        yield f"fixed point with {bits} bits", fixed
        wide = np.stack([fixed, fixed >> 63], axis=1)
        yield f"wide fixed point with {bits} bits", wide.view("V16").reshape(-1)


def _decimals(value: float | int) -> set[str]:
    """Ways to write a number; only long ones, which do not occur by chance."""
    texts = {str(value), repr(value), f"{value:.6f}", f"{value:.2f}", f"{value:.15g}"}
    return {text for text in texts if sum(character.isdigit() for character in text) >= 10}


# -- where it is looked for --------------------------------------------------------------------


def layers(data: bytes, depth: int = _DEPTH) -> Iterator[bytes]:
    """The data, and whatever is wrapped in it."""
    yield data
    if depth == 0:
        return
    for inner in _unwrapped(data):
        if len(inner) >= SHORTEST:
            yield from layers(inner, depth - 1)


def _unwrapped(data: bytes) -> Iterator[bytes]:
    text = _json_texts(data)
    if text and text != data:
        yield text
    for found in _BASE64.finditer(data):
        raw = found.group().rstrip(b"=").translate(_PLAIN)
        if len(raw) % 4 == 1:
            raw = raw[:-1]
        yield base64.b64decode(raw + b"=" * (-len(raw) % 4))
    for found in _HEX.finditer(data):
        yield binascii.unhexlify(found.group())
    yield from _inflated(data)


def _json_texts(data: bytes) -> bytes:
    """All texts and numbers of a JSON document, one a line; empty for anything else."""
    if data[:1] not in (b"{", b"[", b'"'):
        return b""
    try:
        return "\n".join(_leaves(json.loads(data))).encode("utf-8", "surrogatepass")
    except (ValueError, RecursionError):
        return b""


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner)
    else:
        yield str(value)


def _inflated(data: bytes) -> Iterator[bytes]:
    if data[:2] == b"\x1f\x8b":
        try:
            yield gzip.decompress(data)
        except (OSError, EOFError, zlib.error):
            return
    elif data[:1] == b"\x78":
        try:
            yield zlib.decompress(data)
        except zlib.error:
            return


def peeled(streams: Iterable[bytes]) -> bytes:
    """All layers of all streams, one after the other; what repeats is kept once."""
    seen: set[bytes] = set()
    pieces: list[bytes] = []
    for stream in streams:
        for layer in layers(stream):
            mark = hashlib.blake2b(layer, digest_size=16).digest()
            if mark not in seen:
                seen.add(mark)
                pieces.append(layer)
    return b"\x00\xff\x00".join(pieces)


def search(needles: Needles, streams: Iterable[bytes]) -> set[str]:
    """Names of all needles anywhere in the streams."""
    return needles.find(peeled(streams))


# -- HTTP --------------------------------------------------------------------------------------


def http_messages(stream: bytes) -> Iterator[bytes]:
    """Head and body of every message of one direction, without chunking and compression."""
    at = 0
    while (end := stream.find(b"\r\n\r\n", at)) >= 0:
        head = stream[at:end]
        yield head
        body, at = _body(stream, end + 4, head.lower())
        if b"content-encoding: gzip" in head.lower() and body:
            body = zlib.decompressobj(31).decompress(body)
        yield body


def _body(stream: bytes, start: int, head: bytes) -> tuple[bytes, int]:
    if b"transfer-encoding: chunked" in head:
        return _chunks(stream, start)
    length = re.search(rb"content-length: *(\d+)", head)
    size = int(length.group(1)) if length else 0
    return stream[start : start + size], start + size


def _chunks(stream: bytes, at: int) -> tuple[bytes, int]:
    parts: list[bytes] = []
    while True:
        line = stream.find(b"\r\n", at)
        if line < 0:
            return b"".join(parts), len(stream)
        size = int(stream[at:line].split(b";")[0], 16)
        parts.append(stream[line + 2 : line + 2 + size])
        at = line + 2 + size + 2
        if size == 0:
            return b"".join(parts), at
