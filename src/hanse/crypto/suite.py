"""The suite interface: every cryptographic primitive Hanse uses, chosen once at genesis.

Two suites implement it and are interchangeable everywhere:

=============  ==========================================  ===============================
                ``sm`` (national)                           ``intl``
=============  ==========================================  ===============================
signature       SM2 with SM3 (GB/T 32918.2), user id of      Ed25519 (RFC 8032)
                GM/T 0009
agreement       ECDH on the SM2 curve (x coordinate)         X25519 (RFC 7748)
hash            SM3 (GB/T 32905)                             SHA-256 (FIPS 180-4)
encryption      SM4-GCM (GB/T 32907, RFC 8998)               AES-256-GCM (SP 800-38D)
HMAC, HKDF      RFC 2104, RFC 5869 over SM3                  the same over SHA-256
=============  ==========================================  ===============================

Private keys are 32 bytes in both. Implementations are stateless and thread-safe; parsed keys
are cached, since verification is the hot path.
"""

from __future__ import annotations

from functools import cache
from typing import Literal, Protocol

from hanse.crypto.errors import UnknownSuite

SuiteName = Literal["sm", "intl"]
KeyUse = Literal["signing", "agreement"]
NONCE_BYTES = 12
TAG_BYTES = 16
HASH_BYTES = 32
SIGNATURE_BYTES = 64
PRIVATE_BYTES = 32


class HashObject(Protocol):
    """A running hash."""

    def update(self, data: bytes, /) -> None:
        """Absorb more bytes."""
        ...

    def digest(self) -> bytes:
        """The 32-byte digest of what was absorbed so far."""
        ...


class Suite(Protocol):
    """One set of algorithms. See the table of the module for which."""

    @property
    def name(self) -> SuiteName:
        """``sm`` or ``intl``."""
        ...

    @property
    def signature_algorithm(self) -> str:
        """JOSE name in JWS headers: ``SM2-SM3`` or ``EdDSA``."""
        ...

    @property
    def hash_algorithm(self) -> str:
        """``SM3`` or ``SHA-256``."""
        ...

    @property
    def cipher_algorithm(self) -> str:
        """JOSE name in JWE headers: ``SM4-GCM`` or ``A256GCM``."""
        ...

    @property
    def wrap_algorithm(self) -> str:
        """JOSE suffix of the key wrapping: ``SM4GCMKW`` or ``A256KW``."""
        ...

    @property
    def key_bytes(self) -> int:
        """Length of symmetric keys: 16 or 32."""
        ...

    def hash(self, data: bytes) -> bytes:
        """32-byte digest."""
        ...

    def hasher(self) -> HashObject:
        """A running hash, for what does not fit in memory."""
        ...

    def hmac(self, key: bytes, data: bytes) -> bytes:
        """HMAC (RFC 2104) over the suite's hash, 32 bytes."""
        ...

    def hkdf(self, secret: bytes, *, salt: bytes, info: bytes, length: int) -> bytes:
        """HKDF extract and expand (RFC 5869).

        Args:
            secret: input keying material.
            salt: may be empty (then a block of zeros).
            info: what the key is for; a domain tag.
            length: 1 to 8,160 bytes.
        """
        ...

    def generate_signing_key(self) -> bytes:
        """A fresh 32-byte private signing key from the operating system's random numbers."""
        ...

    def generate_agreement_key(self) -> bytes:
        """A fresh 32-byte private agreement key."""
        ...

    def signing_public(self, private: bytes) -> bytes:
        """Public signing key: SM2 65 bytes ``04‖x‖y``, Ed25519 32 bytes."""
        ...

    def agreement_public(self, private: bytes) -> bytes:
        """Public agreement key: SM2 65 bytes ``04‖x‖y``, X25519 32 bytes."""
        ...

    def check_public(self, public: bytes, use: KeyUse) -> None:
        """Check that bytes are a public key of this suite; raises `BadKey`."""
        ...

    def sign(self, private: bytes, domain: str, message: bytes) -> bytes:
        """Sign ``tagged(domain, message)``; 64 bytes (SM2: ``r‖s``).

        The domain keeps a signature made for one purpose from being taken for another.
        """
        ...

    def verify(self, public: bytes, domain: str, message: bytes, signature: bytes) -> None:
        """Check a signature made by `sign`.

        Raises:
            BadSignature: when it does not hold.
            BadKey: when ``public`` is no key of this suite.
        """
        ...

    def sign_bytes(self, private: bytes, data: bytes) -> bytes:
        """Sign exactly ``data``: for JOSE, whose standard fixes the bytes (RFC 7515, 5.1).

        Cannot be confused with `sign`: a JWS signing input is base64url text, a tagged
        message begins with a zero byte. Use it for nothing else.
        """
        ...

    def verify_bytes(self, public: bytes, data: bytes, signature: bytes) -> None:
        """Check a signature made by `sign_bytes`; raises as `verify` does."""
        ...

    def agree(self, private: bytes, public: bytes) -> bytes:
        """The 32-byte Diffie–Hellman secret; feed it to a key derivation, never use it bare.

        Raises:
            BadKey: when ``public`` is no point of the curve or of small order.
        """
        ...

    def seal(self, key: bytes, plaintext: bytes, associated: bytes = b"") -> bytes:
        """Authenticated encryption: ``nonce(12) ‖ ciphertext ‖ tag(16)``, random nonce.

        At most 2^32 seals under one key (SP 800-38D, 8.3), at most 2^31 - 1 bytes each.
        """
        ...

    def open(self, key: bytes, sealed: bytes, associated: bytes = b"") -> bytes:
        """Undo `seal`.

        Raises:
            CannotOpen: wrong key, altered bytes or other associated data.
        """
        ...

    def wrap_key(self, wrapping_key: bytes, key: bytes) -> bytes:
        """Encrypt a symmetric key under another: RFC 3394 (``intl``), SM4-GCM (``sm``)."""
        ...

    def unwrap_key(self, wrapping_key: bytes, wrapped: bytes) -> bytes:
        """Undo `wrap_key`; raises `CannotOpen`."""
        ...


@cache
def get_suite(name: str) -> Suite:
    """The suite by name, one object per process.

    Raises:
        UnknownSuite: for other names than ``sm`` and ``intl``.
    """
    if name == "sm":
        from hanse.crypto.sm import SmSuite

        return SmSuite()
    if name == "intl":
        from hanse.crypto.intl import IntlSuite

        return IntlSuite()
    raise UnknownSuite(f"no suite is called {name[:20]!r}")
