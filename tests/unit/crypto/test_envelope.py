"""Envelopes open for their recipients, in their context, unaltered, and not otherwise."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from hanse.core.encoding import b64url, unb64url
from hanse.core.errors import HanseError
from hanse.crypto import envelope as envelopes
from hanse.crypto import jose, jwe
from hanse.crypto.envelope import open_envelope, recipients_of, seal_for
from hanse.crypto.errors import BadEnvelope, BadKey, CannotOpen, NotARecipient
from hanse.crypto.suite import Suite, get_suite

CONTEXT = "hanse/test/1 ev-1"


class Party:
    def __init__(self, suite: Suite, kid: str) -> None:
        self.kid = kid
        self.private = suite.generate_agreement_key()
        self.public = suite.agreement_public(self.private)


@pytest.fixture
def parties(suite: Suite) -> list[Party]:
    return [Party(suite, f"did:hanse:{name}#key-2") for name in ("alice", "bob", "auditor")]


@pytest.fixture
def sealed(suite: Suite, parties: list[Party]) -> dict[str, Any]:
    return seal_for(suite, {p.kid: p.public for p in parties}, b"content", context=CONTEXT)


def test_every_recipient_opens(suite: Suite, parties: list[Party], sealed: dict[str, Any]) -> None:
    sent = json.loads(json.dumps(sealed))
    for party in parties:
        assert open_envelope(suite, sent, party.kid, party.private, context=CONTEXT) == b"content"
    assert sorted(recipients_of(sent)) == sorted(p.kid for p in parties)


def test_content_may_be_empty_or_large(suite: Suite, parties: list[Party]) -> None:
    party = parties[0]
    for content in (b"", bytes(200_000)):
        envelope = seal_for(suite, {party.kid: party.public}, content, context=CONTEXT)
        assert open_envelope(suite, envelope, party.kid, party.private, context=CONTEXT) == content


def test_others_do_not_open(suite: Suite, parties: list[Party], sealed: dict[str, Any]) -> None:
    stranger = Party(suite, "did:hanse:stranger#key-2")
    with pytest.raises(NotARecipient):
        open_envelope(suite, sealed, stranger.kid, stranger.private, context=CONTEXT)
    with pytest.raises(CannotOpen):
        open_envelope(suite, sealed, parties[0].kid, stranger.private, context=CONTEXT)
    with pytest.raises(CannotOpen):
        open_envelope(suite, sealed, parties[0].kid, parties[1].private, context=CONTEXT)


def test_another_context_does_not_open(
    suite: Suite, parties: list[Party], sealed: dict[str, Any]
) -> None:
    party = parties[0]
    with pytest.raises(CannotOpen):
        open_envelope(suite, sealed, party.kid, party.private, context="hanse/test/1 ev-2")
    moved = {**sealed, "aad": b64url(b"hanse/test/1 ev-2")}
    with pytest.raises(CannotOpen):
        open_envelope(suite, moved, party.kid, party.private, context="hanse/test/1 ev-2")


def test_every_altered_part_is_refused(
    suite: Suite, parties: list[Party], sealed: dict[str, Any]
) -> None:
    party = parties[0]
    position = recipients_of(sealed).index(party.kid)
    altered = []
    for name in ("protected", "iv", "ciphertext", "tag", "aad"):
        changed = copy.deepcopy(sealed)
        changed[name] = _flip_text(sealed[name])
        altered.append(changed)
    changed = copy.deepcopy(sealed)
    entry = changed["recipients"][position]
    entry["encrypted_key"] = _flip_text(entry["encrypted_key"])
    altered.append(changed)
    removed = copy.deepcopy(sealed)
    del removed["recipients"][1 - min(position, 1)]
    altered.append(removed)
    added = copy.deepcopy(sealed)
    added["recipients"].append({"header": {"kid": "x"}, "encrypted_key": ""})
    altered.append(added)
    for each in altered:
        with pytest.raises((CannotOpen, BadEnvelope, BadKey)):
            open_envelope(suite, each, party.kid, party.private, context=CONTEXT)


@pytest.mark.parametrize(
    "change",
    [
        lambda e: {},
        lambda e: {**e, "extra": 1},
        lambda e: {**e, "recipients": []},
        lambda e: {**e, "recipients": e["recipients"] * 2},
        lambda e: {**e, "recipients": [{"header": {}}]},
        lambda e: {**e, "iv": "AA"},
        lambda e: {**e, "tag": "AA"},
        lambda e: {**e, "protected": "%%%"},
        lambda e: {**e, "protected": b64url(b"[]")},
        lambda e: {**e, "ciphertext": 5},
    ],
)
def test_malformed_envelopes_are_refused(
    suite: Suite, parties: list[Party], sealed: dict[str, Any], change: Any
) -> None:
    with pytest.raises((BadEnvelope, CannotOpen)):
        open_envelope(suite, change(sealed), parties[0].kid, parties[0].private, context=CONTEXT)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("alg", "none"),
        ("alg", "dir"),
        ("enc", "A128CBC-HS256"),
        ("typ", "JWT"),
        ("crit", ["exp"]),
        ("epk", {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}),
        ("epk", {"kty": "OKP", "crv": "X448", "x": "AA"}),
        ("epk", None),
        ("epk", {"kty": "OKP", "crv": "X25519", "x": 5}),
        ("epk", {"kty": "EC", "crv": "SM2", "x": "%", "y": "%"}),
        ("apv", "AA"),
        ("key_commitment", b64url(bytes(32))),
        ("key_commitment", None),
    ],
)
def test_other_headers_are_refused(
    suite: Suite, parties: list[Party], sealed: dict[str, Any], name: str, value: Any
) -> None:
    header = {**jose.decode_header(sealed["protected"]), name: value}
    changed = {**sealed, "protected": jose.encode_header(header)}
    with pytest.raises(HanseError):
        open_envelope(suite, changed, parties[0].kid, parties[0].private, context=CONTEXT)


def test_other_suite_is_refused(suite: Suite, parties: list[Party], sealed: dict[str, Any]) -> None:
    other = get_suite("intl" if suite.name == "sm" else "sm")
    with pytest.raises(BadEnvelope):
        open_envelope(other, sealed, parties[0].kid, bytes(31) + b"\1", context=CONTEXT)


def test_sealing_needs_recipients_and_context(suite: Suite, parties: list[Party]) -> None:
    with pytest.raises(BadEnvelope):
        seal_for(suite, {}, b"", context=CONTEXT)
    with pytest.raises(BadEnvelope):
        seal_for(suite, {parties[0].kid: parties[0].public}, b"", context="")
    with pytest.raises(BadKey):
        seal_for(suite, {"kid": b"no key"}, b"", context=CONTEXT)


def test_two_keys_for_one_ciphertext_are_refused(
    suite: Suite, parties: list[Party], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sender that wraps different content keys for different recipients is caught."""
    real, calls = type(suite).wrap_key, []

    def wrap(self: Suite, wrapping_key: bytes, key: bytes) -> bytes:
        calls.append(key)
        return real(self, wrapping_key, key if len(calls) == 1 else bytes(self.key_bytes))

    monkeypatch.setattr(type(suite), "wrap_key", wrap)
    envelope = seal_for(suite, {p.kid: p.public for p in parties}, b"content", context=CONTEXT)
    opened = 0
    for party in parties:
        try:
            open_envelope(suite, envelope, party.kid, party.private, context=CONTEXT)
            opened += 1
        except CannotOpen as error:
            assert "commits" in error.message
    assert opened == 1


def test_nothing_of_the_content_shows(
    suite: Suite, parties: list[Party], sealed: dict[str, Any]
) -> None:
    assert b"content" not in unb64url(sealed["ciphertext"])
    again = seal_for(suite, {p.kid: p.public for p in parties}, b"content", context=CONTEXT)
    for name in ("protected", "iv", "ciphertext", "tag"):
        assert sealed[name] != again[name]
    assert jose.decode_header(sealed["protected"])["typ"] == envelopes.TYPE
    assert len(jwe.from_builtins(sealed).recipients) == 3


def _flip_text(text: str) -> str:
    data = bytearray(unb64url(text))
    data[len(data) // 2] ^= 1
    return b64url(bytes(data))
