"""SM2 beyond what both suites promise."""

from __future__ import annotations

import pytest

from hanse.crypto import sm2
from hanse.crypto.errors import BadKey, BadSignature


def test_user_id_is_part_of_the_signature() -> None:
    private = sm2.generate()
    public = sm2.public_of(private)
    signature = sm2.sign(private, b"m", user_id=b"alice@example")
    sm2.verify(public, b"m", signature, user_id=b"alice@example")
    with pytest.raises(BadSignature):
        sm2.verify(public, b"m", signature)
    with pytest.raises(BadSignature):
        sm2.verify(public, b"m", signature, user_id=b"bob@example")


@pytest.mark.parametrize("value", [0, sm2.ORDER - 1, sm2.ORDER, 2**256 - 1])
def test_private_keys_outside_the_range_are_refused(value: int) -> None:
    with pytest.raises(BadKey):
        sm2.public_of(value.to_bytes(32, "big"))


@pytest.mark.parametrize("value", [1, 2, 255, 2**200, sm2.ORDER - 2])
def test_private_keys_at_the_edges_work(value: int) -> None:
    private = value.to_bytes(32, "big")
    sm2.verify(sm2.public_of(private), b"m", sm2.sign(private, b"m"))


def test_private_key_one_is_the_base_point() -> None:
    assert sm2.public_of((1).to_bytes(32, "big")) == b"\x04" + sm2.BASE_X + sm2.BASE_Y


@pytest.mark.parametrize(
    "public",
    [
        b"\x04" + bytes(64),
        b"\x04" + sm2.BASE_X + sm2.BASE_X,
        b"\x02" + sm2.BASE_X,
        b"\x05" + sm2.BASE_X + sm2.BASE_Y,
        b"\x04" + b"\xff" * 64,
    ],
)
def test_points_off_the_curve_are_refused(public: bytes) -> None:
    with pytest.raises(BadKey):
        sm2.check_public(public)
    with pytest.raises(BadKey):
        sm2.agree(sm2.generate(), public)
    with pytest.raises(BadKey):
        sm2.verify(public, b"m", bytes(64))


def test_signatures_with_leading_zeros_keep_64_bytes() -> None:
    private = sm2.generate()
    public = sm2.public_of(private)
    for number in range(600):  # one in 128 has a short r or s
        message = number.to_bytes(2, "big")
        signature = sm2.sign(private, message)
        assert len(signature) == 64
        sm2.verify(public, message, signature)


def test_signature_parts_out_of_range_are_refused() -> None:
    private = sm2.generate()
    public = sm2.public_of(private)
    signature = sm2.sign(private, b"m")
    order = sm2.ORDER.to_bytes(32, "big")
    for bad in (
        bytes(32) + signature[32:],
        signature[:32] + bytes(32),
        order + signature[32:],
        signature[:32] + order,
    ):
        with pytest.raises(BadSignature):
            sm2.verify(public, b"m", bad)
    sm2.verify(public, b"m", signature)  # and the library's error queue is clean again


def test_signatures_are_randomised() -> None:
    private = sm2.generate()
    assert sm2.sign(private, b"m") != sm2.sign(private, b"m")
