"""Hex with one spelling: lower case, no spaces. ``bytes.fromhex`` accepts more than that."""

from __future__ import annotations


def unhex(text: str) -> bytes:
    """Decode lower-case hex.

    Raises:
        ValueError: for any other spelling.
    """
    data = bytes.fromhex(text)
    if data.hex() != text:
        raise ValueError("not lower-case hex")
    return data
