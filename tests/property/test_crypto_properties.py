"""What holds for every input."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.core import canonical
from hanse.core.errors import HanseError
from hanse.crypto import merkle
from hanse.crypto.commitment import commit, verify_opening
from hanse.crypto.envelope import open_envelope
from hanse.crypto.errors import BadMerklePath
from hanse.crypto.suite import Suite, get_suite
from hanse.identity import statuslist

suites = st.sampled_from(["sm", "intl"]).map(get_suite)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=20),
    lambda children: (
        st.lists(children, max_size=4)
        | st.dictionaries(st.text("abc", max_size=3), children, max_size=4)
    ),
    max_leaves=10,
)


@settings(max_examples=60, deadline=None)
@given(suites, st.lists(st.binary(max_size=8), min_size=1, max_size=40), st.data())
def test_merkle_paths_verify_for_their_leaf_only(
    suite: Suite, leaves: list[bytes], data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    root, path = merkle.root(suite, leaves), merkle.path(suite, leaves, index)
    merkle.verify_path(suite, root, leaves[index], index, len(leaves), path)
    other = data.draw(st.binary(max_size=8).filter(lambda leaf: leaf != leaves[index]))
    with pytest.raises(BadMerklePath):
        merkle.verify_path(suite, root, other, index, len(leaves), path)


@settings(max_examples=60, deadline=None)
@given(suites, values)
def test_openings_open_every_value(suite: Suite, value: object) -> None:
    digest, opening = commit(suite, "kind", value)
    verify_opening(suite, digest, opening)


@settings(max_examples=60, deadline=None)
@given(suites, st.binary(max_size=300), st.binary(max_size=50), st.binary(max_size=50))
def test_seal_round_trip(suite: Suite, content: bytes, associated: bytes, salt: bytes) -> None:
    key = suite.hkdf(salt, salt=b"", info=b"", length=suite.key_bytes)
    assert suite.open(key, suite.seal(key, content, associated), associated) == content


@settings(max_examples=40, deadline=None)
@given(suites, st.text("abc/", min_size=1, max_size=8), st.binary(max_size=50), st.data())
def test_signatures_bind_domain_and_message(
    suite: Suite, domain: str, message: bytes, data: st.DataObject
) -> None:
    private = suite.generate_signing_key()
    signature = suite.sign(private, domain, message)
    suite.verify(suite.signing_public(private), domain, message, signature)
    # Moving the border between domain and message is another statement.
    moved = canonical.tagged(domain, message)
    assert moved != canonical.tagged(domain[:-1], domain[-1:].encode() + message)


@settings(max_examples=80, deadline=None)
@given(suites, values)
def test_no_json_opens_as_an_envelope(suite: Suite, value: object) -> None:
    with pytest.raises(HanseError):
        open_envelope(suite, value, "kid", b"\1" * 32, context="x")  # type: ignore[arg-type]


@settings(max_examples=20, deadline=None)
@given(st.sets(st.integers(0, statuslist.MIN_BITS - 1), max_size=10))
def test_status_lists_keep_exactly_the_set_bits(indices: set[int]) -> None:
    bits = statuslist.empty()
    for index in indices:
        bits = statuslist.set_bit(bits, index, True)
    decoded = statuslist.decode(statuslist.encode(bits))
    assert {i for i in range(len(decoded) * 8) if statuslist.get_bit(decoded, i)} == indices
