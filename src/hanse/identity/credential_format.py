"""The JSON of a role credential (VC Data Model 2.0) and its reading."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from hanse.core import ids
from hanse.core.errors import InputError
from hanse.identity import timestamps
from hanse.identity.did import check_did
from hanse.identity.errors import BadCredential

MEMBERSHIP_TYPE = "HanseMembershipCredential"
BASE_CONTEXT = "https://www.w3.org/ns/credentials/v2"
CONTEXTS = [BASE_CONTEXT, "https://www.w3.org/ns/credentials/undefined-terms/v2"]
StatusPurpose = Literal["revocation", "suspension"]


class StatusEntry(msgspec.Struct, frozen=True):
    """Where a credential's status stands.

    Attributes:
        purpose: what a set bit means.
        status_list: id of the list on the ledger.
        index: the credential's bit in it.
    """

    purpose: StatusPurpose
    status_list: str
    index: int


class Credential(msgspec.Struct, frozen=True):
    """A verified credential.

    Attributes:
        id: the credential's own id, ``vc-…``.
        type: credential type besides ``VerifiableCredential``.
        issuer: DID.
        subject: DID of the holder.
        roles: role names.
        details: further claims.
        valid_from_ms: UTC ms, whole seconds.
        valid_until_ms: UTC ms, whole seconds.
        status: status entries.
    """

    id: str
    type: str
    issuer: str
    subject: str
    roles: list[str]
    details: dict[str, Any]
    valid_from_ms: int
    valid_until_ms: int
    status: list[StatusEntry]


def _name(field: str) -> str:
    first, *rest = field.split("_")
    return "@context" if field == "context" else first + "".join(map(str.title, rest))


class Subject(msgspec.Struct, frozen=True):
    """``credentialSubject``."""

    id: str
    roles: list[str]
    details: dict[str, Any]


class Status(msgspec.Struct, frozen=True, rename="camel"):
    """One entry of ``credentialStatus`` (Bitstring Status List, section 2.1)."""

    id: str
    type: Literal["BitstringStatusListEntry"]
    status_purpose: StatusPurpose
    status_list_index: str
    status_list_credential: str


class Payload(msgspec.Struct, frozen=True, rename=_name):
    """The credential as it stands in the token."""

    context: list[str]
    id: str
    type: list[str]
    issuer: str
    valid_from: str
    valid_until: str
    credential_subject: Subject
    credential_status: list[Status]


def read_payload(payload: Payload) -> Credential:
    """Check the rules of the format.

    Raises:
        BadCredential: naming the rule broken.
    """
    if payload.context[:1] != [BASE_CONTEXT]:
        raise BadCredential("the first context is that of VC 2.0")
    if len(payload.type) != 2 or payload.type[0] != "VerifiableCredential":
        raise BadCredential("the types are VerifiableCredential and one more")
    if "revocation" not in [status.status_purpose for status in payload.credential_status]:
        raise BadCredential("a credential can be revoked: it names a revocation list")
    owner, _, credential_id = payload.id.partition("#")
    if owner != payload.issuer:
        raise BadCredential("the id of a credential begins with its issuer")
    try:
        return Credential(
            id=ids.check_id(credential_id, "vc"),
            type=payload.type[1],
            issuer=check_did(payload.issuer),
            subject=check_did(payload.credential_subject.id),
            roles=payload.credential_subject.roles,
            details=payload.credential_subject.details,
            valid_from_ms=timestamps.to_ms(payload.valid_from),
            valid_until_ms=timestamps.to_ms(payload.valid_until),
            status=[_entry(payload.issuer, status) for status in payload.credential_status],
        )
    except InputError as error:
        raise BadCredential(error.message) from error


def make_status(issuer: str, purpose: StatusPurpose, status_list: str, index: int) -> Status:
    """A status entry for index ``index`` of an issuer's list."""
    location = status_list_url(issuer, status_list)
    return Status(
        id=f"{location}#{index}",
        type="BitstringStatusListEntry",
        status_purpose=purpose,
        status_list_index=str(index),
        status_list_credential=location,
    )


def _entry(issuer: str, status: Status) -> StatusEntry:
    prefix = status_list_url(issuer, "")
    if not status.status_list_credential.startswith(prefix):
        raise BadCredential("the status list belongs to the issuer")
    text = status.status_list_index
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise BadCredential("a status index is a decimal number")
    name = status.status_list_credential.removeprefix(prefix)
    return StatusEntry(status.status_purpose, name, int(text))


def status_list_url(issuer: str, status_list: str) -> str:
    """DID URL of a status list (DID Core, section 3.2)."""
    return f"{issuer}/status/{status_list}"
