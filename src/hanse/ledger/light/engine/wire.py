"""The few forms of protocol buffers (proto3) that CometBFT hashes and signs.

https://protobuf.dev/programming-guides/encoding: a field is a tag (number and wire type) and a
value; fields with the default value are left out, unless the message says otherwise.
"""

from __future__ import annotations

VARINT, FIXED64, LENGTH = 0, 1, 2


def uvarint(value: int) -> bytes:
    """Base 128, least significant group first; ``value`` from 0 to 2^64 - 1."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def number(field: int, value: int) -> bytes:
    """An int64, uint64 or enum field; no negative number occurs in what is encoded here."""
    return uvarint(field << 3 | VARINT) + uvarint(value) if value else b""


def fixed(field: int, value: int) -> bytes:
    """An sfixed64 field, within its range."""
    if not value:
        return b""
    return uvarint(field << 3 | FIXED64) + value.to_bytes(8, "little", signed=True)


def data(field: int, value: bytes) -> bytes:
    """A bytes or string field."""
    return message(field, value) if value else b""


def message(field: int, value: bytes) -> bytes:
    """An embedded message that is present, even when empty."""
    return uvarint(field << 3 | LENGTH) + uvarint(len(value)) + value


def delimited(value: bytes) -> bytes:
    """A message preceded by its length."""
    return uvarint(len(value)) + value
