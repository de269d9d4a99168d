"""Applications, members and credentials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hanse.api.base import Page, ReasonRequest
from hanse.api.errors import build
from hanse.api.members import (
    AdmitRequest,
    ApplicationView,
    CredentialView,
    DidView,
    MemberView,
    ReissuedView,
    SubmitApplicationRequest,
    VerifyCredentialRequest,
)
from hanse.sdk.area import Area, page


class ApplicationsArea(Area):
    """Membership applications."""

    def submit(
        self,
        document: Mapping[str, Any],
        proof: str,
        *,
        name: str,
        roles: Sequence[str],
        controller: str = "",
        details: str = "",
    ) -> ApplicationView:
        """Apply for membership at the operator's node; needs no account there.

        Args:
            document: DID document in the ledger's form.
            proof: hex signature by its #key-1, domain ``hanse/registration/1``.
        """
        fields = {
            "document": dict(document),
            "proof": proof,
            "name": name,
            "roles": [*roles],
            "controller": controller,
            "details": details,
        }
        body = build(SubmitApplicationRequest, fields)
        return self._http.call("applications.submit", ApplicationView, body=body)

    def list(
        self, *, state: str | None = None, limit: int | None = None, after: str | None = None
    ) -> Page[ApplicationView]:
        """One page of applications."""
        query = page(limit, after, state=state)
        return self._http.call("applications.list", Page[ApplicationView], query=query)

    def get(self, application: str) -> ApplicationView:
        """Show an application."""
        return self._http.call("applications.get", ApplicationView, path={"id": application})

    def admit(
        self,
        application: str,
        *,
        roles: Sequence[str] | None = None,
        valid_until_ms: int | None = None,
    ) -> ApplicationView:
        """Register the applicant on the ledger and issue its credential."""
        body = build(AdmitRequest, {"roles": roles and [*roles], "valid_until_ms": valid_until_ms})
        return self._http.call(
            "applications.admit", ApplicationView, path={"id": application}, body=body
        )

    def reject(self, application: str, reason: str = "") -> ApplicationView:
        """Reject an application."""
        body = build(ReasonRequest, {"reason": reason})
        return self._http.call(
            "applications.reject", ApplicationView, path={"id": application}, body=body
        )


class MembersArea(Area):
    """The member directory."""

    def list(
        self,
        *,
        q: str | None = None,
        role: str | None = None,
        state: str | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> Page[MemberView]:
        """One page of members; ``q`` looks in names and DIDs."""
        query = page(limit, after, q=q, role=role, state=state)
        return self._http.call("members.list", Page[MemberView], query=query)

    def get(self, did: str) -> MemberView:
        """Show a member."""
        return self._http.call("members.get", MemberView, path={"did": did})

    def resolve(self, did: str) -> DidView:
        """Resolve a DID to its W3C document."""
        return self._http.call("members.resolve", DidView, path={"did": did})

    def suspend(self, did: str, reason: str = "") -> MemberView:
        """Suspend a member (operator)."""
        return self._act("members.suspend", did, reason)

    def reinstate(self, did: str, reason: str = "") -> MemberView:
        """Lift a suspension (operator)."""
        return self._act("members.reinstate", did, reason)

    def remove(self, did: str, reason: str = "") -> MemberView:
        """Remove a member for good (operator)."""
        return self._act("members.remove", did, reason)

    def _act(self, id_: str, did: str, reason: str) -> MemberView:
        body = build(ReasonRequest, {"reason": reason})
        return self._http.call(id_, MemberView, path={"did": did}, body=body)


class CredentialsArea(Area):
    """Role credentials."""

    def list(
        self,
        *,
        side: str | None = None,
        status: str | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> Page[CredentialView]:
        """One page of credentials, ``side`` held or issued."""
        query = page(limit, after, side=side, status=status)
        return self._http.call("credentials.list", Page[CredentialView], query=query)

    def get(self, credential: str) -> CredentialView:
        """Show a credential."""
        return self._http.call("credentials.get", CredentialView, path={"id": credential})

    def verify(self, jwt: str) -> CredentialView:
        """Verify a credential: issuer, validity, status on the ledger."""
        body = build(VerifyCredentialRequest, {"jwt": jwt})
        return self._http.call("credentials.verify", CredentialView, body=body)

    def suspend(self, credential: str, reason: str = "") -> CredentialView:
        """Suspend an issued credential."""
        return self._act("credentials.suspend", credential, reason)

    def reinstate(self, credential: str, reason: str = "") -> CredentialView:
        """Lift the suspension of an issued credential."""
        return self._act("credentials.reinstate", credential, reason)

    def revoke(self, credential: str, reason: str = "") -> CredentialView:
        """Revoke an issued credential for good."""
        return self._act("credentials.revoke", credential, reason)

    def reissue(self) -> ReissuedView:
        """Issue anew every credential of ours that was signed with a key rotated away."""
        return self._http.call("credentials.reissue", ReissuedView)

    def _act(self, id_: str, credential: str, reason: str) -> CredentialView:
        body = build(ReasonRequest, {"reason": reason})
        return self._http.call(id_, CredentialView, path={"id": credential}, body=body)
