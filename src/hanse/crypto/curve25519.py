"""Blinding on Curve25519 by its u-coordinate, with X25519 (RFC 7748) of `cryptography`.

A hash of 32 bytes is taken as a u-coordinate, which lies on the curve or on its twist; X25519
multiplies on either, and secret factors commute: ``a*(b*u) == b*(a*u)``. That is what
Diffie-Hellman set intersection needs (Huberman, Franklin and Hogg, EC 1999; Meadows, S&P 1986).

X25519 takes only factors of a clamped form: multiples of 8 between 2^254 and 2^255. Taking
factors back, as a blind evaluation does, needs any factor modulo the group's order. Since a
u-coordinate does not tell a point from its negative, a factor and its negative are the same, and
`multiply` writes any factor as one or two of the clamped form.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from hanse.crypto.errors import BadPoint

POINT_BYTES = 32
FIELD = 2**255 - 19
CURVE_ORDER = 2**252 + 27742317777372353535851937790883648493
TWIST_ORDER = (2 * FIELD + 2 - 8 * CURVE_ORDER) // 4
_A = 486662
_LOW, _HIGH = 2**254, 2**255
_REPORT_EVERY = 4096


class Secret:
    """A clamped factor that is drawn once and multiplies many points.

    Args:
        raw: 32 bytes; drawn when absent.
    """

    def __init__(self, raw: bytes | None = None) -> None:
        self.raw = secrets.token_bytes(POINT_BYTES) if raw is None else raw
        self._key = X25519PrivateKey.from_private_bytes(self.raw)

    def multiply(self, point: bytes) -> bytes:
        """The point times the secret.

        Raises:
            BadPoint: when it is no point of large order.
        """
        try:
            return self._key.exchange(X25519PublicKey.from_public_bytes(point))
        except ValueError as error:
            raise BadPoint("a blinded key is no point of the curve") from error

    def multiply_all(
        self, points: Sequence[bytes], on_done: Callable[[int], None] | None = None
    ) -> list[bytes]:
        """Each point times the secret, some 45 µs each.

        Args:
            points: 32 bytes each.
            on_done: told now and then how many are done.
        """
        done: list[bytes] = []
        for start in range(0, len(points), _REPORT_EVERY):
            done.extend(self.multiply(point) for point in points[start : start + _REPORT_EVERY])
            if on_done is not None:
                on_done(len(done))
        return done


def is_on_curve(point: bytes) -> bool:
    """Whether a u-coordinate belongs to the curve; otherwise it belongs to the twist.

    Euler's criterion on ``u^3 + A u^2 + u``.
    """
    u = int.from_bytes(point, "little") % _HIGH % FIELD
    square = u * (u * (u + _A) + 1) % FIELD
    return pow(square, (FIELD - 1) // 2, FIELD) in (0, 1)


def order_of(point: bytes) -> int:
    """Prime order of the large subgroup of the curve or twist the point is on."""
    return CURVE_ORDER if is_on_curve(point) else TWIST_ORDER


def random_factor(order: int) -> int:
    """A uniform factor other than zero."""
    return 1 + secrets.randbelow(order - 1)


def multiply(point: bytes, factor: int, order: int) -> bytes:
    """A point times any factor, up to the point's sign, which a u-coordinate does not tell.

    The factor is split at random into two that have the clamped form; the small part of the
    point, whose order divides 8, falls away.

    Args:
        point: 32 bytes.
        factor: 1 to ``order`` - 1.
        order: of the large subgroup that the point is in.
    """
    while True:
        first = random_factor(order)
        one, other = clamped(first, order), clamped(factor * pow(first, -1, order) % order, order)
        if one is not None and other is not None:
            return Secret(other).multiply(Secret(one).multiply(point))


def clamped(factor: int, order: int) -> bytes | None:
    """The 32 bytes by which X25519 multiplies as the factor or its negative does, if any."""
    for same in (factor, order - factor):
        number = same + order * (-same * pow(order, -1, 8) % 8)
        if _LOW <= number < _HIGH:
            return number.to_bytes(POINT_BYTES, "little")
    return None
