"""The national suite: SM2, SM3, SM4-GCM."""

from __future__ import annotations

import secrets
from functools import lru_cache
from typing import Any

from tongsuopy.crypto.ciphers.aead import SM4GCM
from tongsuopy.crypto.exceptions import InvalidTag

from hanse.core.canonical import tagged
from hanse.crypto import derivation, sm2, sm3
from hanse.crypto.errors import BadInputSize, BadKey, CannotOpen
from hanse.crypto.suite import NONCE_BYTES, TAG_BYTES, HashObject, KeyUse, SuiteName

KEY_BYTES = 16
MAX_SEAL_BYTES = 2**31 - 1


@lru_cache(maxsize=1_024)
def _cipher(key: bytes) -> Any:
    if len(key) != KEY_BYTES:
        raise BadKey("an SM4 key has 16 bytes")
    return SM4GCM(key)


class SmSuite:
    """See `hanse.crypto.suite.Suite`; algorithms of GB/T 32918, 32905 and 32907."""

    name: SuiteName = "sm"
    signature_algorithm = "SM2-SM3"
    hash_algorithm = "SM3"
    cipher_algorithm = "SM4-GCM"
    wrap_algorithm = "SM4GCMKW"
    key_bytes = KEY_BYTES

    def hash(self, data: bytes) -> bytes:
        """SM3."""
        return sm3.digest(data)

    def hasher(self) -> HashObject:
        """A running SM3."""
        return sm3.hasher()

    def hmac(self, key: bytes, data: bytes) -> bytes:
        """HMAC-SM3."""
        return sm3.hmac(key, data)

    def hkdf(self, secret: bytes, *, salt: bytes, info: bytes, length: int) -> bytes:
        """HKDF over HMAC-SM3."""
        return derivation.hkdf(sm3.hmac, secret, salt=salt, info=info, length=length)

    def generate_signing_key(self) -> bytes:
        """A fresh SM2 private key."""
        return sm2.generate()

    def generate_agreement_key(self) -> bytes:
        """A fresh SM2 private key; never the signing key (GM/T 0009 keeps them apart)."""
        return sm2.generate()

    def signing_public(self, private: bytes) -> bytes:
        """SM2 public key, ``04‖x‖y``."""
        return sm2.public_of(private)

    def agreement_public(self, private: bytes) -> bytes:
        """SM2 public key, ``04‖x‖y``."""
        return sm2.public_of(private)

    def check_public(self, public: bytes, use: KeyUse) -> None:
        """A point of the SM2 curve, for either use."""
        sm2.check_public(public)

    def sign(self, private: bytes, domain: str, message: bytes) -> bytes:
        """SM2 signature of the tagged message."""
        return sm2.sign(private, tagged(domain, message))

    def verify(self, public: bytes, domain: str, message: bytes, signature: bytes) -> None:
        """Check an SM2 signature of the tagged message."""
        sm2.verify(public, tagged(domain, message), signature)

    def sign_bytes(self, private: bytes, data: bytes) -> bytes:
        """SM2 signature of exactly ``data`` (JOSE only)."""
        return sm2.sign(private, data)

    def verify_bytes(self, public: bytes, data: bytes, signature: bytes) -> None:
        """Check an SM2 signature of exactly ``data`` (JOSE only)."""
        sm2.verify(public, data, signature)

    def agree(self, private: bytes, public: bytes) -> bytes:
        """Diffie–Hellman on the SM2 curve."""
        return sm2.agree(private, public)

    def seal(self, key: bytes, plaintext: bytes, associated: bytes = b"") -> bytes:
        """SM4-GCM with a random nonce."""
        if len(plaintext) > MAX_SEAL_BYTES:
            raise BadInputSize("at most 2^31 - 1 bytes are sealed at once")
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed: bytes = _cipher(key).encrypt(nonce, plaintext, associated)
        return nonce + sealed

    def open(self, key: bytes, sealed: bytes, associated: bytes = b"") -> bytes:
        """Undo `seal`."""
        if len(sealed) < NONCE_BYTES + TAG_BYTES:
            raise CannotOpen("sealed bytes hold at least nonce and tag")
        try:
            plaintext: bytes = _cipher(key).decrypt(
                sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], associated
            )
        except InvalidTag as error:
            raise CannotOpen() from error
        return plaintext

    def wrap_key(self, wrapping_key: bytes, key: bytes) -> bytes:
        """SM4-GCM of the key, ``nonce‖ciphertext‖tag``."""
        return self.seal(wrapping_key, key)

    def unwrap_key(self, wrapping_key: bytes, wrapped: bytes) -> bytes:
        """Undo `wrap_key`."""
        return self.open(wrapping_key, wrapped)
