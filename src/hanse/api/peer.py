"""What nodes say to each other before they trust each other, and sealed messages."""

from __future__ import annotations

from typing import Any, Literal

from hanse.api.base import Did, Request, View
from hanse.api.operation import Operation


class ChallengeRequest(Request):
    """A node names the DID it is about to prove control of."""

    did: Did


class ChallengeView(View):
    """A challenge to be signed; its fields are those of `hanse.identity.challenge`."""

    challenge: dict[str, Any]


class ChallengeAnswerRequest(Request):
    """The signed answer, as made by `hanse.identity.challenge.answer`."""

    answer: dict[str, Any]


class PeerTokenView(View):
    """A bearer token for a peer's requests (raw blocks, transactions)."""

    token: str
    did: str
    expires_ms: int


class ApplicationDecisionView(View):
    """What became of an application; asked for by the applicant, who is no member yet.

    Attributes:
        credential: a sealed message of the operator's to the applicant, base64url; empty until
            admitted. Only the applicant's node can open it.
    """

    state: Literal["PENDING", "ADMITTED", "REJECTED"]
    reason: str = ""
    credential: str = ""


class AcceptedView(View):
    """A sealed message was opened, checked and queued."""

    id: str


OPERATIONS = (
    Operation(
        "peer.challenge",
        "POST",
        "/v1/challenges",
        "Ask for a challenge",
        ChallengeView,
        ChallengeRequest,
        "public",
        201,
    ),
    Operation(
        "peer.answer",
        "POST",
        "/v1/challenges/answer",
        "Answer it; get a peer token",
        PeerTokenView,
        ChallengeAnswerRequest,
        "public",
    ),
    Operation(
        "peer.application",
        "GET",
        "/v1/applications/{id}/decision",
        "What became of an application; for the applicant's node",
        ApplicationDecisionView,
        access="public",
    ),
    Operation(
        "peer.send",
        "POST",
        "/v1/messages",
        "Deliver a sealed message",
        AcceptedView,
        access="public",
        status=202,
        sends="bytes",
    ),
)
