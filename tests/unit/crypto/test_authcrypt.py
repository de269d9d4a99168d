"""Content between two parties: nobody else reads, alters or makes it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from hanse.core.errors import HanseError, NotFoundError
from hanse.crypto import jose
from hanse.crypto.authcrypt import open_between, seal_between
from hanse.crypto.errors import BadEnvelope, CannotOpen
from hanse.crypto.suite import Suite

ALICE, BOB, EVE = "did:hanse:alice#key-2", "did:hanse:bob#key-2", "did:hanse:eve#key-2"


class Keys:
    def __init__(self, suite: Suite) -> None:
        self.private = {kid: suite.generate_agreement_key() for kid in (ALICE, BOB, EVE)}
        self.public = {kid: suite.agreement_public(key) for kid, key in self.private.items()}

    def only(self, kid: str) -> Callable[[str], bytes]:
        def private_of(asked: str) -> bytes:
            if asked != kid:
                raise NotFoundError()
            return self.private[asked]

        return private_of


@pytest.fixture
def keys(suite: Suite) -> Keys:
    return Keys(suite)


@pytest.fixture
def sealed(suite: Suite, keys: Keys) -> bytes:
    return _seal(suite, keys, ALICE, BOB)


def _seal(suite: Suite, keys: Keys, sender: str, recipient: str, content: bytes = b"hi") -> bytes:
    return seal_between(
        suite,
        content,
        sender_kid=sender,
        sender_private=keys.private[sender],
        recipient_kid=recipient,
        recipient_public=keys.public[recipient],
    )


def _open(suite: Suite, keys: Keys, data: bytes, kid: str = BOB) -> Any:
    return open_between(suite, data, private_of=keys.only(kid), public_of=keys.public.__getitem__)


def test_recipient_opens_and_learns_the_sender(suite: Suite, keys: Keys, sealed: bytes) -> None:
    opened = _open(suite, keys, sealed)
    assert (opened.plaintext, opened.sender_kid, opened.recipient_kid) == (b"hi", ALICE, BOB)


def test_others_do_not_open(suite: Suite, keys: Keys, sealed: bytes) -> None:
    with pytest.raises(NotFoundError):
        _open(suite, keys, sealed, EVE)
    with pytest.raises(CannotOpen):
        open_between(
            suite,
            sealed,
            private_of=lambda _kid: keys.private[EVE],
            public_of=keys.public.__getitem__,
        )


def test_sender_cannot_be_impersonated(suite: Suite, keys: Keys) -> None:
    """Eve seals with her own key but names Alice."""
    forged = seal_between(
        suite,
        b"pay eve",
        sender_kid=ALICE,
        sender_private=keys.private[EVE],
        recipient_kid=BOB,
        recipient_public=keys.public[BOB],
    )
    with pytest.raises(CannotOpen):
        _open(suite, keys, forged)


@pytest.mark.parametrize("part", ["protected", "iv", "ciphertext", "tag"])
def test_altered_parts_are_refused(suite: Suite, keys: Keys, sealed: bytes, part: str) -> None:
    jwe = json.loads(sealed)
    text = jwe[part]
    middle = len(text) // 2
    jwe[part] = text[:middle] + ("A" if text[middle] != "A" else "B") + text[middle + 1 :]
    with pytest.raises(HanseError):
        _open(suite, keys, json.dumps(jwe).encode())


def test_recipient_cannot_be_redirected(suite: Suite, keys: Keys, sealed: bytes) -> None:
    jwe = json.loads(sealed)
    jwe["recipients"] = [{"header": {"kid": EVE}}]
    with pytest.raises(CannotOpen):
        _open(suite, keys, json.dumps(jwe).encode(), EVE)


@pytest.mark.parametrize(
    ("name", "value"),
    [("skid", EVE), ("skid", 5), ("alg", "ECDH-ES"), ("enc", "none"), ("typ", "x"), ("apu", "AA")],
)
def test_other_headers_are_refused(
    suite: Suite, keys: Keys, sealed: bytes, name: str, value: Any
) -> None:
    jwe = json.loads(sealed)
    header = {**jose.decode_header(jwe["protected"]), name: value}
    jwe["protected"] = jose.encode_header(header)
    with pytest.raises(BadEnvelope):
        _open(suite, keys, json.dumps(jwe).encode())


@pytest.mark.parametrize(
    "change",
    [
        {"recipients": [{"header": {"kid": BOB}}, {"header": {"kid": EVE}}]},
        {"recipients": [{"header": {"kid": BOB}, "encrypted_key": "AAAA"}]},
        {"recipients": []},
        {"aad": "AAAA"},
    ],
)
def test_other_shapes_are_refused(
    suite: Suite, keys: Keys, sealed: bytes, change: dict[str, Any]
) -> None:
    with pytest.raises(BadEnvelope):
        _open(suite, keys, json.dumps({**json.loads(sealed), **change}).encode())


@pytest.mark.parametrize("data", [b"", b"{}", b"not json", b"[" * 100_000])
def test_garbage_is_refused(suite: Suite, keys: Keys, data: bytes) -> None:
    with pytest.raises(BadEnvelope):
        _open(suite, keys, data)


def test_same_content_looks_different_every_time(suite: Suite, keys: Keys) -> None:
    first, second = (json.loads(_seal(suite, keys, ALICE, BOB)) for _ in range(2))
    for part in ("protected", "iv", "ciphertext", "tag"):
        assert first[part] != second[part]
