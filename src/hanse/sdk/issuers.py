"""Members accredited to issue credentials."""

from __future__ import annotations

from collections.abc import Sequence

from hanse.api.base import ReasonRequest
from hanse.api.errors import build
from hanse.api.issuers import AccreditRequest, IssuersView, IssuerView
from hanse.sdk.area import Area


class IssuersArea(Area):
    """Accreditations; the operator gives and withdraws them."""

    def list(self) -> IssuersView:
        """Every accreditation there is or was."""
        return self._http.call("issuers.list", IssuersView)

    def accredit(self, did: str, types: Sequence[str]) -> IssuerView:
        """Let a member issue credentials of these types (operator)."""
        body = build(AccreditRequest, {"did": did, "types": [*types]})
        return self._http.call("issuers.accredit", IssuerView, body=body)

    def withdraw(self, did: str, reason: str = "") -> IssuerView:
        """Stop a member from issuing credentials (operator)."""
        body = build(ReasonRequest, {"reason": reason})
        return self._http.call("issuers.withdraw", IssuerView, path={"did": did}, body=body)
