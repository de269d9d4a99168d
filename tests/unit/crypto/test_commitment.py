"""Commitments hide and bind."""

from __future__ import annotations

import msgspec
import pytest

from hanse.core.canonical import NotCanonical, tagged
from hanse.crypto.commitment import Opening, commit, digest_of, verify_opening
from hanse.crypto.errors import BadOpening
from hanse.crypto.suite import Suite


@pytest.mark.parametrize("value", [None, True, 0, "text", [1, "a"], {"rows": 7, "a": []}])
def test_opening_belongs_to_its_commitment(suite: Suite, value: object) -> None:
    digest, opening = commit(suite, "kind", value)
    verify_opening(suite, digest, opening)
    sent = msgspec.json.decode(msgspec.json.encode(opening), type=Opening)
    verify_opening(suite, digest, sent)


def test_digest_is_the_documented_one(suite: Suite) -> None:
    opening = Opening("kind", "ab" * 32, {"b": 1, "a": "x"})
    parts = (b"\xab" * 32, b"kind", b'{"a":"x","b":1}')
    assert digest_of(suite, opening) == suite.hash(tagged("hanse/commitment/1", *parts)).hex()


def test_same_value_twice_gives_unlinkable_digests(suite: Suite) -> None:
    first, one = commit(suite, "kind", 1)
    second, other = commit(suite, "kind", 1)
    assert first != second
    assert one.salt != other.salt


def test_any_change_is_refused(suite: Suite) -> None:
    digest, opening = commit(suite, "count", 7)
    changed = [
        Opening("count", opening.salt, 8),
        Opening("count", opening.salt, "7"),
        Opening("rows", opening.salt, 7),
        Opening("count", "00" * 32, 7),
        Opening("count", opening.salt.upper(), 7),
        Opening("count", opening.salt[:-2], 7),
        Opening("count", "xy" * 32, 7),
    ]
    for each in changed:
        with pytest.raises(BadOpening):
            verify_opening(suite, digest, each)
    with pytest.raises(BadOpening):
        verify_opening(suite, "00" * 32, opening)
    with pytest.raises(BadOpening):
        verify_opening(suite, "ü" * 32, opening)


def test_values_without_canonical_form_are_refused(suite: Suite) -> None:
    for value in (1.5, {"ü": 1}, 2**60):
        with pytest.raises(NotCanonical):
            commit(suite, "kind", value)
