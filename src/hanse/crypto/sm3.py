"""SM3 (GB/T 32905-2016), from the interpreter's OpenSSL, else from tongsuopy."""

from __future__ import annotations

import hashlib
import hmac as stdlib_hmac
from collections.abc import Callable
from typing import Any

from tongsuopy.crypto import hashes

from hanse.crypto.suite import HashObject

BLOCK_BYTES = 64


class TongsuoSm3:
    """SM3 of tongsuopy in the shape hashlib and hmac expect."""

    name = "sm3"
    digest_size = 32
    block_size = BLOCK_BYTES

    def __init__(self, data: bytes = b"", *, context: Any = None) -> None:
        self._context = hashes.Hash(hashes.SM3()) if context is None else context
        if data:
            self._context.update(bytes(data))

    def update(self, data: bytes, /) -> None:
        """Absorb more bytes."""
        self._context.update(bytes(data))

    def digest(self) -> bytes:
        """Digest so far; the running hash stays usable."""
        result: bytes = self._context.copy().finalize()
        return result

    def hexdigest(self) -> str:
        """Digest so far, in hex."""
        return self.digest().hex()

    def copy(self) -> TongsuoSm3:
        """An independent running hash in the same state."""
        return TongsuoSm3(context=self._context.copy())


def _openssl_sm3(data: bytes = b"") -> Any:
    return hashlib.new("sm3", data)


def _is_in_hashlib() -> bool:
    try:
        hashlib.new("sm3")
    except ValueError:
        return False
    return True


# hashlib is six times faster on short inputs; builds of OpenSSL without SM3 exist.
new: Callable[..., Any] = _openssl_sm3 if _is_in_hashlib() else TongsuoSm3
# Copying a fresh hash saves OpenSSL's look-up by name, most of the cost of a short input.
_FRESH = new()


def digest(data: bytes) -> bytes:
    """32-byte SM3 digest."""
    running = _FRESH.copy()
    running.update(data)
    result: bytes = running.digest()
    return result


def hasher() -> HashObject:
    """A running SM3."""
    running: HashObject = new()
    return running


def hmac(key: bytes, data: bytes) -> bytes:
    """HMAC-SM3 (GB/T 15852.2, RFC 2104), 32 bytes."""
    return stdlib_hmac.new(key, data, new).digest()
