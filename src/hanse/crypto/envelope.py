"""Digital envelopes: one content, sealed to several recipients, sender not named.

A JWE (RFC 7516) with ephemeral-static agreement and key wrapping per recipient (RFC 7518, 4.6;
the national names are in `hanse.crypto.jose`):

1. a fresh content key encrypts the content; the context is its additional data;
2. a fresh ephemeral key agrees with every recipient's public key;
3. Concat KDF, bound to the algorithm and to the set of recipients, gives each a wrapping key;
4. the content key is wrapped once for each.

The protected header carries a digest of the content key. GCM does not commit to its key: the
sender could otherwise craft one ciphertext that opens to different contents for different
recipients.

**Adversary**: reads, alters, moves and drops envelopes; chooses contents; may be one of the
recipients or the sender. Learns and achieves: number of recipients, their key ids, the length
of the content; nothing else without a recipient's key. Altered content, header, recipients or
context do not open. Who sealed it is *not* proven: put a signature inside, or use messages.
No forward secrecy against loss of a recipient's static key.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable
from typing import Any, cast

import msgspec

from hanse.core.canonical import tagged
from hanse.core.encoding import b64url
from hanse.crypto import jose, jwe
from hanse.crypto.errors import BadEnvelope, CannotOpen, NotARecipient
from hanse.crypto.suite import Suite

TYPE = "hanse-envelope+json"
KEY_COMMITMENT_DOMAIN = "hanse/envelope-key/1"
RECIPIENTS_DOMAIN = "hanse/envelope-recipients/1"


def seal_for(
    suite: Suite, recipients: dict[str, bytes], plaintext: bytes, *, context: str
) -> dict[str, Any]:
    """Seal content to recipients.

    Args:
        suite: algorithms.
        recipients: key id → public agreement key; 1 to 256.
        plaintext: content.
        context: what this is, for instance ``hanse/evidence/1`` and an id; must be given
            again to open, so that an envelope cannot be moved to another place.

    Returns:
        A JSON-safe dict, strings only.
    """
    if not 1 <= len(recipients) <= jwe.MAX_RECIPIENTS or not context:
        raise BadEnvelope(f"an envelope has a context and 1 to {jwe.MAX_RECIPIENTS} recipients")
    content_key = secrets.token_bytes(suite.key_bytes)
    ephemeral = suite.generate_agreement_key()
    apv = _recipients_digest(suite, recipients)
    entries = []
    for kid, public in sorted(recipients.items()):
        wrapping_key = _wrapping_key(suite, suite.agree(ephemeral, public), apv)
        wrapped = b64url(suite.wrap_key(wrapping_key, content_key))
        entries.append(jwe.Recipient(jwe.RecipientHeader(kid), wrapped))
    header = {
        "alg": jose.ephemeral_algorithm(suite),
        "apv": b64url(apv),
        "enc": suite.cipher_algorithm,
        "epk": jose.public_jwk(suite, suite.agreement_public(ephemeral)),
        "key_commitment": _key_commitment(suite, content_key),
        "typ": TYPE,
    }
    sealed = jwe.encrypt(
        suite,
        content_key,
        plaintext,
        protected=jose.encode_header(header),
        aad=context.encode("utf-8"),
        recipients=entries,
    )
    return cast("dict[str, Any]", msgspec.to_builtins(sealed))


def open_envelope(
    suite: Suite, envelope: dict[str, Any], kid: str, private: bytes, *, context: str
) -> bytes:
    """Open an envelope.

    Args:
        suite: algorithms.
        envelope: what `seal_for` returned.
        kid: key id under which it was sealed to us.
        private: our private agreement key of that id.
        context: the one given when sealing.

    Raises:
        BadEnvelope: malformed or of another suite.
        NotARecipient: no entry for ``kid``.
        CannotOpen: wrong key, altered, or another context.
    """
    sealed = jwe.from_builtins(envelope)
    header = _checked_header(suite, sealed)
    entry = next((r for r in sealed.recipients if r.header.kid == kid), None)
    if entry is None:
        raise NotARecipient()
    if sealed.aad != b64url(context.encode("utf-8")):
        raise CannotOpen("the envelope was sealed in another context")
    apv = _recipients_digest(suite, recipients_of(envelope))
    if header.get("apv") != b64url(apv):
        raise CannotOpen("the recipients of the envelope were altered")
    shared = suite.agree(private, jose.public_from_jwk(suite, header.get("epk")))
    wrapping_key = _wrapping_key(suite, shared, apv)
    content_key = suite.unwrap_key(wrapping_key, jwe.encrypted_key(entry))
    _check_key_commitment(suite, content_key, header)
    return jwe.decrypt(suite, content_key, sealed)


def recipients_of(envelope: dict[str, Any]) -> list[str]:
    """Key ids an envelope is sealed to, in its own order; raises `BadEnvelope`."""
    return [recipient.header.kid for recipient in jwe.from_builtins(envelope).recipients]


def _checked_header(suite: Suite, sealed: jwe.Jwe) -> dict[str, Any]:
    header = jose.decode_header(sealed.protected)
    expected = (TYPE, jose.ephemeral_algorithm(suite), suite.cipher_algorithm)
    if (header.get("typ"), header.get("alg"), header.get("enc")) != expected:
        raise BadEnvelope("the envelope names other algorithms than this network's suite")
    return header


def _recipients_digest(suite: Suite, kids: Iterable[str]) -> bytes:
    parts = [kid.encode("utf-8") for kid in sorted(kids)]
    return suite.hash(tagged(RECIPIENTS_DOMAIN, *parts))


def _wrapping_key(suite: Suite, shared: bytes, apv: bytes) -> bytes:
    algorithm = jose.ephemeral_algorithm(suite)
    return jose.concat_kdf(
        suite, shared, algorithm=algorithm, apu=b"", apv=apv, length=suite.key_bytes
    )


def _key_commitment(suite: Suite, content_key: bytes) -> str:
    return b64url(suite.hash(tagged(KEY_COMMITMENT_DOMAIN, content_key)))


def _check_key_commitment(suite: Suite, content_key: bytes, header: dict[str, Any]) -> None:
    stated = str(header.get("key_commitment")).encode("utf-8")
    if len(content_key) != suite.key_bytes or not hmac.compare_digest(
        _key_commitment(suite, content_key).encode("utf-8"), stated
    ):
        raise CannotOpen("the content key is not the one the envelope commits to")
