"""Members accredited to issue credentials."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hanse.api.base import Did, ReasonRequest, Request, View
from hanse.api.operation import Operation

CredentialTypes = Annotated[
    list[Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9]{0,63}$")]],
    Field(min_length=1, max_length=32),
]


class IssuerView(View):
    """A member's accreditation; ``active`` is false once it is withdrawn."""

    did: str
    name: str = ""
    types: list[str]
    active: bool
    updated_height: int


class IssuersView(View):
    """Every accreditation there is or was. Operators issue without one."""

    items: list[IssuerView]


class AccreditRequest(Request):
    """Accredit a member, or replace the types it is accredited for."""

    did: Did
    types: CredentialTypes


OPERATIONS = (
    Operation("issuers.list", "GET", "/v1/issuers", "List accredited issuers", IssuersView),
    Operation(
        "issuers.accredit",
        "POST",
        "/v1/issuers",
        "Let a member issue credentials",
        IssuerView,
        AccreditRequest,
    ),
    Operation(
        "issuers.withdraw",
        "POST",
        "/v1/issuers/{did}/withdraw",
        "Withdraw an accreditation",
        IssuerView,
        ReasonRequest,
    ),
)
