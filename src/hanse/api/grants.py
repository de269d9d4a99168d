"""Grants: negotiation by the dataspace protocol's states, then a standing with counted uses."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from hanse.api.base import Name, Page, Points, ReasonRequest, Request, TimeMs, View
from hanse.api.operation import Operation

GrantState = Literal[
    "REQUESTED", "OFFERED", "ACCEPTED", "AGREED", "VERIFIED", "FINALIZED", "TERMINATED"
]
Standing = Literal["", "ACTIVE", "USED_UP", "REVOKED", "EXPIRED"]
Uses = Annotated[int, Field(ge=1, le=1_000_000)]


class RequestGrantRequest(Request):
    """An application for use of a dataset; one use is one flow."""

    dataset: Name
    fields: Annotated[list[Name], Field(min_length=1)]
    purpose: Name
    operators: Annotated[list[Name], Field(min_length=1)]
    uses: Uses = 1
    not_after_ms: TimeMs


class OfferGrantRequest(Request):
    """The owner's counter-offer: only the terms that change."""

    fields: Annotated[list[Name], Field(min_length=1)] | None = None
    purpose: Name | None = None
    operators: Annotated[list[Name], Field(min_length=1)] | None = None
    uses: Uses | None = None
    not_after_ms: TimeMs | None = None
    price_points: Points | None = None


class GrantView(View):
    """A grant as it stands on the ledger.

    Attributes:
        side: whether this node gives it (``owner``), uses it (``consumer``) or only sees it.
        price_points: price of one use.
    """

    id: str
    dataset: str
    dataset_title: str = ""
    owner: str
    owner_name: str = ""
    consumer: str
    consumer_name: str = ""
    side: Literal["owner", "consumer", "other"] = "other"
    fields: list[str]
    purpose: str
    operators: list[str]
    uses: int
    uses_left: int
    uses_reserved: int = 0
    not_after_ms: int
    price_points: int = 0
    state: GrantState
    standing: Standing = ""
    reason: str = ""
    updated_ms: int = 0
    transaction: str = ""


class GrantExplanationView(View):
    """In plain words: what the operators asked for would reveal, and to whom."""

    grant: str
    language: Literal["en", "zh"]
    lines: list[str]


OPERATIONS = (
    Operation(
        "grants.request",
        "POST",
        "/v1/grants",
        "Apply for a grant",
        GrantView,
        RequestGrantRequest,
        status=201,
    ),
    Operation(
        "grants.list",
        "GET",
        "/v1/grants",
        "List grants",
        Page[GrantView],
        query=("side", "state", "standing", "dataset"),
    ),
    Operation("grants.get", "GET", "/v1/grants/{id}", "Show a grant", GrantView),
    Operation(
        "grants.explain",
        "GET",
        "/v1/grants/{id}/explanation",
        "What the grant would reveal, to whom",
        GrantExplanationView,
        query=("lang",),
    ),
    Operation(
        "grants.offer",
        "POST",
        "/v1/grants/{id}/offer",
        "Offer other terms",
        GrantView,
        OfferGrantRequest,
    ),
    Operation("grants.accept", "POST", "/v1/grants/{id}/accept", "Accept an offer", GrantView),
    Operation("grants.agree", "POST", "/v1/grants/{id}/agree", "Agree, as the owner", GrantView),
    Operation(
        "grants.verify",
        "POST",
        "/v1/grants/{id}/verify",
        "Confirm the agreement, as the consumer",
        GrantView,
    ),
    Operation(
        "grants.terminate",
        "POST",
        "/v1/grants/{id}/terminate",
        "Reject or withdraw before it is final",
        GrantView,
        ReasonRequest,
    ),
    Operation(
        "grants.revoke",
        "POST",
        "/v1/grants/{id}/revoke",
        "Revoke a final grant",
        GrantView,
        ReasonRequest,
    ),
)
