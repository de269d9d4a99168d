"""Canonical bytes: what is hashed, signed and stored has exactly one encoding.

The encoding is the JSON Canonicalization Scheme (RFC 8785) restricted to objects with ASCII
keys, arrays, strings, booleans, null and integers within ±(2^53 - 1). Floats are refused: a
number that is no integer travels as a decimal string. Raw bytes travel as lower-case hex
(short, fixed size) or base64url without padding.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from hanse.core.errors import InputError

T = TypeVar("T")
MAX_INTEGER = 2**53 - 1

_encoder = msgspec.json.Encoder(order="sorted")
_plain = msgspec.json.Decoder()
_decoders: dict[Any, msgspec.json.Decoder[Any]] = {}


class NotCanonical(InputError):
    """The bytes are no canonical encoding of the expected type."""

    code = "core.not_canonical"
    help = "Encode the object by RFC 8785 with integers and strings only."


def encode(value: object) -> bytes:
    """Encode a struct, or plain dict/list/str/int/bool/None, to canonical bytes.

    Raises:
        NotCanonical: on floats, integers beyond ±(2^53 - 1) or keys outside ASCII.
    """
    if not isinstance(value, msgspec.Struct):
        check_plain(value)
    return _encoder.encode(value)


def decode(data: bytes, type_: type[T]) -> T:
    """Decode canonical bytes into ``type_``; any other spelling of the same value is refused.

    Untyped fields are checked too: a float or a wide integer inside them is refused.

    Raises:
        NotCanonical: when the bytes do not decode or do not re-encode to themselves.
    """
    value = decode_trusted(data, type_)
    if _encoder.encode(value) != data:
        raise NotCanonical("the bytes are valid JSON but not its canonical form")
    check_plain(_decode(_plain, data))
    return value


def decode_trusted(data: bytes | msgspec.Raw, type_: type[T]) -> T:
    """Decode bytes that were checked before (own storage); skips the re-encoding."""
    decoder = _decoders.get(type_)
    if decoder is None:
        decoder = _decoders.setdefault(type_, msgspec.json.Decoder(type_))
    value: T = _decode(decoder, data)
    return value


def _decode(decoder: msgspec.json.Decoder[Any], data: bytes | msgspec.Raw) -> Any:
    try:
        return decoder.decode(data)
    # Bytes that are no UTF-8 inside a string are not the decoder's own kind of error.
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotCanonical(str(error)) from error


def check_plain(value: object) -> None:
    """Refuse what the canonical form cannot carry, inside untyped values.

    Raises:
        NotCanonical: naming the offending kind of value.
    """
    if value is None or isinstance(value, (str, bool, msgspec.Struct, msgspec.Raw)):
        return
    if isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            raise NotCanonical("integers are limited to ±(2^53 - 1); send a decimal string")
    elif isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise NotCanonical("object keys must be ASCII strings")
            check_plain(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            check_plain(item)
    else:
        raise NotCanonical(f"{type(value).__name__} has no canonical form here")


def tagged(domain: str, *parts: bytes) -> bytes:
    """Domain-separated, unambiguous concatenation: every part is preceded by its length.

    Args:
        domain: ASCII tag, ``hanse/<what>/<version>``.
        parts: byte strings, each below 2^32 bytes.
    """
    tag = domain.encode("ascii")
    out = [len(tag).to_bytes(4, "big"), tag]
    for part in parts:
        out.append(len(part).to_bytes(4, "big"))
        out.append(part)
    return b"".join(out)
