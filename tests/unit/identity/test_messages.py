"""Sealed messages: genuine, for us, in time, once."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from hanse.crypto import jws
from hanse.crypto.authcrypt import seal_between
from hanse.crypto.errors import BadEnvelope, BadKey, BadSignature, CannotOpen
from hanse.crypto.suite import Suite
from hanse.identity import Directory, Identity
from hanse.identity import messages as module
from hanse.identity.errors import (
    BadMessage,
    DidNotFound,
    KeyNotFound,
    MessageExpired,
    MessageNotForUs,
    MessageReplayed,
)
from hanse.identity.messages import PLAIN_TYPE, SIGNED_TYPE, ReceivedMessage, pack, unpack
from hanse.identity.replay import MemoryReplayGuard

NOW = 1_800_000_000_000
BODY = {"step": "align", "values": [1, None, "二"], "nested": {"ok": True}}


@pytest.fixture
def replay() -> MemoryReplayGuard:
    return MemoryReplayGuard()


@pytest.fixture
def raw(alice: Identity, bob: Identity) -> bytes:
    return pack(alice, bob.document(), "hanse/session-offer/1", BODY, now_ms=NOW)


def _unpack(
    identity: Identity,
    directory: Directory,
    raw: bytes,
    replay: MemoryReplayGuard | None = None,
    now: int = NOW,
) -> ReceivedMessage:
    return unpack(identity, directory, raw, replay or MemoryReplayGuard(), now_ms=now)


def test_message_arrives_whole(
    alice: Identity, bob: Identity, directory: Directory, raw: bytes
) -> None:
    received = _unpack(bob, directory, raw)
    assert received.sender == alice.did
    assert received.type == "hanse/session-offer/1"
    assert received.body == BODY
    assert received.thread == received.id
    assert (received.created_ms, received.expires_ms) == (NOW, NOW + 300_000)


def test_thread_is_kept_and_clock_is_the_default(
    alice: Identity, bob: Identity, directory: Directory
) -> None:
    raw = pack(alice, bob.document(), "t", {}, thread="msg-1")
    received = unpack(bob, directory, raw, MemoryReplayGuard())
    assert received.thread == "msg-1"
    assert received.id != "msg-1"


def test_structure_is_didcomm_v2(alice: Identity, bob: Identity, raw: bytes) -> None:
    jwe = json.loads(raw)
    assert set(jwe) == {"protected", "recipients", "iv", "ciphertext", "tag"}
    assert jwe["recipients"] == [{"header": {"kid": bob.agreement_kid}}]
    fields = {f.encode_name for f in msgspec.structs.fields(module.PlainMessage)}
    assert fields == {
        "id",
        "typ",
        "type",
        "from",
        "to",
        "created_time",
        "expires_time",
        "thid",
        "body",
    }


def test_nothing_readable_on_the_wire(raw: bytes) -> None:
    for hidden in (b"align", b"session-offer", b"nested"):
        assert hidden not in raw


def test_replayed_message_is_refused(
    bob: Identity, directory: Directory, raw: bytes, replay: MemoryReplayGuard
) -> None:
    _unpack(bob, directory, raw, replay)
    with pytest.raises(MessageReplayed):
        _unpack(bob, directory, raw, replay)


def test_forgeries_are_not_remembered(
    bob: Identity, directory: Directory, raw: bytes, replay: MemoryReplayGuard
) -> None:
    """A refused copy must not make the genuine message look replayed."""
    with pytest.raises(MessageExpired):
        _unpack(bob, directory, raw, replay, NOW + 10**7)
    _unpack(bob, directory, raw, replay)


@pytest.mark.parametrize("offset_ms", [-70_000, 370_000, 10**9])
def test_message_out_of_time_is_refused(
    bob: Identity, directory: Directory, raw: bytes, offset_ms: int
) -> None:
    with pytest.raises(MessageExpired):
        _unpack(bob, directory, raw, now=NOW + offset_ms)


@pytest.mark.parametrize("offset_ms", [-50_000, 0, 350_000])
def test_clocks_may_differ_by_a_minute(
    bob: Identity, directory: Directory, raw: bytes, offset_ms: int
) -> None:
    _unpack(bob, directory, raw, now=NOW + offset_ms)


def test_another_recipient_is_refused(eve: Identity, directory: Directory, raw: bytes) -> None:
    with pytest.raises(MessageNotForUs):
        _unpack(eve, directory, raw)


def test_message_to_a_former_agreement_key_still_opens(
    bob: Identity, directory: Directory, raw: bytes
) -> None:
    assert _unpack(bob.with_new_agreement_key(), directory, raw).body == BODY


def test_unknown_sender_is_refused(bob: Identity, raw: bytes) -> None:
    with pytest.raises(DidNotFound):
        _unpack(bob, Directory([bob.document()]), raw)


def test_sender_with_rotated_keys_is_refused(
    alice: Identity, bob: Identity, directory: Directory, raw: bytes
) -> None:
    directory.put(alice.with_new_signing_key().document())
    with pytest.raises(BadSignature):
        _unpack(bob, directory, raw)
    directory.put(alice.with_new_agreement_key().document())
    with pytest.raises(BadMessage):
        _unpack(bob, directory, raw)


@pytest.mark.parametrize("part", ["protected", "iv", "ciphertext", "tag"])
def test_altered_message_is_refused(
    bob: Identity, directory: Directory, raw: bytes, part: str
) -> None:
    jwe = json.loads(raw)
    middle = len(jwe[part]) // 2
    jwe[part] = (
        jwe[part][:middle] + ("A" if jwe[part][middle] != "A" else "B") + jwe[part][middle + 1 :]
    )
    # A changed header may no longer parse, or name another key; nothing else is possible.
    with pytest.raises((CannotOpen, BadEnvelope, BadMessage, BadKey, DidNotFound)):
        _unpack(bob, directory, json.dumps(jwe).encode())


def test_man_in_the_middle_cannot_take_over(
    alice: Identity, bob: Identity, eve: Identity, directory: Directory, raw: bytes
) -> None:
    """Eve, who can read what is sealed to her, passes Alice's signed message on to Bob."""
    to_eve = pack(alice, eve.document(), "t", {"pay": 1}, now_ms=NOW)
    opened = module.open_between(
        eve.suite,
        to_eve,
        private_of=eve.agreement_private,
        public_of=lambda kid: alice.agreement_public,
    )
    passed_on = _seal(eve, bob, opened.plaintext)
    with pytest.raises(BadMessage, match="another"):
        _unpack(bob, directory, passed_on)


