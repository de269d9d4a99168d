"""RFC 8785 subset: one encoding per value, everything else refused."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.core import canonical
from hanse.core.canonical import NotCanonical

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-canonical.MAX_INTEGER, canonical.MAX_INTEGER)
    | st.text(st.characters(exclude_categories=("Cs",)), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.from_regex(r"[a-z]{1,6}", fullmatch=True), inner, max_size=4)
    ),
    max_leaves=12,
)


class Pair(msgspec.Struct, forbid_unknown_fields=True):
    b: int
    a: str


def test_keys_are_sorted_and_spaces_absent() -> None:
    assert canonical.encode(Pair(b=1, a="中")) == '{"a":"中","b":1}'.encode()


@given(PLAIN)
def test_any_plain_value_survives_a_round_trip(value: object) -> None:
    assert canonical.decode(canonical.encode(value), object) == value


@pytest.mark.parametrize(
    "data",
    [
        b'{"b":1,"a":"x"}',
        b'{"a":"x", "b":1}',
        b'{"a":"\\u0078","b":1}',
        b'{"a":"x","b":1,"c":2}',
        b'{"a":"x","b":1.0}',
        b'{"a":"x"',
        b"",
        b"\xff",
    ],
)
def test_other_spellings_of_a_value_are_refused(data: bytes) -> None:
    with pytest.raises(NotCanonical):
        canonical.decode(data, Pair)


@pytest.mark.parametrize("value", [1.5, {"a": 0.1}, [2**53], {"ключ": 1}, {1: 2}, {"a": {1, 2}}])
def test_values_without_canonical_form_are_refused(value: object) -> None:
    with pytest.raises(NotCanonical):
        canonical.encode(value)


@pytest.mark.parametrize("type_", [dict, msgspec.Raw])
@pytest.mark.parametrize("data", [b'{"a":"\xb5"}', b'{"a":"\xed\xa0\x80"}', b'{"\xb5":1}'])
def test_bytes_that_are_no_utf8_are_refused(data: bytes, type_: type[object]) -> None:
    with pytest.raises(NotCanonical):
        canonical.decode(data, type_)


def test_deep_nesting_is_refused_not_crashing() -> None:
    with pytest.raises(NotCanonical):
        canonical.decode(b"[" * 100_000 + b"]" * 100_000, object)


@given(st.lists(st.binary(max_size=8), max_size=4), st.lists(st.binary(max_size=8), max_size=4))
def test_tagged_is_injective(left: list[bytes], right: list[bytes]) -> None:
    same = canonical.tagged("hanse/t/1", *left) == canonical.tagged("hanse/t/1", *right)
    assert same == (left == right)
