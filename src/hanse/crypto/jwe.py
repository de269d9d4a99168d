"""JWE in general JSON form (RFC 7516, section 7.2.1): shape and content encryption."""

from __future__ import annotations

from typing import Any

import msgspec

from hanse.core.encoding import b64url, unb64url
from hanse.core.errors import InputError
from hanse.crypto.errors import BadEnvelope
from hanse.crypto.suite import NONCE_BYTES, TAG_BYTES, Suite

MAX_RECIPIENTS = 256


class RecipientHeader(msgspec.Struct, frozen=True):
    """Whose entry this is."""

    kid: str


class Recipient(msgspec.Struct, frozen=True, omit_defaults=True):
    """One recipient's entry; no ``encrypted_key`` in direct mode."""

    header: RecipientHeader
    encrypted_key: str = ""


class Jwe(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A JWE with all its parts in base64url."""

    protected: str
    recipients: list[Recipient]
    iv: str
    ciphertext: str
    tag: str
    aad: str = ""

    @property
    def associated(self) -> bytes:
        """What the content's tag covers besides the content (RFC 7516, 5.1, step 14)."""
        text = f"{self.protected}.{self.aad}" if self.aad else self.protected
        return text.encode("ascii", errors="replace")


def encrypt(
    suite: Suite,
    key: bytes,
    plaintext: bytes,
    *,
    protected: str,
    aad: bytes,
    recipients: list[Recipient],
) -> Jwe:
    """Encrypt content under ``key`` and assemble the JWE."""
    draft = Jwe(protected, recipients, "", "", "", b64url(aad))
    sealed = suite.seal(key, plaintext, draft.associated)
    return Jwe(
        protected,
        recipients,
        iv=b64url(sealed[:NONCE_BYTES]),
        ciphertext=b64url(sealed[NONCE_BYTES:-TAG_BYTES]),
        tag=b64url(sealed[-TAG_BYTES:]),
        aad=draft.aad,
    )


def decrypt(suite: Suite, key: bytes, jwe: Jwe) -> bytes:
    """Decrypt content.

    Raises:
        CannotOpen: wrong key or altered.
        BadEnvelope: parts of wrong length or encoding.
    """
    iv, ciphertext, tag = (_part(text) for text in (jwe.iv, jwe.ciphertext, jwe.tag))
    if len(iv) != NONCE_BYTES or len(tag) != TAG_BYTES:
        raise BadEnvelope("IV and tag have 96 and 128 bits")
    return suite.open(key, iv + ciphertext + tag, jwe.associated)


def encrypted_key(recipient: Recipient) -> bytes:
    """The recipient's wrapped key."""
    return _part(recipient.encrypted_key)


def from_builtins(value: Any) -> Jwe:
    """Check the shape of a JWE that came as parsed JSON; raises `BadEnvelope`."""
    try:
        jwe = msgspec.convert(value, Jwe)
    except msgspec.ValidationError as error:
        raise BadEnvelope(f"not a JWE in general JSON form: {error}") from error
    return _check_recipients(jwe)


def from_json(data: bytes) -> Jwe:
    """Check the shape of a JWE in JSON bytes; raises `BadEnvelope`."""
    try:
        jwe = msgspec.json.decode(data, type=Jwe)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadEnvelope("not a JWE in general JSON form") from error
    return _check_recipients(jwe)


def _check_recipients(jwe: Jwe) -> Jwe:
    kids = [recipient.header.kid for recipient in jwe.recipients]
    if not 1 <= len(kids) <= MAX_RECIPIENTS or len(set(kids)) != len(kids):
        raise BadEnvelope(f"1 to {MAX_RECIPIENTS} recipients, each once")
    return jwe


def _part(text: str) -> bytes:
    try:
        return unb64url(text)
    except InputError as error:
        raise BadEnvelope("the parts of a JWE are base64url") from error
