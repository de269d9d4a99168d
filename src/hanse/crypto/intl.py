"""The international suite: Ed25519, X25519, SHA-256, AES-256-GCM."""

from __future__ import annotations

import hashlib
import hmac as stdlib_hmac
import secrets
from functools import lru_cache

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import keywrap
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hanse.core.canonical import tagged
from hanse.crypto import derivation
from hanse.crypto.errors import BadInputSize, BadKey, BadSignature, CannotOpen
from hanse.crypto.suite import (
    NONCE_BYTES,
    PRIVATE_BYTES,
    SIGNATURE_BYTES,
    TAG_BYTES,
    HashObject,
    KeyUse,
    SuiteName,
)

KEY_BYTES = 32
PUBLIC_BYTES = 32
MAX_SEAL_BYTES = 2**31 - 1
_PROBE = bytes(31) + b"\x40"  # any private key shows whether a point has small order


def _check_length(key: bytes, length: int, what: str) -> bytes:
    if len(key) != length:
        raise BadKey(f"{what} has {length} bytes")
    return key


@lru_cache(maxsize=256)
def _signer(private: bytes) -> Ed25519PrivateKey:
    _check_length(private, PRIVATE_BYTES, "an Ed25519 private key")
    return Ed25519PrivateKey.from_private_bytes(private)


@lru_cache(maxsize=16_384)
def _verifier(public: bytes) -> Ed25519PublicKey:
    _check_length(public, PUBLIC_BYTES, "an Ed25519 public key")
    return Ed25519PublicKey.from_public_bytes(public)


@lru_cache(maxsize=256)
def _agreement(private: bytes) -> X25519PrivateKey:
    _check_length(private, PRIVATE_BYTES, "an X25519 private key")
    return X25519PrivateKey.from_private_bytes(private)


@lru_cache(maxsize=1_024)
def _cipher(key: bytes) -> AESGCM:
    _check_length(key, KEY_BYTES, "an AES-256 key")
    return AESGCM(key)


class IntlSuite:
    """See `hanse.crypto.suite.Suite`; RFC 8032, RFC 7748, FIPS 180-4, SP 800-38D."""

    name: SuiteName = "intl"
    signature_algorithm = "EdDSA"
    hash_algorithm = "SHA-256"
    cipher_algorithm = "A256GCM"
    wrap_algorithm = "A256KW"
    key_bytes = KEY_BYTES

    def hash(self, data: bytes) -> bytes:
        """SHA-256."""
        return hashlib.sha256(data).digest()

    def hasher(self) -> HashObject:
        """A running SHA-256."""
        return hashlib.sha256()

    def hmac(self, key: bytes, data: bytes) -> bytes:
        """HMAC-SHA-256."""
        return stdlib_hmac.digest(key, data, "sha256")

    def hkdf(self, secret: bytes, *, salt: bytes, info: bytes, length: int) -> bytes:
        """HKDF over HMAC-SHA-256."""
        return derivation.hkdf(self.hmac, secret, salt=salt, info=info, length=length)

    def generate_signing_key(self) -> bytes:
        """A fresh Ed25519 seed."""
        return secrets.token_bytes(PRIVATE_BYTES)

    def generate_agreement_key(self) -> bytes:
        """A fresh X25519 private key."""
        return secrets.token_bytes(PRIVATE_BYTES)

    def signing_public(self, private: bytes) -> bytes:
        """Ed25519 public key."""
        return _signer(private).public_key().public_bytes_raw()

    def agreement_public(self, private: bytes) -> bytes:
        """X25519 public key."""
        return _agreement(private).public_key().public_bytes_raw()

    def check_public(self, public: bytes, use: KeyUse) -> None:
        """32 bytes; for agreement also not of small order."""
        _check_length(public, PUBLIC_BYTES, f"a public {use} key")
        if use == "agreement":
            self.agree(_PROBE, public)
        else:
            _verifier(public)

    def sign(self, private: bytes, domain: str, message: bytes) -> bytes:
        """Ed25519 signature of the tagged message."""
        return _signer(private).sign(tagged(domain, message))

    def verify(self, public: bytes, domain: str, message: bytes, signature: bytes) -> None:
        """Check an Ed25519 signature of the tagged message."""
        self.verify_bytes(public, tagged(domain, message), signature)

    def sign_bytes(self, private: bytes, data: bytes) -> bytes:
        """Ed25519 signature of exactly ``data`` (JOSE only)."""
        return _signer(private).sign(data)

    def verify_bytes(self, public: bytes, data: bytes, signature: bytes) -> None:
        """Check an Ed25519 signature of exactly ``data`` (JOSE only)."""
        key = _verifier(public)
        if len(signature) != SIGNATURE_BYTES:
            raise BadSignature("an Ed25519 signature has 64 bytes")
        try:
            key.verify(signature, data)
        except InvalidSignature as error:
            raise BadSignature() from error

    def agree(self, private: bytes, public: bytes) -> bytes:
        """X25519; points of small order are refused (RFC 7748, 6.1)."""
        own = _agreement(private)
        other = X25519PublicKey.from_public_bytes(
            _check_length(public, PUBLIC_BYTES, "an X25519 public key")
        )
        try:
            return own.exchange(other)
        except ValueError as error:
            raise BadKey("an X25519 public key of small order") from error

    def seal(self, key: bytes, plaintext: bytes, associated: bytes = b"") -> bytes:
        """AES-256-GCM with a random nonce."""
        if len(plaintext) > MAX_SEAL_BYTES:
            raise BadInputSize("at most 2^31 - 1 bytes are sealed at once")
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + _cipher(key).encrypt(nonce, plaintext, associated)

    def open(self, key: bytes, sealed: bytes, associated: bytes = b"") -> bytes:
        """Undo `seal`."""
        if len(sealed) < NONCE_BYTES + TAG_BYTES:
            raise CannotOpen("sealed bytes hold at least nonce and tag")
        try:
            return _cipher(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], associated)
        except InvalidTag as error:
            raise CannotOpen() from error

    def wrap_key(self, wrapping_key: bytes, key: bytes) -> bytes:
        """AES key wrap (RFC 3394)."""
        _check_length(wrapping_key, KEY_BYTES, "an AES-256 key")
        return keywrap.aes_key_wrap(wrapping_key, key)

    def unwrap_key(self, wrapping_key: bytes, wrapped: bytes) -> bytes:
        """Undo `wrap_key`."""
        _check_length(wrapping_key, KEY_BYTES, "an AES-256 key")
        try:
            return keywrap.aes_key_unwrap(wrapping_key, wrapped)
        except keywrap.InvalidUnwrap as error:
            raise CannotOpen() from error
