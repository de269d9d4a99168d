"""The framing of bundles: one spelling, and limits."""

from __future__ import annotations

import pytest

from hanse.ledger.bft.bundles import (
    MAX_MEMBERS,
    PREFIX,
    VERSION,
    decode_bundle,
    encode_bundle,
    is_bundle,
)
from hanse.ledger.errors import BadBundle

HEAD = PREFIX + bytes([VERSION])
ROOM = 1 << 18


def framed(*members: bytes) -> bytes:
    return HEAD + b"".join(len(m).to_bytes(4, "big") + m for m in members)


def test_members_come_back_in_their_order() -> None:
    members = [b"b", b"a" * 1_000, b"{}"]
    item = encode_bundle(members)
    assert is_bundle(item)
    assert item == framed(*members)
    assert decode_bundle(item, ROOM) == members


def test_largest_bundle_passes() -> None:
    members = [b"%d" % n for n in range(MAX_MEMBERS)]
    item = encode_bundle(members)
    assert decode_bundle(item, len(item)) == members
    with pytest.raises(BadBundle):
        decode_bundle(item, len(item) - 1)


@pytest.mark.parametrize(
    "item",
    [
        HEAD,
        framed(b"alone"),
        framed(b"a", b""),
        framed(b"a", b"a"),
        framed(b"a", framed(b"b", b"c")),
        framed(b"a", b"b")[:-1],
        framed(b"a", b"b") + b"\x00",
        framed(b"a", b"b") + b"\x00\x00\x00\x02c",
        framed(b"a") + b"\xff\xff\xff\xffb",
        PREFIX,
        PREFIX + b"\x02" + framed(b"a", b"b")[len(HEAD) :],
        framed(*[b"%d" % n for n in range(MAX_MEMBERS + 1)]),
    ],
    ids=[
        "empty", "of one", "empty member", "repeated", "nested", "cut", "trailing",
        "length beyond the end", "huge length", "no version", "other version", "too many",
    ],
)  # fmt: skip
def test_what_is_no_bundle_is_refused(item: bytes) -> None:
    with pytest.raises(BadBundle):
        decode_bundle(item, ROOM)


def test_transactions_and_certificates_are_no_bundles() -> None:
    assert not is_bundle(b'{"body":{},"signature":""}')
    assert not is_bundle(b"\x00hanse-certificate\x00...")
