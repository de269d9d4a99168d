"""Published examples of the international algorithms and of the constructions above them.

Provenance: named at each test.
"""

from __future__ import annotations

import pytest

from hanse.core.encoding import b64url
from hanse.crypto import jose, merkle
from hanse.crypto.intl import IntlSuite

SUITE = IntlSuite()
H = bytes.fromhex


@pytest.mark.parametrize(
    ("private", "public", "message", "signature"),
    [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
            "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
        (
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
            "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ),
    ],
)
def test_ed25519_rfc_8032_7_1(private: str, public: str, message: str, signature: str) -> None:
    assert SUITE.signing_public(H(private)) == H(public)
    assert SUITE.sign_bytes(H(private), H(message)) == H(signature)
    SUITE.verify_bytes(H(public), H(message), H(signature))


def test_x25519_rfc_7748_6_1() -> None:
    alice = H("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a")
    bob = H("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb")
    alice_public = H("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a")
    bob_public = H("de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f")
    shared = H("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742")
    assert SUITE.agreement_public(alice) == alice_public
    assert SUITE.agreement_public(bob) == bob_public
    assert SUITE.agree(alice, bob_public) == SUITE.agree(bob, alice_public) == shared


@pytest.mark.parametrize(
    ("secret", "salt", "info", "length", "okm"),
    [
        (
            "0b" * 22,
            bytes(range(0x0D)).hex(),
            bytes(range(0xF0, 0xFA)).hex(),
            42,
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
        ),
        (
            bytes(range(0x50)).hex(),
            bytes(range(0x60, 0xB0)).hex(),
            bytes(range(0xB0, 0x100)).hex(),
            82,
            "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65"
            "e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
        ),
        (
            "0b" * 22,
            "",
            "",
            42,
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
        ),
    ],
)
def test_hkdf_rfc_5869_appendix_a(secret: str, salt: str, info: str, length: int, okm: str) -> None:
    assert SUITE.hkdf(H(secret), salt=H(salt), info=H(info), length=length) == H(okm)


def test_concat_kdf_rfc_7518_appendix_c() -> None:
    secret = H("9e56d91d817135d372834283bf84269cfb316ea3da806a48f6daa7798cfe90c4")
    key = jose.concat_kdf(SUITE, secret, algorithm="A128GCM", apu=b"Alice", apv=b"Bob", length=16)
    assert b64url(key) == "VqqN6vgjbSBcIijNcacQGg"


def test_concat_kdf_ecdh_1pu_04_appendix_a() -> None:
    secret = H(
        "9e56d91d817135d372834283bf84269cfb316ea3da806a48f6daa7798cfe90c4"
        "e3ca3474384c9f62b30bfd4c688b3e7d4110a1b4badc3cc54ef7b81241efd50d"
    )
    key = jose.concat_kdf(SUITE, secret, algorithm="A256GCM", apu=b"Alice", apv=b"Bob", length=32)
    assert key.hex() == "6caf13723d14850ad4b42cd6dde935bffd2fff00a9ba70de05c203a5e1722ca7"


def test_aes_key_wrap_rfc_3394_4_6() -> None:
    wrapping_key = bytes(range(32))
    key = H("00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f")
    wrapped = H("28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21")
    assert SUITE.wrap_key(wrapping_key, key) == wrapped
    assert SUITE.unwrap_key(wrapping_key, wrapped) == key


def test_aes_256_gcm_test_case_16() -> None:
    """Test case 16 of McGrew and Viega's GCM specification, cited by NIST SP 800-38D."""
    key = H("feffe9928665731c6d6a8f9467308308" * 2)
    nonce = H("cafebabefacedbaddecaf888")
    plaintext = H(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
        "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
    )
    sealed = H(
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
        "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
        "76fc6ece0f4e1768cddf8853bb2d551b"
    )
    associated = H("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    assert SUITE.open(key, nonce + sealed, associated) == plaintext


MERKLE_LEAVES = [
    b"",
    H("00"),
    H("10"),
    H("2021"),
    H("3031"),
    H("40414243"),
    H("5051525354555657"),
    H("606162636465666768696a6b6c6d6e6f"),
]
MERKLE_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


@pytest.mark.parametrize("size", range(9))
def test_merkle_roots_of_the_certificate_transparency_reference(size: int) -> None:
    """Reference trees of the certificate-transparency project for RFC 6962, SHA-256."""
    assert merkle.root(SUITE, MERKLE_LEAVES[:size]).hex() == MERKLE_ROOTS[size]


@pytest.mark.parametrize(
    ("index", "size", "expected"),
    [
        (0, 1, []),
        (
            0,
            8,
            [
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
        ),
        (
            2,
            3,
            ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
        ),
    ],
)
def test_merkle_paths_of_the_certificate_transparency_reference(
    index: int, size: int, expected: list[str]
) -> None:
    found = merkle.path(SUITE, MERKLE_LEAVES[:size], index)
    assert [node.hex() for node in found] == expected
