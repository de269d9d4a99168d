"""An oblivious pseudo-random function on keys: 2HashDH over the u-line of Curve25519.

``F_k(x) = H2(x, k * H1(x))`` (Jarecki, Kiayias and Krawczyk, Asiacrypt 2014; the form of
RFC 9497 in its base mode, though on no ciphersuite of it: no kept library at hand has Ristretto).
The asker sends ``t * H1(x)`` for a uniform t, the holder multiplies by k, the asker divides by t.

H1 is SHA-256 read as a u-coordinate, on the curve or on its twist. What is sent would tell which,
so for each key one point of each goes out, curve first: the key's own and a random one. Both are
uniform in their groups, so the holder sees the same whatever the key is.

**Leaks**: the holder learns how many keys are asked, the asker nothing but F at its keys. An asker
that departs from the protocol can put a second key in the place of the random point. Answering
many blinded points weakens k by half the logarithm of their number, in bits (Cheon 2006; RFC 9497
section 7.2.3): 2^30 queries leave about 111 of 126.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from hanse.crypto import curve25519
from hanse.crypto.curve25519 import CURVE_ORDER, POINT_BYTES, TWIST_ORDER, Secret
from hanse.crypto.errors import BadPoint

PAIR_BYTES = 2 * POINT_BYTES
_POINT = b"hanse/retrieval-point/1\0"
_OUTPUT = b"hanse/retrieval-output/1\0"


class Blind(msgspec.Struct, frozen=True):
    """A key on its way to the holder: what is sent, and how to take the blinding off."""

    sent: bytes
    place: int
    factor: int


def point_of(key: bytes) -> bytes:
    """H1: the u-coordinate of a key."""
    return hashlib.sha256(_POINT + key).digest()


def output_of(key: bytes, point: bytes, number: int, size: int) -> bytes:
    """H2: ``size`` bytes for the ``number``-th row of a key."""
    return hashlib.shake_256(_OUTPUT + bytes([number]) + point + key).digest(size)


def blind(key: bytes) -> Blind:
    """Blind a key: 64 bytes that are independent of it."""
    point = point_of(key)
    own = 0 if curve25519.is_on_curve(point) else 1
    orders = (CURVE_ORDER, TWIST_ORDER)
    factor = curve25519.random_factor(orders[own])
    real = curve25519.multiply(point, factor, orders[own])
    other = orders[1 - own]
    dummy = curve25519.multiply(_random_point(1 - own), curve25519.random_factor(other), other)
    sent = real + dummy if own == 0 else dummy + real
    return Blind(sent, own, factor)


def evaluate(secret: Secret, blinded: bytes) -> bytes:
    """The holder's part: both points times its secret.

    Raises:
        BadPoint: when the message is not made of pairs of points.
    """
    if len(blinded) % PAIR_BYTES:
        raise BadPoint("the blinded keys have another size than expected")
    points = [blinded[i : i + POINT_BYTES] for i in range(0, len(blinded), POINT_BYTES)]
    return b"".join(secret.multiply_all(points))


def unblind(held: Blind, evaluated: bytes) -> bytes:
    """``k * H1(x)`` out of the holder's answer for this key."""
    start = held.place * POINT_BYTES
    order = CURVE_ORDER if held.place == 0 else TWIST_ORDER
    point = evaluated[start : start + POINT_BYTES]
    return curve25519.multiply(point, pow(held.factor, -1, order), order)


def outputs_of_all(
    secret: Secret,
    keys: Sequence[bytes],
    numbers: Sequence[int],
    size: int,
    on_done: Callable[[int], None] | None = None,
) -> npt.NDArray[np.uint8]:
    """F at many keys by who has the secret, shape (keys, size), uint8."""
    points = secret.multiply_all([point_of(key) for key in keys], on_done)
    whole = b"".join(
        output_of(key, point, number, size)
        for key, point, number in zip(keys, points, numbers, strict=True)
    )
    return np.frombuffer(whole, np.uint8).reshape(len(keys), size)


def _random_point(place: int) -> bytes:
    """A random u-coordinate of the curve (0) or of the twist (1)."""
    while True:
        point = secrets.token_bytes(POINT_BYTES)
        if curve25519.is_on_curve(point) == (place == 0):
            return point
