"""Messages between nodes: DIDComm v2 structure, signed by the sender, sealed to the recipient.

Plaintext message (DIDComm Messaging 2.0, Plaintext Message Structure) in a JWS in JSON form by
the sender's authentication key, in a JWE (`hanse.crypto.authcrypt`) under a key that both derive
from their own private and the other's public agreement key. The national suite uses the same
structures with the algorithm names of `hanse.crypto.jose`.

**Adversary**: controls the network: reads, alters, drops, delays, repeats and makes up; runs
nodes of its own and receives messages meant for those. It learns sender, recipient, length and
time. It cannot read or alter messages of others, pass one on as meant for somebody else (sender
and recipient stand inside the signature), or have one accepted twice or after its time. Not
against: who holds a party's keys; and a message once read can be shown to third parties, because
it is signed: that is wanted, as evidence.
"""

from __future__ import annotations

from typing import Any

import msgspec

from hanse.core import ids
from hanse.crypto import jws
from hanse.crypto.authcrypt import open_between, seal_between
from hanse.crypto.errors import BadJws
from hanse.identity.clock import now_ms as clock_ms
from hanse.identity.did import DidDocument, Resolver
from hanse.identity.errors import (
    BadMessage,
    KeyNotFound,
    MessageExpired,
    MessageNotForUs,
    MessageReplayed,
)
from hanse.identity.holder import Identity
from hanse.identity.replay import ReplayGuard

SIGNED_TYPE = "application/didcomm-signed+json"
PLAIN_TYPE = "application/didcomm-plain+json"
DEFAULT_LIFE_MS = 300_000
MAX_LIFE_MS = 24 * 3_600_000
MAX_SKEW_MS = 60_000
MAX_MESSAGE_BYTES = 16 * 2**20


