"""Ed25519 and X25519 beyond what both suites promise."""

from __future__ import annotations

import pytest

from hanse.crypto.errors import BadKey
from hanse.crypto.intl import IntlSuite

SUITE = IntlSuite()
SMALL_ORDER = [
    bytes(32),
    (1).to_bytes(32, "little"),
    bytes.fromhex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
]


@pytest.mark.parametrize("public", SMALL_ORDER)
def test_points_of_small_order_are_refused(public: bytes) -> None:
    with pytest.raises(BadKey):
        SUITE.agree(SUITE.generate_agreement_key(), public)
    with pytest.raises(BadKey):
        SUITE.check_public(public, "agreement")


def test_signatures_are_deterministic() -> None:
    private = SUITE.generate_signing_key()
    assert SUITE.sign(private, "hanse/test/1", b"m") == SUITE.sign(private, "hanse/test/1", b"m")
