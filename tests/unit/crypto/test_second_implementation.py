"""The national suite against ``gmssl`` (pure Python), an implementation independent of ours.

Its ``sign_with_sm3`` and ``verify_with_sm3`` use the default user id, ``crypt_ecb`` pads by
PKCS 7. It strips every leading ``0`` and ``4`` digit of a public key, not just the prefix
``04``, so keys whose x begins with one of these cannot be compared.
"""

from __future__ import annotations

import hmac
import secrets
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher as OpensslCipher
from cryptography.hazmat.primitives.ciphers import modes as openssl_modes
from cryptography.hazmat.primitives.ciphers.algorithms import SM4 as OpensslSM4
from gmssl import sm2 as gmssl_sm2
from gmssl import sm3 as gmssl_sm3
from gmssl import sm4 as gmssl_sm4
from tongsuopy.crypto.ciphers import Cipher, algorithms, modes

from hanse.crypto import sm2, sm3
from hanse.crypto.errors import BadSignature
from hanse.crypto.sm import SmSuite


def _theirs(private: bytes) -> Any:
    public = sm2.public_of(private)[1:].hex()
    return gmssl_sm2.CryptSM2(private_key=private.hex(), public_key=public)


def _comparable_key() -> bytes:
    while True:
        private = sm2.generate()
        if sm2.public_of(private)[1] >> 4 not in (0, 4):
            return private


def test_our_sm2_signature_verifies_there() -> None:
    for size in (0, 1, 55, 56, 64, 300):
        private, message = _comparable_key(), secrets.token_bytes(size)
        signature = sm2.sign(private, message)
        assert _theirs(private).verify_with_sm3(signature.hex(), message)
        assert not _theirs(private).verify_with_sm3(signature.hex(), message + b"!")


def test_their_sm2_signature_verifies_here() -> None:
    for size in (0, 1, 55, 56, 64, 300):
        private, message = _comparable_key(), secrets.token_bytes(size)
        signature = bytes.fromhex(_theirs(private).sign_with_sm3(message))
        sm2.verify(sm2.public_of(private), message, signature)
        with pytest.raises(BadSignature):
            sm2.verify(sm2.public_of(private), message + b"!", signature)


def test_suite_signature_is_over_the_tagged_message() -> None:
    suite = SmSuite()
    private = _comparable_key()
    signature = suite.sign(private, "hanse/test/1", b"body")
    tagged = b"\0\0\0\x0chanse/test/1\0\0\0\x04body"
    assert _theirs(private).verify_with_sm3(signature.hex(), tagged)


def test_sm2_public_key_and_agreement_agree_with_theirs() -> None:
    ours, other = _comparable_key(), _comparable_key()
    curve = _theirs(ours)
    base = gmssl_sm2.default_ecc_table["g"]
    assert curve._kg(int.from_bytes(ours, "big"), base) == sm2.public_of(ours)[1:].hex()
    point = curve._kg(int.from_bytes(ours, "big"), sm2.public_of(other)[1:].hex())
    assert sm2.agree(ours, sm2.public_of(other)).hex() == point[:64]


@pytest.mark.parametrize("size", [0, 1, 55, 56, 63, 64, 65, 119, 120, 1_000])
def test_sm3_agrees_with_theirs(size: int) -> None:
    data = secrets.token_bytes(size)
    assert sm3.digest(data).hex() == gmssl_sm3.sm3_hash(list(data))


@pytest.mark.parametrize("key_size", [0, 16, 64, 65])
def test_hmac_sm3_agrees_with_rfc_2104_over_theirs(key_size: int) -> None:
    key, data = secrets.token_bytes(key_size), secrets.token_bytes(100)

    def digest(value: bytes) -> bytes:
        return bytes.fromhex(gmssl_sm3.sm3_hash(list(value)))

    block = (digest(key) if len(key) > 64 else key).ljust(64, b"\0")
    inner = digest(bytes(b ^ 0x36 for b in block) + data)
    expected = digest(bytes(b ^ 0x5C for b in block) + inner)
    assert hmac.compare_digest(sm3.hmac(key, data), expected)


def test_sm4_agrees_with_theirs() -> None:
    for _ in range(5):
        key, block = secrets.token_bytes(16), secrets.token_bytes(16)
        theirs = gmssl_sm4.CryptSM4()
        theirs.set_key(key, gmssl_sm4.SM4_ENCRYPT)
        encryptor = Cipher(algorithms.SM4(key), modes.ECB()).encryptor()
        assert encryptor.update(block) == theirs.crypt_ecb(block)[:16]


def test_sm4_gcm_agrees_with_counter_mode_over_their_block_cipher() -> None:
    """GCM (SP 800-38D, 6.5 and 7.1) written out over the other implementation's SM4."""
    key, plaintext, associated = secrets.token_bytes(16), secrets.token_bytes(40), b"aad"
    sealed = SmSuite().seal(key, plaintext, associated)
    nonce, ciphertext, tag = sealed[:12], sealed[12:-16], sealed[-16:]
    theirs = gmssl_sm4.CryptSM4()
    theirs.set_key(key, gmssl_sm4.SM4_ENCRYPT)

    def block(data: bytes) -> bytes:
        return bytes(theirs.crypt_ecb(data)[:16])

    stream = b"".join(block(nonce + i.to_bytes(4, "big")) for i in range(2, 5))
    assert bytes(a ^ b for a, b in zip(plaintext, stream, strict=False)) == ciphertext
    lengths = (8 * len(associated)).to_bytes(8, "big") + (8 * len(ciphertext)).to_bytes(8, "big")
    padded = _pad(associated) + _pad(ciphertext) + lengths
    mask = block(nonce + b"\0\0\0\1")
    assert bytes(a ^ b for a, b in zip(_ghash(block(bytes(16)), padded), mask, strict=True)) == tag


def test_sm4_gcm_agrees_with_a_third_implementation() -> None:
    """OpenSSL's SM4-GCM as the ``cryptography`` package carries it."""
    suite = SmSuite()
    key, plaintext, associated = secrets.token_bytes(16), secrets.token_bytes(5_000), b"aad"
    sealed = suite.seal(key, plaintext, associated)
    nonce, ciphertext, tag = sealed[:12], sealed[12:-16], sealed[-16:]
    decryptor = OpensslCipher(OpensslSM4(key), openssl_modes.GCM(nonce, tag)).decryptor()
    decryptor.authenticate_additional_data(associated)
    assert decryptor.update(ciphertext) + decryptor.finalize() == plaintext


def _pad(data: bytes) -> bytes:
    return data + bytes(-len(data) % 16)


def _ghash(key: bytes, data: bytes) -> bytes:
    h, value = int.from_bytes(key, "big"), 0
    for position in range(0, len(data), 16):
        value ^= int.from_bytes(data[position : position + 16], "big")
        product, shifted = 0, h
        for bit in range(127, -1, -1):
            if value >> bit & 1:
                product ^= shifted
            shifted = shifted >> 1 ^ (0xE1 << 120 if shifted & 1 else 0)
        value = product
    return value.to_bytes(16, "big")
