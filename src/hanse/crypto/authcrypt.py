"""Authenticated encryption between two parties, from each one's own and the other's key.

ECDH-1PU in direct mode (draft-madden-jose-ecdh-1pu-04, section 2): the content key is derived
from ``Ze ‖ Zs``, where Ze comes from a fresh ephemeral key and Zs from the two static keys, and
is bound to both key ids. Only the two named parties can derive it.

DIDComm v2 prescribes ECDH-1PU+A256KW with A256CBC-HS512 because it wraps one key for several
devices; we send to exactly one key, for which the draft allows direct mode with any content
encryption, so no second cipher is needed.

**Adversary**: reads, alters, drops, replays and makes up messages on the way; holds keys of
other parties. Cannot read or alter, nor make one that opens as another's, without a static key
of one of the two. Somebody who steals the recipient's key can make messages up *to that
recipient* (key compromise impersonation) and read old ones; the signature inside messages
closes the former.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from hanse.core.encoding import b64url
from hanse.crypto import jose, jwe
from hanse.crypto.errors import BadEnvelope
from hanse.crypto.suite import Suite

TYPE = "application/didcomm-encrypted+json"


class Opened(msgspec.Struct, frozen=True):
    """Content and the two keys it was sealed between."""

    plaintext: bytes
    sender_kid: str
    recipient_kid: str


def seal_between(
    suite: Suite,
    plaintext: bytes,
    *,
    sender_kid: str,
    sender_private: bytes,
    recipient_kid: str,
    recipient_public: bytes,
) -> bytes:
    """Seal content from one static key to another; JSON bytes of a JWE."""
    ephemeral = suite.generate_agreement_key()
    fresh = suite.agree(ephemeral, recipient_public)
    static = suite.agree(sender_private, recipient_public)
    header = {
        "alg": jose.authenticated_algorithm(suite),
        "apu": b64url(sender_kid.encode("utf-8")),
        "apv": b64url(_recipient_digest(suite, recipient_kid)),
        "enc": suite.cipher_algorithm,
        "epk": jose.public_jwk(suite, suite.agreement_public(ephemeral)),
        "skid": sender_kid,
        "typ": TYPE,
    }
    sealed = jwe.encrypt(
        suite,
        _content_key(suite, fresh + static, sender_kid, recipient_kid),
        plaintext,
        protected=jose.encode_header(header),
        aad=b"",
        recipients=[jwe.Recipient(jwe.RecipientHeader(recipient_kid))],
    )
    return msgspec.json.encode(sealed)


def open_between(
    suite: Suite,
    data: bytes,
    *,
    private_of: Callable[[str], bytes],
    public_of: Callable[[str], bytes],
) -> Opened:
    """Open what `seal_between` made.

    Args:
        suite: algorithms.
        data: JSON bytes of the JWE.
        private_of: our private agreement key by key id; raises when it is not ours.
        public_of: the sender's public agreement key by key id.

    Raises:
        BadEnvelope: malformed or of another suite.
        CannotOpen: altered, or not between these two keys.
    """
    sealed = jwe.from_json(data)
    header = jose.decode_header(sealed.protected)
    sender_kid = _checked_sender(suite, header)
    if len(sealed.recipients) != 1 or sealed.recipients[0].encrypted_key or sealed.aad:
        raise BadEnvelope("a message has one recipient, no wrapped key and no further data")
    recipient_kid = sealed.recipients[0].header.kid
    private = private_of(recipient_kid)
    fresh = suite.agree(private, jose.public_from_jwk(suite, header.get("epk")))
    static = suite.agree(private, public_of(sender_kid))
    key = _content_key(suite, fresh + static, sender_kid, recipient_kid)
    return Opened(jwe.decrypt(suite, key, sealed), sender_kid, recipient_kid)


def _checked_sender(suite: Suite, header: dict[str, Any]) -> str:
    expected = (TYPE, jose.authenticated_algorithm(suite), suite.cipher_algorithm)
    if (header.get("typ"), header.get("alg"), header.get("enc")) != expected:
        raise BadEnvelope("the message names other algorithms than this network's suite")
    sender_kid = header.get("skid")
    if not isinstance(sender_kid, str) or header.get("apu") != b64url(sender_kid.encode("utf-8")):
        raise BadEnvelope("skid and apu name the sender's key")
    return sender_kid


def _recipient_digest(suite: Suite, recipient_kid: str) -> bytes:
    # DIDComm v2: apv is the digest of the sorted key ids, joined by dots; here it is one.
    return suite.hash(recipient_kid.encode("utf-8"))


def _content_key(suite: Suite, secret: bytes, sender_kid: str, recipient_kid: str) -> bytes:
    return jose.concat_kdf(
        suite,
        secret,
        algorithm=suite.cipher_algorithm,
        apu=sender_kid.encode("utf-8"),
        apv=_recipient_digest(suite, recipient_kid),
        length=suite.key_bytes,
    )
