"""Published examples of the national algorithms.

Provenance: GB/T 32905-2016 annex A (SM3), GB/T 32907-2016 annex A (SM4), GB/T 32918.5-2017
annex A (SM2 on the recommended curve, default user id), RFC 8998 appendix A.1 (SM4-GCM).
"""

from __future__ import annotations

import pytest
from tongsuopy.crypto.ciphers import Cipher, algorithms, modes

from hanse.crypto import sm2, sm3
from hanse.crypto.errors import BadSignature, CannotOpen
from hanse.crypto.sm import SmSuite

PRIVATE = bytes.fromhex("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8")
PUBLIC = bytes.fromhex(
    "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
    "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
)
SIGNATURE = bytes.fromhex(
    "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
    "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
)
SM4_KEY = bytes.fromhex("0123456789abcdeffedcba9876543210")


@pytest.mark.parametrize(
    ("message", "digest"),
    [
        (b"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
        (b"abcd" * 16, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"),
    ],
)
def test_sm3_annex(message: bytes, digest: str) -> None:
    assert sm3.digest(message).hex() == digest
    assert sm3.TongsuoSm3(message).hexdigest() == digest
    running = SmSuite().hasher()
    for byte in message:
        running.update(bytes([byte]))
    assert running.digest().hex() == digest


def test_sm4_annex_one_block() -> None:
    encryptor = Cipher(algorithms.SM4(SM4_KEY), modes.ECB()).encryptor()
    assert encryptor.update(SM4_KEY).hex() == "681edf34d206965e86b3e94f536e4246"


@pytest.mark.slow
def test_sm4_annex_million_rounds() -> None:
    encryptor = Cipher(algorithms.SM4(SM4_KEY), modes.ECB()).encryptor()
    block = SM4_KEY
    for _ in range(1_000_000):
        block = encryptor.update(block)
    assert block.hex() == "595298c7c6fd271f0402f804c33d3f66"


def test_sm4_gcm_rfc_8998() -> None:
    nonce = bytes.fromhex("00001234567800000000abcd")
    associated = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    plaintext = bytes.fromhex("".join(c * 16 for c in "abcdefea"))
    sealed = bytes.fromhex(
        "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
        "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
        "83de3541e4c2b58177e065a9bf7b62ec"
    )
    suite = SmSuite()
    assert suite.open(SM4_KEY, nonce + sealed, associated) == plaintext
    with pytest.raises(CannotOpen):
        suite.open(SM4_KEY, nonce + sealed, associated + b"\0")


def test_sm2_annex_public_key() -> None:
    assert sm2.public_of(PRIVATE) == PUBLIC


def test_sm2_annex_identity_digest() -> None:
    expected = "b2e14c5c79c6df5b85f4fe7ed8db7a262b9da7e07ccb0ea9f4747b8ccda8a4f3"
    assert sm2.identity_digest(PUBLIC).hex() == expected


def test_sm2_annex_signature() -> None:
    sm2.verify(PUBLIC, b"message digest", SIGNATURE)
    with pytest.raises(BadSignature):
        sm2.verify(PUBLIC, b"message digesT", SIGNATURE)
    with pytest.raises(BadSignature):
        sm2.verify(PUBLIC, b"message digest", SIGNATURE, user_id=b"ALICE123@YAHOO.COM")
