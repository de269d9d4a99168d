"""Services between owners: offered and signed once, then used within total and rate."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from hanse.api.base import Did, Name, Page, ReasonRequest, Request, TimeMs, View
from hanse.api.models import ExposureView
from hanse.api.operation import Operation

Kind = Literal["prediction", "retrieval"]
Uses = Annotated[int, Field(ge=1, le=10**9)]
WindowMs = Annotated[int, Field(ge=1_000, le=31 * 24 * 3_600_000)]
Component = Annotated[str, Field(min_length=1, max_length=1_000)]
Key = Component | Annotated[list[Component], Field(min_length=1, max_length=16)]
Keys = Annotated[list[Key], Field(min_length=1, max_length=1_024)]
Ticket = Annotated[str, Field(max_length=4_000)]


class OfferServiceRequest(Request):
    """What is served to whom, on which terms; the offer is this node's signature.

    ``uses`` left out is, for predictions, one below the number of scores that begin to determine a
    partner's part. ``table`` is the table of features this node looks ids up in.
    """

    kind: Kind
    name: Name
    flow: Name
    step: Name
    output: Name
    receiver: Did
    purpose: Name
    not_after_ms: TimeMs
    uses: Uses | None = None
    window_ms: WindowMs = 60_000
    window_uses: Uses | None = None
    prices: Annotated[dict[str, int], Field(max_length=32)] = Field(default_factory=dict)
    table: Annotated[str, Field(max_length=128)] = ""


class AcceptServiceRequest(Request):
    """This node's signature, and the table of features it looks ids up in, if it has any."""

    table: Annotated[str, Field(max_length=128)] = ""


class ReserveUsesRequest(Request):
    """Uses to reserve on the ledger; their price is due at once, used or not."""

    uses: Uses


class PredictRequest(Request):
    """Ids to score; one with several components is a list."""

    ids: Keys


class RetrieveRequest(Request):
    """Keys to look up; one with several components is a list."""

    keys: Keys


class ServiceView(View):
    """A service as it stands on the ledger, and here.

    Attributes:
        side: ``receiver``, ``provider`` or ``other``.
        waiting: aliases that have not signed.
        problem: code of why it may not be used now; empty when it may.
        used: uses counted at this node; ``recorded`` what parties put on the ledger, by alias.
        table: the table this node looks ids up in.
        open: whether this node's worker is ready.
        exposure: what scores give the receiver, at a node that holds a part of the model.
    """

    id: str
    kind: Kind
    name: str
    side: Literal["receiver", "provider", "other"]
    flow: str
    step: str
    output: str
    parties: dict[str, str]
    owners: list[str]
    computes: list[str]
    receiver: str
    protocol: str
    purpose: str
    not_after_ms: int
    uses: int
    window_ms: int
    window_uses: int
    prices: dict[str, int] = Field(default_factory=dict)
    state: Literal["OFFERED", "ACTIVE", "SUSPENDED", "ENDED"]
    waiting: list[str] = Field(default_factory=list)
    problem: str = ""
    reserved: int = 0
    used: int = 0
    recorded: dict[str, int] = Field(default_factory=dict)
    table: str = ""
    open: bool = False
    exposure: ExposureView | None = None
    suspended_by: str = ""
    reason: str = ""
    created_ms: int = 0


class PredictionsView(View):
    """One object of named predictions for each id, in order."""

    rows: list[dict[str, Any]]


class RetrievedView(View):
    """For each key, in order, the rows found as objects of the payload's columns."""

    rows: list[list[dict[str, Any]]]


class TicketView(View):
    """A round as counted here; ``receipts`` by alias, at the receiver."""

    total: int
    uses: int
    time_ms: int
    ticket: str
    receipts: dict[str, str] = Field(default_factory=dict)


class UsageView(View):
    """Signed tickets this node counted, oldest first; go on with the last one's total."""

    service: str
    uses: int
    head: str
    tickets: list[TicketView]


class VerifyUsageRequest(Request):
    """All tickets of a node's record of a service, oldest first."""

    tickets: Annotated[list[Ticket], Field(max_length=100_000)]


class UsageCheckView(View):
    """What the tickets show, and the parties whose record on the ledger says the same."""

    uses: int
    head: str
    confirmed_by: list[str]


_ONE = "/v1/services/{id}"
OPERATIONS = (
    Operation(
        "services.offer",
        "POST",
        "/v1/services",
        "Offer a service",
        ServiceView,
        OfferServiceRequest,
        status=201,
    ),
    Operation(
        "services.list",
        "GET",
        "/v1/services",
        "List services of this node",
        Page[ServiceView],
        query=("state",),
    ),
    Operation("services.get", "GET", _ONE, "Show a service", ServiceView),
    Operation(
        "services.accept",
        "POST",
        f"{_ONE}/accept",
        "Accept a service: sign its terms",
        ServiceView,
        AcceptServiceRequest,
    ),
    Operation(
        "services.reserve",
        "POST",
        f"{_ONE}/reserve",
        "Reserve uses, as the receiver",
        ServiceView,
        ReserveUsesRequest,
    ),
    Operation(
        "services.predict",
        "POST",
        f"{_ONE}/predict",
        "Score ids, as the receiver",
        PredictionsView,
        PredictRequest,
    ),
    Operation(
        "services.retrieve",
        "POST",
        f"{_ONE}/retrieve",
        "Look keys up privately, as the receiver",
        RetrievedView,
        RetrieveRequest,
    ),
    Operation(
        "services.suspend",
        "POST",
        f"{_ONE}/suspend",
        "Suspend a service",
        ServiceView,
        ReasonRequest,
    ),
    Operation(
        "services.resume",
        "POST",
        f"{_ONE}/resume",
        "Resume a service this node suspended",
        ServiceView,
    ),
    Operation(
        "services.end",
        "POST",
        f"{_ONE}/end",
        "End a service, or decline its offer",
        ServiceView,
        ReasonRequest,
    ),
    Operation(
        "services.usage",
        "GET",
        f"{_ONE}/usage",
        "Signed tickets of the uses counted here",
        UsageView,
        query=("above",),
    ),
    Operation(
        "services.verify",
        "POST",
        f"{_ONE}/verify",
        "Check tickets against signatures and the ledger",
        UsageCheckView,
        VerifyUsageRequest,
    ),
)
