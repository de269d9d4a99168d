"""SM2 (GB/T 32918) on the recommended curve (GB/T 32918.5): keys, signatures, agreement.

Signatures are made over ``e = SM3(Z ‖ M)``, where Z binds the signer's user id, the curve and
the public key (GB/T 32918.2, 5.5 and 6.1). We compute e and hand the digest to the library, so
that the user id is a parameter; GM/T 0009 fixes the default. Elliptic curve arithmetic is the
library's (Tongsuo), including the point multiplication of the agreement.

The agreement is plain elliptic-curve Diffie–Hellman on this curve, x coordinate as secret. It
is *not* the interactive three-pass key exchange of GB/T 32918.3: our messages and envelopes
are sent to parties that are not there to answer. The key derivation that follows binds both
identities.
"""

from __future__ import annotations

import secrets
from functools import lru_cache
from typing import Any

from tongsuopy.backends.tongsuo.backend import backend
from tongsuopy.crypto import serialization
from tongsuopy.crypto.asymciphers import ec

from hanse.crypto import sm3
from hanse.crypto.errors import BadKey, BadSignature

_lib, _ffi = backend._lib, backend._ffi

# GB/T 32918.5-2017, annex A: coefficients, base point and order of the recommended curve.
CURVE_A = bytes.fromhex("fffffffeffffffffffffffffffffffffffffffff00000000fffffffffffffffc")
CURVE_B = bytes.fromhex("28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93")
BASE_X = bytes.fromhex("32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7")
BASE_Y = bytes.fromhex("bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0")
ORDER = int("fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123", 16)

DEFAULT_USER_ID = b"1234567812345678"
"""User id where parties agreed on none (GM/T 0009-2023, section 10)."""

PRIVATE_BYTES = 32
PUBLIC_BYTES = 65
SIGNATURE_BYTES = 64
MAX_DER_BYTES = 80


def generate() -> bytes:
    """A private key, uniform in 1 … n - 2 (GB/T 32918.1, 6.1)."""
    return (secrets.randbelow(ORDER - 2) + 1).to_bytes(PRIVATE_BYTES, "big")


def public_of(private: bytes) -> bytes:
    """Public key of a private key, 65 bytes ``04‖x‖y``."""
    return _private(private)[1]


def check_public(public: bytes) -> None:
    """Raise `BadKey` unless ``public`` is 65 bytes of a point of the curve."""
    _public(public)


def identity_digest(public: bytes, user_id: bytes = DEFAULT_USER_ID) -> bytes:
    """Z: the digest of user id, curve and public key (GB/T 32918.2, 5.5).

    Args:
        public: 65 bytes ``04‖x‖y``.
        user_id: at most 8,191 bytes, because its length in bits is sent in 16 bits.
    """
    length_bits = (8 * len(user_id)).to_bytes(2, "big")
    curve = CURVE_A + CURVE_B + BASE_X + BASE_Y
    return sm3.digest(length_bits + user_id + curve + public[1:])


def sign(private: bytes, data: bytes, user_id: bytes = DEFAULT_USER_ID) -> bytes:
    """Sign ``data`` (GB/T 32918.2, 6.1); 64 bytes ``r‖s``, randomised."""
    key, public = _private(private)
    digest = sm3.digest(_cached_identity_digest(public, user_id) + data)
    context = _context(key, _lib.EVP_PKEY_sign_init)
    buffer = _ffi.new("unsigned char[]", MAX_DER_BYTES)
    length = _ffi.new("size_t *", MAX_DER_BYTES)
    backend.openssl_assert(_lib.EVP_PKEY_sign(context, buffer, length, digest, len(digest)) == 1)
    return _raw_from_der(_ffi.buffer(buffer, length[0])[:])


