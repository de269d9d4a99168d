"""Admission of organisations, the member directory, DIDs and role credentials."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from hanse.api.base import (
    Did,
    Hex,
    MemberRole,
    Name,
    Page,
    ReasonRequest,
    Request,
    Text,
    TimeMs,
    View,
)
from hanse.api.operation import Operation

Roles = Annotated[list[MemberRole], Field(min_length=1, max_length=8)]


class SubmitApplicationRequest(Request):
    """An organisation asks to be admitted. Public, rate-limited.

    Attributes:
        document: its DID document, in the ledger's own form.
        proof: signature by the document's #key-1 over its canonical bytes
            (domain ``hanse/registration/1``).
        controller: who controls the organisation; compute nodes of one task need different ones.
    """

    document: dict[str, Any]
    proof: Hex
    name: Name
    roles: Roles
    controller: Annotated[str, Field(max_length=128)] = ""
    details: Text = ""


class ApplicationView(View):
    """A membership application as the operator sees it."""

    id: str
    did: str
    name: str
    roles: list[str]
    controller: str = ""
    details: str = ""
    endpoint: str = ""
    state: Literal["PENDING", "ADMITTED", "REJECTED"]
    reason: str = ""
    submitted_ms: int
    decided_ms: int | None = None


class AdmitRequest(Request):
    """Admission: the roles granted (default: those asked for) and how long they hold."""

    roles: Roles | None = None
    valid_until_ms: TimeMs | None = None


class MemberView(View):
    """A member of the network, from the ledger."""

    did: str
    name: str
    roles: list[str]
    controller: str = ""
    state: Literal["ACTIVE", "SUSPENDED", "REMOVED"]
    endpoint: str = ""
    registered_height: int = 0


class DidView(View):
    """A DID resolved from the ledger; ``document`` is W3C DID Core JSON."""

    did: str
    document: dict[str, Any]
    deactivated: bool = False


class CredentialView(View):
    """A role credential (VC 2.0, vc+jwt) with its status on the ledger.

    Attributes:
        status: ``STALE`` when its issuer has rotated the key that signed it: it verifies nowhere
            until it is issued anew.
    """

    id: str
    side: Literal["held", "issued"]
    issuer: str
    issuer_name: str = ""
    subject: Did
    subject_name: str = ""
    roles: list[str]
    details: dict[str, Any] = Field(default_factory=dict)
    valid_from_ms: int
    valid_until_ms: int
    status: Literal["ACTIVE", "SUSPENDED", "REVOKED", "EXPIRED", "STALE"]
    jwt: str = ""


class ReissuedView(View):
    """Credentials issued anew, as they are now; their holders' nodes fetch them."""

    items: list[CredentialView]


class VerifyCredentialRequest(Request):
    """A credential somebody presented."""

    jwt: Annotated[str, Field(min_length=1, max_length=64_000)]


OPERATIONS = (
    Operation(
        "applications.submit",
        "POST",
        "/v1/applications",
        "Apply for membership",
        ApplicationView,
        SubmitApplicationRequest,
        "public",
        201,
    ),
    Operation(
        "applications.list",
        "GET",
        "/v1/applications",
        "List applications",
        Page[ApplicationView],
        query=("state",),
    ),
    Operation(
        "applications.get",
        "GET",
        "/v1/applications/{id}",
        "Show an application",
        ApplicationView,
    ),
    Operation(
        "applications.admit",
        "POST",
        "/v1/applications/{id}/admit",
        "Admit: register on the ledger and issue the credential",
        ApplicationView,
        AdmitRequest,
    ),
    Operation(
        "applications.reject",
        "POST",
        "/v1/applications/{id}/reject",
        "Reject an application",
        ApplicationView,
        ReasonRequest,
    ),
    Operation(
        "members.list",
        "GET",
        "/v1/members",
        "List members",
        Page[MemberView],
        query=("q", "role", "state"),
    ),
    Operation("members.get", "GET", "/v1/members/{did}", "Show a member", MemberView),
    Operation("members.resolve", "GET", "/v1/members/{did}/document", "Resolve a DID", DidView),
    Operation(
        "members.suspend",
        "POST",
        "/v1/members/{did}/suspend",
        "Suspend a member",
        MemberView,
        ReasonRequest,
    ),
    Operation(
        "members.reinstate",
        "POST",
        "/v1/members/{did}/reinstate",
        "Reinstate a member",
        MemberView,
        ReasonRequest,
    ),
    Operation(
        "members.remove",
        "POST",
        "/v1/members/{did}/remove",
        "Remove a member",
        MemberView,
        ReasonRequest,
    ),
    Operation(
        "credentials.list",
        "GET",
        "/v1/credentials",
        "List credentials held and issued",
        Page[CredentialView],
        query=("side", "status"),
    ),
    Operation(
        "credentials.get",
        "GET",
        "/v1/credentials/{id}",
        "Show a credential",
        CredentialView,
    ),
    Operation(
        "credentials.verify",
        "POST",
        "/v1/credentials/verify",
        "Verify a credential: issuer, validity, status",
        CredentialView,
        VerifyCredentialRequest,
    ),
    Operation(
        "credentials.suspend",
        "POST",
        "/v1/credentials/{id}/suspend",
        "Suspend a credential",
        CredentialView,
        ReasonRequest,
    ),
    Operation(
        "credentials.reinstate",
        "POST",
        "/v1/credentials/{id}/reinstate",
        "Lift a credential's suspension",
        CredentialView,
        ReasonRequest,
    ),
    Operation(
        "credentials.revoke",
        "POST",
        "/v1/credentials/{id}/revoke",
        "Revoke a credential",
        CredentialView,
        ReasonRequest,
    ),
    Operation(
        "credentials.reissue",
        "POST",
        "/v1/credentials/reissue",
        "Issue anew what was signed with a key rotated away",
        ReissuedView,
    ),
)
