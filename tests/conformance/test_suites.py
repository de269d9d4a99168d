"""Both suites keep the same promises."""

from __future__ import annotations

import threading

import pytest

from hanse.core import canonical
from hanse.core.errors import VerificationError
from hanse.crypto.errors import BadInputSize, BadKey, BadSignature, CannotOpen, UnknownSuite
from hanse.crypto.suite import Suite, get_suite

DOMAIN = "hanse/test/1"


@pytest.fixture(params=["sm", "intl"])
def suite(request: pytest.FixtureRequest) -> Suite:
    return get_suite(request.param)


def test_names_are_stable() -> None:
    names = {
        name: (
            get_suite(name).signature_algorithm,
            get_suite(name).hash_algorithm,
            get_suite(name).cipher_algorithm,
            get_suite(name).key_bytes,
        )
        for name in ("sm", "intl")
    }
    assert names == {
        "sm": ("SM2-SM3", "SM3", "SM4-GCM", 16),
        "intl": ("EdDSA", "SHA-256", "A256GCM", 32),
    }


def test_get_suite_returns_one_object_and_refuses_others(suite: Suite) -> None:
    assert get_suite(suite.name) is suite
    with pytest.raises(UnknownSuite):
        get_suite("rot13")


def test_hash_running_equals_whole(suite: Suite) -> None:
    running = suite.hasher()
    running.update(b"part one, ")
    assert running.digest() == suite.hash(b"part one, ")
    running.update(b"part two")
    assert running.digest() == suite.hash(b"part one, part two")
    assert len(suite.hash(b"")) == 32


def test_hmac_depends_on_key_and_data(suite: Suite) -> None:
    assert len(suite.hmac(b"k", b"d")) == 32
    assert suite.hmac(b"k", b"d") != suite.hmac(b"K", b"d")
    assert suite.hmac(b"k", b"d") != suite.hmac(b"k", b"D")
    # RFC 2104: keys longer than a block (64 bytes) are hashed first.
    assert suite.hmac(b"x" * 65, b"d") == suite.hmac(suite.hash(b"x" * 65), b"d")


def test_hkdf_prefixes_agree_and_lengths_are_bounded(suite: Suite) -> None:
    long = suite.hkdf(b"secret", salt=b"salt", info=b"info", length=100)
    assert suite.hkdf(b"secret", salt=b"salt", info=b"info", length=17) == long[:17]
    assert suite.hkdf(b"secret", salt=b"salt", info=b"other", length=100) != long
    assert len(suite.hkdf(b"s", salt=b"", info=b"", length=255 * 32)) == 255 * 32
    for length in (0, 255 * 32 + 1):
        with pytest.raises(BadInputSize):
            suite.hkdf(b"s", salt=b"", info=b"", length=length)


def test_sign_verifies_only_as_signed(suite: Suite) -> None:
    private = suite.generate_signing_key()
    public = suite.signing_public(private)
    signature = suite.sign(private, DOMAIN, b"message")
    assert len(signature) == 64
    suite.verify(public, DOMAIN, b"message", signature)
    other = suite.signing_public(suite.generate_signing_key())
    wrong = [
        (other, DOMAIN, b"message", signature),
        (public, "hanse/test/2", b"message", signature),
        (public, DOMAIN, b"messagE", signature),
        (public, DOMAIN, b"message", signature[:-1]),
        (public, DOMAIN, b"message", signature + b"\0"),
        (public, DOMAIN, b"message", b""),
        (public, DOMAIN, b"message", bytes(64)),
        (public, DOMAIN, b"message", b"\xff" * 64),
    ]
    for arguments in wrong:
        with pytest.raises(BadSignature):
            suite.verify(*arguments)


def test_every_flipped_bit_of_a_signature_is_refused(suite: Suite) -> None:
    private = suite.generate_signing_key()
    public = suite.signing_public(private)
    signature = suite.sign(private, DOMAIN, b"m")
    for bit in range(0, 512, 7):
        changed = bytearray(signature)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(BadSignature):
            suite.verify(public, DOMAIN, b"m", bytes(changed))


def test_domain_signature_is_no_plain_signature(suite: Suite) -> None:
    private = suite.generate_signing_key()
    public = suite.signing_public(private)
    tagged = canonical.tagged(DOMAIN, b"m")
    suite.verify_bytes(public, tagged, suite.sign(private, DOMAIN, b"m"))
    with pytest.raises(BadSignature):
        suite.verify_bytes(public, b"m", suite.sign(private, DOMAIN, b"m"))
    # What JOSE signs is text; what a domain signs begins with a zero byte.
    assert tagged[0] == 0