def test_signed_for_somebody_else_is_refused(
    alice: Identity, bob: Identity, eve: Identity, directory: Directory
) -> None:
    with pytest.raises(MessageNotForUs):
        _unpack(bob, directory, _crafted(alice, bob, to=[eve.did]))
    with pytest.raises(MessageNotForUs):
        _unpack(bob, directory, _crafted(alice, bob, to=[bob.did, eve.did]))


def test_signed_as_somebody_else_is_refused(
    alice: Identity, bob: Identity, eve: Identity, directory: Directory
) -> None:
    with pytest.raises(BadMessage, match="another"):
        _unpack(bob, directory, _crafted(alice, bob, **{"from": eve.did}))


@pytest.mark.parametrize(
    "changes",
    [
        {"typ": "application/json"},
        {"id": ""},
        {"id": "x" * 129},
        {"created_time": "yesterday"},
        {"expires_time": NOW // 1_000 - 1, "created_time": NOW // 1_000},
        {"expires_time": NOW // 1_000 + 90_000},
        {"body": []},
        {"body": None},
    ],
)
def test_signed_nonsense_is_refused(
    alice: Identity, bob: Identity, directory: Directory, changes: dict[str, Any]
) -> None:
    with pytest.raises(BadMessage):
        _unpack(bob, directory, _crafted(alice, bob, **changes))


def test_unsigned_content_is_refused(alice: Identity, bob: Identity, directory: Directory) -> None:
    for content in (b"{}", b"", json.dumps(_plain(alice, bob)).encode()):
        with pytest.raises(BadMessage):
            _unpack(bob, directory, _seal(alice, bob, content))


def test_content_signed_by_another_key_is_refused(
    alice: Identity, bob: Identity, eve: Identity, directory: Directory
) -> None:
    payload = json.dumps(_plain(alice, bob)).encode()
    for kid, signer in ((alice.signing_kid, eve), (eve.signing_kid, eve)):
        token = jws.sign_jws(alice.suite, signer.sign_bytes, payload, kid=kid, typ=SIGNED_TYPE)
        with pytest.raises((BadSignature, BadMessage)):
            _unpack(bob, directory, _seal(alice, bob, jws.to_json(token)))


def test_limits_of_packing(alice: Identity, bob: Identity, suite: Suite) -> None:
    for expires_ms in (NOW, NOW - 1, NOW + 25 * 3_600_000):
        with pytest.raises(BadMessage):
            pack(alice, bob.document(), "t", {}, expires_ms=expires_ms, now_ms=NOW)
    with pytest.raises(BadMessage, match="JSON"):
        pack(alice, bob.document(), "t", {"x": object()}, now_ms=NOW)
    keyless = msgspec.structs.replace(bob.document(), methods=[])
    with pytest.raises(KeyNotFound):
        pack(alice, keyless, "t", {}, now_ms=NOW)


def test_oversized_messages_are_refused(
    alice: Identity, bob: Identity, directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = pack(alice, bob.document(), "t", {"x": "y" * 3_000}, now_ms=NOW)
    monkeypatch.setattr(module, "MAX_MESSAGE_BYTES", 2_000)
    with pytest.raises(BadMessage, match="at most"):
        pack(alice, bob.document(), "t", {"x": "y" * 3_000}, now_ms=NOW)
    with pytest.raises(BadMessage, match="at most"):
        _unpack(bob, directory, raw)


def _plain(sender: Identity, recipient: Identity, **changes: Any) -> dict[str, Any]:
    plain = {
        "id": "msg-1",
        "typ": PLAIN_TYPE,
        "type": "t",
        "from": sender.did,
        "to": [recipient.did],
        "created_time": NOW // 1_000,
        "expires_time": NOW // 1_000 + 60,
        "thid": "",
        "body": {},
    }
    return {**plain, **changes}


def _crafted(sender: Identity, recipient: Identity, **changes: Any) -> bytes:
    payload = json.dumps(_plain(sender, recipient, **changes)).encode()
    token = jws.sign_jws(
        sender.suite, sender.sign_bytes, payload, kid=sender.signing_kid, typ=SIGNED_TYPE
    )
    return _seal(sender, recipient, jws.to_json(token))


def _seal(sender: Identity, recipient: Identity, content: bytes) -> bytes:
    return seal_between(
        sender.suite,
        content,
        sender_kid=sender.agreement_kid,
        sender_private=sender.agreement_private(),
        recipient_kid=recipient.agreement_kid,
        recipient_public=recipient.agreement_public,
    )
