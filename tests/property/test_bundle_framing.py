"""Bundles of any content come back as they were; any other bytes are refused by name or are one."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from hanse.ledger.bft.bundles import (
    HEAD_BYTES,
    PREFIX,
    VERSION,
    decode_bundle,
    encode_bundle,
    is_bundle,
)
from hanse.ledger.errors import BadBundle

ROOM = 1 << 16
MEMBERS = st.lists(
    st.binary(min_size=1, max_size=60).filter(lambda member: not is_bundle(member)),
    min_size=2,
    max_size=20,
    unique=True,
)


@given(MEMBERS)
def test_round_trip(members: list[bytes]) -> None:
    item = encode_bundle(members)
    assert is_bundle(item)
    assert decode_bundle(item, ROOM) == members


@given(st.binary(max_size=200))
def test_what_decodes_has_no_other_spelling(rest: bytes) -> None:
    item = PREFIX + bytes([VERSION]) + rest
    with suppress(BadBundle):
        assert encode_bundle(decode_bundle(item, ROOM)) == item


@given(MEMBERS, st.data())
def test_altered_bundle_is_refused_or_is_the_one_spelling_of_others(
    members: list[bytes], data: st.DataObject
) -> None:
    item = bytearray(encode_bundle(members))
    at = data.draw(st.integers(0, len(item) - 1))
    item[at] ^= data.draw(st.integers(1, 255))
    altered = bytes(item)
    with suppress(BadBundle):
        found = decode_bundle(altered, ROOM)
        assert at >= HEAD_BYTES
        assert found != members
        assert encode_bundle(found) == altered