def verify(public: bytes, data: bytes, signature: bytes, user_id: bytes = DEFAULT_USER_ID) -> None:
    """Verify a 64-byte ``r‖s`` signature (GB/T 32918.2, 7.1).

    Raises:
        BadSignature: when it does not hold.
        BadKey: when ``public`` is no point of the curve.
    """
    key = _public(public)
    if len(signature) != SIGNATURE_BYTES:
        raise BadSignature("an SM2 signature has 64 bytes")
    der = _der_from_raw(signature)
    digest = sm3.digest(_cached_identity_digest(public, user_id) + data)
    context = _context(key, _lib.EVP_PKEY_verify_init)
    if _lib.EVP_PKEY_verify(context, der, len(der), digest, len(digest)) != 1:
        backend._consume_errors()  # the queue is per thread and would taint the next call
        raise BadSignature()


def agree(private: bytes, public: bytes) -> bytes:
    """x coordinate of ``private · public``, 32 bytes.

    The curve has cofactor 1, so a point of the curve other than infinity is of full order and
    nothing of the private key leaks through small subgroups.
    """
    own, other = _private(private)[0], _public(public)
    group = _lib.EC_KEY_get0_group(own._ec_key)
    scalar = _lib.EC_KEY_get0_private_key(own._ec_key)
    point = _lib.EC_KEY_get0_public_key(other._ec_key)
    shared = _ffi.gc(_lib.EC_POINT_new(group), _lib.EC_POINT_clear_free)
    with backend._tmp_bn_ctx() as numbers:
        done = _lib.EC_POINT_mul(group, shared, _ffi.NULL, point, scalar, numbers)
        backend.openssl_assert(done == 1)
        return _encode_point(group, shared, numbers)[1:33]


def _encode_point(group: Any, point: Any, numbers: Any) -> bytes:
    buffer = _ffi.new("unsigned char[]", PUBLIC_BYTES)
    form = _lib.POINT_CONVERSION_UNCOMPRESSED
    written = _lib.EC_POINT_point2oct(group, point, form, buffer, PUBLIC_BYTES, numbers)
    backend.openssl_assert(written == PUBLIC_BYTES)
    encoded: bytes = _ffi.buffer(buffer)[:]
    return encoded


def _context(key: Any, initialise: Any) -> Any:
    context = _ffi.gc(_lib.EVP_PKEY_CTX_new(key._evp_pkey, _ffi.NULL), _lib.EVP_PKEY_CTX_free)
    backend.openssl_assert(initialise(context) == 1)
    return context


@lru_cache(maxsize=256)
def _private(private: bytes) -> tuple[Any, bytes]:
    value = int.from_bytes(private, "big")
    if len(private) != PRIVATE_BYTES or not 1 <= value <= ORDER - 2:
        raise BadKey("an SM2 private key is a number in 1 … n - 2, in 32 bytes")
    key = ec.derive_private_key(value, ec.SM2())
    public = key.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    return key, public


@lru_cache(maxsize=16_384)
def _public(public: bytes) -> Any:
    if len(public) != PUBLIC_BYTES or public[0] != 4:
        raise BadKey("an SM2 public key has 65 bytes: 04, x, y")
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SM2(), public)
    except ValueError as error:
        raise BadKey("not a point of the SM2 curve") from error


@lru_cache(maxsize=16_384)
def _cached_identity_digest(public: bytes, user_id: bytes) -> bytes:
    return identity_digest(public, user_id)


def _der_from_raw(signature: bytes) -> bytes:
    body = _der_integer(signature[:32]) + _der_integer(signature[32:])
    return b"\x30" + bytes([len(body)]) + body


def _der_integer(value: bytes) -> bytes:
    digits = value.lstrip(b"\0") or b"\0"
    if digits[0] & 0x80:
        digits = b"\0" + digits
    return b"\x02" + bytes([len(digits)]) + digits


def _raw_from_der(der: bytes) -> bytes:
    # Our own library's output: SEQUENCE of two INTEGERs, each below 2^256.
    r_end = 4 + der[3]
    r, s = der[4:r_end], der[r_end + 2 :]
    return r.lstrip(b"\0").rjust(32, b"\0") + s.lstrip(b"\0").rjust(32, b"\0")
