"""The organisation's own DID: keys by height, where it is reached, its end."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from hanse.api.base import ReasonRequest, Request, View
from hanse.api.operation import Operation

Endpoint = Annotated[
    str,
    Field(
        pattern=r"^https?://[^\s/?#]+[^\s?#]*$",
        max_length=500,
        description="Base URL of the node's API, as other members reach it.",
    ),
]


class KeyPeriodView(View):
    """A key that signs or signed; ``last_height`` is None while it holds."""

    key: str
    public: str
    first_height: int
    last_height: int | None = None


class IdentityView(View):
    """The own DID as the ledger has it.

    Attributes:
        version: grows with each change of the document.
        signing_keys: present and past keys that sign, oldest first.
        agreement_key: fragment of the key that others seal to.
        rotation_pending: a new key is written down here and not on the ledger yet.
    """

    did: str
    name: str
    roles: list[str]
    state: Literal["ACTIVE", "SUSPENDED", "REMOVED"]
    deactivated: bool = False
    suite: str
    version: int
    endpoint: str = ""
    agreement_key: str
    signing_keys: list[KeyPeriodView]
    rotation_pending: bool = False


class UpdateEndpointRequest(Request):
    """Where other members shall reach this node from now on."""

    endpoint: Endpoint


OPERATIONS = (
    Operation("identity.show", "GET", "/v1/identity", "Show the own DID and keys", IdentityView),
    Operation(
        "identity.rotate_key",
        "POST",
        "/v1/identity/rotate-key",
        "Replace the own signing key",
        IdentityView,
    ),
    Operation(
        "identity.update_endpoint",
        "POST",
        "/v1/identity/endpoint",
        "Announce another address of the own node",
        IdentityView,
        UpdateEndpointRequest,
    ),
    Operation(
        "identity.deactivate",
        "POST",
        "/v1/identity/deactivate",
        "End the own DID for good",
        IdentityView,
        ReasonRequest,
    ),
)
