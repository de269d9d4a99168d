"""What nodes say to each other before they trust each other, and sealed messages."""

from __future__ import annotations

from typing import Any

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
