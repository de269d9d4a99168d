"""Bundles: several signed transactions that travel to and between engines as one.

An engine pays for each thing in its mempool: a check, a message to every peer, another check
after each block. So a node hands it what gathered while the last submission was under way in
one piece. Bundles exist in mempools only: a proposer puts the transactions themselves into its
block. There is one spelling of a bundle, and what bounds a single transaction bounds it too.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from hanse.ledger.errors import BadBundle

PREFIX = b"\x00hanse-bundle\x00"
"""No transaction and no certificate begins like this."""
VERSION = 1
MAX_MEMBERS = 256
_HEAD = PREFIX + bytes([VERSION])
_LENGTH = struct.Struct(">I")
LENGTH_BYTES = _LENGTH.size
HEAD_BYTES = len(_HEAD)


def is_bundle(item: bytes) -> bool:
    """Whether these bytes claim to be a bundle, of whatever version."""
    return item.startswith(PREFIX)


def encode_bundle(members: Sequence[bytes]) -> bytes:
    """Head, and each member after its length (4 bytes, big endian)."""
    parts = [_HEAD]
    for member in members:
        parts.append(_LENGTH.pack(len(member)))
        parts.append(member)
    return b"".join(parts)


def decode_bundle(item: bytes, max_bytes: int) -> list[bytes]:
    """The members, in order: 2 to `MAX_MEMBERS`, none empty, none twice, none a bundle.

    Args:
        item: what an engine handed over.
        max_bytes: longest bundle accepted.

    Raises:
        BadBundle: saying what is wrong.
    """
    if len(item) > max_bytes:
        raise BadBundle(f"a bundle has at most {max_bytes} bytes")
    if not item.startswith(_HEAD):
        raise BadBundle("the version of the bundle is not known")
    members: list[bytes] = []
    position = HEAD_BYTES
    while position < len(item):
        if len(members) == MAX_MEMBERS:
            raise BadBundle(f"a bundle has at most {MAX_MEMBERS} members")
        begin = position + LENGTH_BYTES
        position = begin + _length(item, position)
        members.append(item[begin:position])
    _check_members(members, position == len(item))
    return members


def _length(item: bytes, position: int) -> int:
    if position + LENGTH_BYTES > len(item):
        raise BadBundle("the bundle ends within a length")
    (length,) = _LENGTH.unpack_from(item, position)
    return int(length)


def _check_members(members: list[bytes], is_whole: bool) -> None:
    if not is_whole:
        raise BadBundle("the bundle ends within a member")
    if len(members) < 2:
        raise BadBundle("a bundle has two members at least")
    if not all(members) or any(map(is_bundle, members)):
        raise BadBundle("a member is empty or a bundle itself")
    if len(set(members)) < len(members):
        raise BadBundle("a member stands in the bundle twice")
