"""Role credentials: W3C Verifiable Credentials 2.0, secured as JWT (``vc+jwt``).

The payload is the credential itself (VC-JOSE-COSE, section 3.1.1), the JWS compact. Status is
one entry of a Bitstring Status List per purpose; the lists' bits are on the ledger. An issuer
that rotates its key issues its credentials anew: a rotated key verifies nothing any more, since
whoever stole it could date credentials back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from hanse.core import ids
from hanse.core.errors import HanseError, InputError, NotFoundError
from hanse.crypto import jws
from hanse.crypto.errors import BadJws
from hanse.crypto.suite import Suite
from hanse.identity import timestamps
from hanse.identity.credential_format import (
    CONTEXTS,
    MEMBERSHIP_TYPE,
    Credential,
    Payload,
    StatusEntry,
    StatusPurpose,
    Subject,
    make_status,
    read_payload,
)
from hanse.identity.did import DidDocument, Resolver, check_did
from hanse.identity.errors import (
    BadCredential,
    BadToken,
    CredentialExpired,
    CredentialRevoked,
    CredentialSuspended,
    NotTheHolder,
    UntrustedIssuer,
)
from hanse.identity.holder import Identity

TOKEN_TYPE = "vc+jwt"  # noqa: S105 - a media type
MAX_TOKEN_CHARACTERS = 64_000


class StatusValue(msgspec.Struct, frozen=True):
    """What the ledger says of one index of a list."""

    issuer: str
    purpose: StatusPurpose
    is_set: bool


class CredentialRegistry(Protocol):
    """What the ledger knows about credentials."""

    def status(self, status_list: str, index: int) -> StatusValue:
        """Value of a bit; raises `NotFoundError` or `InputError` when there is none."""
        ...

    def is_issuer(self, did: str, credential_type: str) -> bool:
        """Whether the DID may issue credentials of that type now."""
        ...


def issue_credential(
    identity: Identity,
    *,
    subject: str,
    roles: Sequence[str],
    details: dict[str, Any],
    status_list: str,
    status_index: int,
    valid_from_ms: int,
    valid_until_ms: int,
    suspension_list: str = "",
    credential_type: str = MEMBERSHIP_TYPE,
) -> str:
    """Issue a role credential.

    Args:
        identity: the issuer.
        subject: DID of the holder.
        roles: role names.
        details: further claims, a JSON object.
        status_list: id of the issuer's revocation list.
        status_index: the credential's index, in both lists; never used before.
        valid_from_ms: UTC ms; rounded down to seconds.
        valid_until_ms: UTC ms; rounded down to seconds.
        suspension_list: id of the issuer's suspension list, or empty.
        credential_type: type name.

    Returns:
        A compact JWS.

    Raises:
        BadDid: the subject is no DID.
        BadCredential: empty validity, negative index or too large.
    """
    check_did(subject)
    if valid_from_ms // 1_000 >= valid_until_ms // 1_000 or status_index < 0:
        raise BadCredential("validity is at least a second and an index is not negative")
    entries = [make_status(identity.did, "revocation", status_list, status_index)]
    if suspension_list:
        entries.append(make_status(identity.did, "suspension", suspension_list, status_index))
    payload = Payload(
        context=CONTEXTS,
        id=f"{identity.did}#{ids.random_id('vc')}",
        type=["VerifiableCredential", credential_type],
        issuer=identity.did,
        valid_from=timestamps.from_ms(valid_from_ms),
        valid_until=timestamps.from_ms(valid_until_ms),
        credential_subject=Subject(subject, list(roles), details),
        credential_status=entries,
    )
    token = jws.sign_jws(
        identity.suite,
        identity.sign_bytes,
        msgspec.json.encode(payload),
        kid=identity.signing_kid,
        typ=TOKEN_TYPE,
    )
    if len(token) > MAX_TOKEN_CHARACTERS:
        raise BadCredential(f"a credential has at most {MAX_TOKEN_CHARACTERS} characters")
    return token


def verify_credential(
    suite: Suite,
    resolver: Resolver,
    registry: CredentialRegistry,
    token: str,
    now_ms: int,
    *,
    holder: str = "",
) -> Credential:
    """Verify a credential (VC Data Model 2.0, section 7.1).

    Steps:
        1. form: a ``vc+jwt`` of this suite, payload a VC 2.0 with one further type;
        2. signature: the key belongs to the issuer and is its assertion method now;
        3. issuer: may issue this type;
        4. validity period;
        5. status: every entry is in a list of this issuer, of the stated purpose, and clear;
        6. holder: the subject is the one expected.

    Args:
        suite: algorithms.
        resolver: DID documents.
        registry: status bits and accredited issuers.
        token: compact JWS.
        now_ms: time of checking, UTC ms.
        holder: DID that must be the subject; empty accepts any.

    Raises:
        BadToken, BadCredential, BadSignature, DidNotFound, KeyNotFound, UntrustedIssuer,
        CredentialExpired, CredentialRevoked, CredentialSuspended, NotTheHolder.
    """
    parsed, credential = _parse(suite, token)  # 1
    document = resolver.resolve(credential.issuer)  # 2
    _verify_signature(suite, parsed, document)
    if not registry.is_issuer(credential.issuer, credential.type):  # 3
        raise UntrustedIssuer()
    if not credential.valid_from_ms <= now_ms < credential.valid_until_ms:  # 4
        raise CredentialExpired()
    for entry in credential.status:  # 5
        _check_status(registry, credential.issuer, entry)
    if holder and credential.subject != holder:  # 6
        raise NotTheHolder()
    return credential


def read_credential(suite: Suite, token: str) -> Credential:
    """What a credential says, *unverified*: for the holder's own listing.

    Raises:
        BadToken, BadCredential.
    """
    return _parse(suite, token)[1]


def is_signed_now(suite: Suite, resolver: Resolver, token: str) -> bool:
    """Whether the signature holds under a key the issuer has now, not one it rotated away.

    Raises:
        BadToken, BadCredential: the token is no credential at all.
    """
    parsed, credential = _parse(suite, token)
    try:
        _verify_signature(suite, parsed, resolver.resolve(credential.issuer))
    except HanseError:
        return False
    return True


def _parse(suite: Suite, token: str) -> tuple[jws.ParsedJws, Credential]:
    if len(token) > MAX_TOKEN_CHARACTERS:
        raise BadToken(f"a credential has at most {MAX_TOKEN_CHARACTERS} characters")
    try:
        parsed = jws.parse_jws(suite, token, typ=TOKEN_TYPE)
        payload = msgspec.json.decode(parsed.payload, type=Payload)
    except BadJws as error:
        raise BadToken(error.message) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadCredential("the payload is no role credential of VC 2.0") from error
    return parsed, read_payload(payload)


def _verify_signature(suite: Suite, parsed: jws.ParsedJws, issuer: DidDocument) -> None:
    if parsed.kid.partition("#")[0] != issuer.id:
        raise BadCredential("the signing key is not the issuer's")
    jws.verify_jws(suite, parsed, issuer.public_key(parsed.kid, "assertionMethod"))


def _check_status(registry: CredentialRegistry, issuer: str, entry: StatusEntry) -> None:
    try:
        value = registry.status(entry.status_list, entry.index)
    except (NotFoundError, InputError) as error:
        raise BadCredential("the credential's status list does not exist") from error
    if value.issuer != issuer or value.purpose != entry.purpose:
        raise BadCredential("the status list is another issuer's or of another purpose")
    if value.is_set:
        raise CredentialRevoked() if entry.purpose == "revocation" else CredentialSuspended()


__all__ = [
    "MEMBERSHIP_TYPE",
    "Credential",
    "CredentialRegistry",
    "StatusEntry",
    "StatusPurpose",
    "StatusValue",
    "is_signed_now",
    "issue_credential",
    "read_credential",
    "verify_credential",
]