def test_bad_signature_is_a_verification_error(suite: Suite) -> None:
    assert issubclass(BadSignature, VerificationError)
    assert BadSignature().status == 422


def test_bad_keys_are_refused(suite: Suite) -> None:
    private = suite.generate_signing_key()
    public = suite.signing_public(private)
    signature = suite.sign(private, DOMAIN, b"m")
    for bad in (b"", public[:-1], public + b"\0"):
        with pytest.raises(BadKey):
            suite.verify(bad, DOMAIN, b"m", signature)
        with pytest.raises(BadKey):
            suite.check_public(bad, "signing")
        with pytest.raises(BadKey):
            suite.check_public(bad, "agreement")
    for bad in (b"", private[:-1], private + b"\0"):
        with pytest.raises(BadKey):
            suite.sign(bad, DOMAIN, b"m")
        with pytest.raises(BadKey):
            suite.agreement_public(bad)


def test_agreement_is_mutual_and_private(suite: Suite) -> None:
    alice, bob, eve = (suite.generate_agreement_key() for _ in range(3))
    shared = suite.agree(alice, suite.agreement_public(bob))
    assert shared == suite.agree(bob, suite.agreement_public(alice))
    assert shared != suite.agree(eve, suite.agreement_public(bob))
    assert len(shared) == 32
    suite.check_public(suite.agreement_public(bob), "agreement")


def test_seal_opens_only_with_key_and_associated_data(suite: Suite) -> None:
    key = bytes(range(suite.key_bytes))
    sealed = suite.seal(key, b"plaintext", b"associated")
    assert suite.open(key, sealed, b"associated") == b"plaintext"
    assert len(sealed) == 12 + len(b"plaintext") + 16
    other = bytes(suite.key_bytes)
    attempts = [
        (other, sealed, b"associated"),
        (key, sealed, b"Associated"),
        (key, sealed, b""),
        (key, sealed[:-1], b"associated"),
        (key, sealed[:20], b"associated"),
        (key, b"", b"associated"),
        *((key, _flip(sealed, i), b"associated") for i in range(len(sealed))),
    ]
    for arguments in attempts:
        with pytest.raises(CannotOpen):
            suite.open(*arguments)


def test_seal_is_randomised_and_takes_empty_content(suite: Suite) -> None:
    key = bytes(suite.key_bytes)
    assert suite.seal(key, b"same") != suite.seal(key, b"same")
    assert suite.open(key, suite.seal(key, b"")) == b""
    large = bytes(3_000_000)
    assert suite.open(key, suite.seal(key, large)) == large


def test_seal_refuses_too_much_at_once(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"hanse.crypto.{suite.name}.MAX_SEAL_BYTES", 10)
    suite.seal(bytes(suite.key_bytes), bytes(10))
    with pytest.raises(BadInputSize):
        suite.seal(bytes(suite.key_bytes), bytes(11))


def test_seal_refuses_keys_of_other_lengths(suite: Suite) -> None:
    for length in (0, suite.key_bytes - 1, suite.key_bytes + 1, 48 - suite.key_bytes):
        with pytest.raises(BadKey):
            suite.seal(bytes(length), b"")


def test_wrap_key_round_trip_and_tampering(suite: Suite) -> None:
    wrapping_key, key = bytes(suite.key_bytes), b"\x07" * suite.key_bytes
    wrapped = suite.wrap_key(wrapping_key, key)
    assert suite.unwrap_key(wrapping_key, wrapped) == key
    for bad in (_flip(wrapped, 0), _flip(wrapped, len(wrapped) - 1), wrapped[:-8], b""):
        with pytest.raises(CannotOpen):
            suite.unwrap_key(wrapping_key, bad)
    with pytest.raises(BadKey):
        suite.wrap_key(b"short", key)


def test_threads_share_a_suite(suite: Suite) -> None:
    private = suite.generate_signing_key()
    public = suite.signing_public(private)
    good = suite.sign(private, DOMAIN, b"m")
    failures: list[str] = []

    def work(worker: int) -> None:
        for _ in range(40):
            try:  # failures leave errors in the library's queue; they must not taint others
                suite.verify(public, DOMAIN, b"x", good)
                failures.append("accepted")
            except BadSignature:
                pass
            suite.verify(public, DOMAIN, b"m", good)
            message = bytes([worker])
            suite.verify(public, DOMAIN, message, suite.sign(private, DOMAIN, message))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def _flip(data: bytes, position: int) -> bytes:
    changed = bytearray(data)
    changed[position] ^= 1
    return bytes(changed)
