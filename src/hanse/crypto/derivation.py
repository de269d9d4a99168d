"""Key derivation over any hash: HMAC (RFC 2104) and HKDF (RFC 5869)."""

from __future__ import annotations

from collections.abc import Callable

from hanse.crypto.errors import BadInputSize

HASH_BYTES = 32
MAX_HKDF_BYTES = 255 * HASH_BYTES


def hkdf(
    hmac: Callable[[bytes, bytes], bytes], secret: bytes, *, salt: bytes, info: bytes, length: int
) -> bytes:
    """Extract and expand (RFC 5869, sections 2.2 and 2.3).

    Args:
        hmac: ``(key, data) → 32 bytes``.
        secret: input keying material.
        salt: may be empty; then 32 zero bytes are used.
        info: context.
        length: 1 to 8,160 bytes.

    Raises:
        BadInputSize: on another length.
    """
    if not 1 <= length <= MAX_HKDF_BYTES:
        raise BadInputSize(f"HKDF gives 1 to {MAX_HKDF_BYTES} bytes")
    extracted = hmac(salt or bytes(HASH_BYTES), secret)
    block, out = b"", b""
    counter = 0
    while len(out) < length:
        counter += 1
        block = hmac(extracted, block + info + bytes([counter]))
        out += block
    return out[:length]
