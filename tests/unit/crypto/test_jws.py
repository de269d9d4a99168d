"""Compact JWS: the verifier decides algorithm and type."""

from __future__ import annotations

from typing import Any

import pytest

from hanse.core.encoding import b64url, unb64url
from hanse.crypto import jose, jws
from hanse.crypto.errors import BadEnvelope, BadJws, BadSignature
from hanse.crypto.suite import Suite, get_suite

KID = "did:hanse:alice#key-1"


@pytest.fixture
def key(suite: Suite) -> bytes:
    return suite.generate_signing_key()


@pytest.fixture
def token(suite: Suite, key: bytes) -> str:
    return jws.sign_jws(
        suite, lambda data: suite.sign_bytes(key, data), b'{"a":1}', kid=KID, typ="vc+jwt"
    )


def test_round_trip(suite: Suite, key: bytes, token: str) -> None:
    parsed = jws.parse_jws(suite, token, typ="vc+jwt")
    assert (parsed.payload, parsed.kid) == (b'{"a":1}', KID)
    jws.verify_jws(suite, parsed, suite.signing_public(key))


def test_signature_is_over_exactly_header_and_payload(suite: Suite, key: bytes, token: str) -> None:
    header, payload, signature = token.split(".")
    suite.verify_bytes(
        suite.signing_public(key), f"{header}.{payload}".encode(), unb64url(signature)
    )


def test_altered_tokens_are_refused(suite: Suite, key: bytes, token: str) -> None:
    header, _, signature = token.split(".")
    forged = f"{header}.{b64url(b'{}')}.{signature}"
    with pytest.raises(BadSignature):
        jws.verify_jws(suite, jws.parse_jws(suite, forged, typ="vc+jwt"), suite.signing_public(key))
    other = suite.signing_public(suite.generate_signing_key())
    with pytest.raises(BadSignature):
        jws.verify_jws(suite, jws.parse_jws(suite, token, typ="vc+jwt"), other)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("alg", "none"),
        ("alg", "HS256"),
        ("alg", None),
        ("typ", "vp+jwt"),
        ("typ", None),
        ("kid", None),
        ("kid", 5),
        ("crit", ["b64"]),
    ],
)
def test_other_headers_are_refused(suite: Suite, token: str, name: str, value: Any) -> None:
    _, payload, signature = token.split(".")
    header: dict[str, Any] = {"alg": suite.signature_algorithm, "kid": KID, "typ": "vc+jwt"}
    header[name] = value
    with pytest.raises(BadJws):
        jws.parse_jws(suite, f"{jose.encode_header(header)}.{payload}.{signature}", typ="vc+jwt")


def test_token_of_the_other_suite_is_refused(suite: Suite, token: str) -> None:
    other = get_suite("intl" if suite.name == "sm" else "sm")
    with pytest.raises(BadJws):
        jws.parse_jws(other, token, typ="vc+jwt")


@pytest.mark.parametrize("token", ["", "a.b", "a.b.c.d", "%.%.%", "e30.e30.", "..", "é.é.é"])
def test_malformed_tokens_are_refused(suite: Suite, token: str) -> None:
    with pytest.raises(BadJws):
        jws.parse_jws(suite, token, typ="vc+jwt")


def test_oversized_tokens_are_refused(suite: Suite) -> None:
    with pytest.raises(BadJws):
        jws.parse_jws(suite, "a" * (jws.MAX_TOKEN_CHARACTERS + 1), typ="vc+jwt")


def test_json_form_round_trip_and_refusals(suite: Suite, token: str) -> None:
    assert jws.from_json(jws.to_json(token)) == token
    one = '{"protected":"a","signature":"b"}'
    for bad in (
        b"",
        b"{}",
        b'{"payload":"","signatures":[]}',
        f'{{"payload":"","signatures":[{one},{one}]}}'.encode(),
        b"[" * 100_000,
    ):
        with pytest.raises(BadJws):
            jws.from_json(bad)


def test_concat_kdf_gives_1_to_64_bytes(suite: Suite) -> None:
    long = jose.concat_kdf(suite, b"z", algorithm="A", apu=b"", apv=b"", length=64)
    short = jose.concat_kdf(suite, b"z", algorithm="A", apu=b"", apv=b"", length=48)
    assert len(long) == 64
    assert short != long[:48]  # the length is part of what is hashed
    for length in (0, 65):
        with pytest.raises(BadEnvelope):
            jose.concat_kdf(suite, b"z", algorithm="A", apu=b"", apv=b"", length=length)
