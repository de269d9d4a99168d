"""Identifiers and base64url."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanse.core import ids
from hanse.core.encoding import BadEncoding, b64url, unb64url
from hanse.core.ids import BadIdentifier


def test_derived_id_depends_on_digest_only() -> None:
    assert ids.derive_id("gr", bytes(16)) == "gr-" + "a" * 26
    assert ids.check_id(ids.random_id("ds"), "ds")


@pytest.mark.parametrize(
    "value", ["", "gr-", "gr-ABC", "ds-" + "a" * 26, "gr-" + "1" * 26, "gr-" + "a" * 26 + "\n"]
)
def test_malformed_or_foreign_id_is_refused(value: str) -> None:
    with pytest.raises(BadIdentifier):
        ids.check_id(value, "gr")


def test_short_digest_is_refused() -> None:
    with pytest.raises(BadIdentifier):
        ids.derive_id("gr", b"short")


@given(st.binary(max_size=64))
def test_base64url_round_trip(data: bytes) -> None:
    assert unb64url(b64url(data)) == data


@pytest.mark.parametrize("text", ["====", "a", "YQ==", "Y+", "YR", "é"])
def test_other_spellings_of_base64url_are_refused(text: str) -> None:
    with pytest.raises(BadEncoding):
        unb64url(text)