class PlainMessage(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """The plaintext message. Times are seconds, as DIDComm has them."""

    id: str
    typ: str
    type: str
    from_: str
    to: list[str]
    created_time: int
    expires_time: int
    body: dict[str, Any]
    thid: str = ""


class ReceivedMessage(msgspec.Struct, frozen=True):
    """A message whose every check has passed.

    Attributes:
        sender: DID of the sender.
        type: message type.
        id: the sender's id of the message.
        thread: thread id; the id itself when the message starts a thread.
        body: content.
        created_ms: when the sender says it made it.
        expires_ms: until when it is accepted.
    """

    sender: str
    type: str
    id: str
    thread: str
    body: dict[str, Any]
    created_ms: int
    expires_ms: int


def pack(
    identity: Identity,
    recipient: DidDocument,
    type: str,  # noqa: A002 - DIDComm's name
    body: dict[str, Any],
    *,
    thread: str = "",
    expires_ms: int | None = None,
    now_ms: int | None = None,
) -> bytes:
    """Make a sealed message.

    Args:
        identity: the sender.
        recipient: the recipient's present document.
        type: what the message is, for instance ``hanse/session-offer/1``.
        body: content, a JSON object.
        thread: id of the message answered, or empty.
        expires_ms: end of validity, at most 24 hours ahead; 5 minutes when absent.
        now_ms: present time; the clock's when absent.

    Raises:
        KeyNotFound: the recipient has no agreement key.
        BadMessage: too large, or to be valid for more than 24 hours.
    """
    now = clock_ms() if now_ms is None else now_ms
    expires = now + DEFAULT_LIFE_MS if expires_ms is None else expires_ms
    plain = PlainMessage(
        id=ids.random_id("msg"),
        typ=PLAIN_TYPE,
        type=type,
        from_=identity.did,
        to=[recipient.id],
        created_time=now // 1_000,
        expires_time=-(-expires // 1_000),
        body=body,
        thid=thread,
    )
    _check_life(plain)
    method = recipient.first("keyAgreement")
    sealed = seal_between(
        identity.suite,
        _signed(identity, plain),
        sender_kid=identity.agreement_kid,
        sender_private=identity.agreement_private(),
        recipient_kid=recipient.id + method.id,
        recipient_public=method.public_bytes,
    )
    if len(sealed) > MAX_MESSAGE_BYTES:
        raise BadMessage(f"a message has at most {MAX_MESSAGE_BYTES} bytes")
    return sealed


def unpack(
    identity: Identity,
    resolver: Resolver,
    raw: bytes,
    replay: ReplayGuard,
    *,
    now_ms: int | None = None,
) -> ReceivedMessage:
    """Open and check a sealed message.

    Steps:
        1. size; the recipient's key id is one of ours;
        2. the sender's document is resolved; the JWE opens between its agreement key and ours;
        3. the JWS inside is by an authentication key of the same sender;
        4. sender and recipient inside are the same two;
        5. it is neither past its time nor from the future;
        6. it was not received before (last, so that only genuine messages are remembered).

    Raises:
        BadMessage, MessageNotForUs, MessageExpired, MessageReplayed, BadEnvelope, CannotOpen,
        BadSignature, DidNotFound, KeyNotFound: by the step that failed.
    """
    now = clock_ms() if now_ms is None else now_ms
    if len(raw) > MAX_MESSAGE_BYTES:  # 1
        raise BadMessage(f"a message has at most {MAX_MESSAGE_BYTES} bytes")
    opened = open_between(  # 2
        identity.suite,
        raw,
        private_of=lambda kid: _own_private(identity, kid),
        public_of=lambda kid: _public_of(resolver, kid),
    )
    sender = did_of(opened.sender_kid)
    plain = _verified(identity, resolver.resolve(sender), opened.plaintext)  # 3
    if plain.from_ != sender:  # 4
        raise BadMessage("the message was signed by another than who sealed it")
    if plain.to != [identity.did]:
        raise MessageNotForUs()
    _check_time(plain, now)  # 5
    until_ms = plain.expires_time * 1_000 + MAX_SKEW_MS
    if not replay.admit(f"{sender} {plain.id}", until_ms, now):  # 6
        raise MessageReplayed()
    return ReceivedMessage(
        sender=sender,
        type=plain.type,
        id=plain.id,
        thread=plain.thid or plain.id,
        body=plain.body,
        created_ms=plain.created_time * 1_000,
        expires_ms=plain.expires_time * 1_000,
    )


def did_of(kid: str) -> str:
    """The DID part of a full key id."""
    return kid.partition("#")[0]


def _signed(identity: Identity, plain: PlainMessage) -> bytes:
    try:
        payload = msgspec.json.encode(plain)
    except (TypeError, ValueError, OverflowError) as error:
        raise BadMessage("the body of a message is a JSON object") from error
    token = jws.sign_jws(
        identity.suite, identity.sign_bytes, payload, kid=identity.signing_kid, typ=SIGNED_TYPE
    )
    return jws.to_json(token)


def _verified(identity: Identity, sender: DidDocument, data: bytes) -> PlainMessage:
    try:
        parsed = jws.parse_jws(identity.suite, jws.from_json(data), typ=SIGNED_TYPE)
    except BadJws as error:
        raise BadMessage(error.message) from error
    if did_of(parsed.kid) != sender.id:
        raise BadMessage("the message was signed by another than who sealed it")
    jws.verify_jws(identity.suite, parsed, sender.public_key(parsed.kid, "authentication"))
    try:
        plain = msgspec.json.decode(parsed.payload, type=PlainMessage)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadMessage("the signed content is no DIDComm plaintext message") from error
    if plain.typ != PLAIN_TYPE or not 0 < len(plain.id) <= 128:
        raise BadMessage("the signed content is no DIDComm plaintext message")
    return plain


def _check_time(plain: PlainMessage, now: int) -> None:
    if plain.expires_time * 1_000 + MAX_SKEW_MS < now:
        raise MessageExpired("the message is past its time")
    if plain.created_time * 1_000 - MAX_SKEW_MS > now:
        raise MessageExpired("the message is from the future")
    _check_life(plain)


def _check_life(plain: PlainMessage) -> None:
    life_ms = (plain.expires_time - plain.created_time) * 1_000
    if not 0 < life_ms <= MAX_LIFE_MS + 1_000:
        raise BadMessage("a message is valid for at most 24 hours")


def _own_private(identity: Identity, kid: str) -> bytes:
    if did_of(kid) != identity.did:
        raise MessageNotForUs()
    return identity.agreement_private(kid)


def _public_of(resolver: Resolver, kid: str) -> bytes:
    document = resolver.resolve(did_of(kid))
    try:
        return document.public_key(kid, "keyAgreement")
    except KeyNotFound as error:
        raise BadMessage("the sender's document holds no such agreement key") from error
