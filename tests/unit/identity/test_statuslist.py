"""Bitstring Status List: encoding of the Recommendation, bounds, hostile input."""

from __future__ import annotations

import gzip

import pytest

from hanse.core.encoding import b64url
from hanse.identity.errors import BadStatusList
from hanse.identity.statuslist import MAX_BITS, MIN_BITS, decode, empty, encode, get_bit, set_bit

# encodedList of the examples in the W3C Recommendation (an all-zero list of 131,072 bits).
W3C_EXAMPLE = "uH4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA"


def test_example_of_the_recommendation_is_an_empty_list() -> None:
    assert decode(W3C_EXAMPLE) == empty()


def test_round_trip_and_order_of_bits() -> None:
    bits = set_bit(set_bit(empty(), 0, True), 9, True)
    assert bits[:2] == b"\x80\x40"  # index 0 is the leftmost bit
    assert decode(encode(bits)) == bits
    assert get_bit(bits, 0)
    assert get_bit(bits, 9)
    assert not get_bit(bits, 1)
    assert set_bit(bits, 9, False)[:2] == b"\x80\x00"
    assert set_bit(bits, 9, True) == bits


def test_encoding_is_compact_and_stable() -> None:
    assert encode(empty()) == encode(empty())
    assert encode(empty()).startswith("uH4sI")
    assert len(encode(empty())) < 100


@pytest.mark.parametrize("index", [-1, MIN_BITS, 10**9])
def test_indices_outside_are_refused(index: int) -> None:
    with pytest.raises(BadStatusList):
        get_bit(empty(), index)
    with pytest.raises(BadStatusList):
        set_bit(empty(), index, True)


@pytest.mark.parametrize("size", [0, MIN_BITS - 8, MIN_BITS + 1, MAX_BITS + 8])
def test_sizes_outside_are_refused(size: int) -> None:
    with pytest.raises(BadStatusList):
        empty(size)


def _packed(data: bytes) -> str:
    return "u" + b64url(gzip.compress(data))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "z" + W3C_EXAMPLE[1:],
        W3C_EXAMPLE[1:],
        "u%%%",
        "uAAAA",
        W3C_EXAMPLE[:-8],
        _packed(bytes(100)),
        _packed(bytes(MAX_BITS // 8 + 1)),
        _packed(bytes(50_000_000)),
        "u" + b64url(gzip.compress(bytes(MIN_BITS // 8)) + b"more"),
        "u" + b64url(gzip.compress(bytes(MIN_BITS // 8))[:-4] + b"0000"),
    ],
    ids=range(11),
)
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(BadStatusList):
        decode(text)
