"""What a node says to another node."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hanse.api.errors import build
from hanse.api.peer import (
    AcceptedView,
    ApplicationDecisionView,
    ChallengeAnswerRequest,
    ChallengeRequest,
    ChallengeView,
    PeerTokenView,
)
from hanse.sdk.area import Area

MEDIA_TYPE = "application/didcomm-encrypted+json"


class PeerArea(Area):
    """Proof of a DID, and sealed messages."""

    def challenge(self, did: str) -> dict[str, Any]:
        """Ask for a challenge for the own DID."""
        body = build(ChallengeRequest, {"did": did})
        return self._http.call("peer.challenge", ChallengeView, body=body).challenge

    def answer(self, answer: Mapping[str, Any]) -> PeerTokenView:
        """Hand in the signed answer; the token authorises peer operations."""
        body = build(ChallengeAnswerRequest, {"answer": dict(answer)})
        return self._http.call("peer.answer", PeerTokenView, body=body)

    def application(self, application: str) -> ApplicationDecisionView:
        """What became of an own application; the credential in it is sealed to the applicant."""
        return self._http.call(
            "peer.application", ApplicationDecisionView, path={"id": application}
        )

    def send(self, sealed: bytes) -> str:
        """Deliver a sealed message; returns its id."""
        reply = self._http.send("peer.send", content=sealed, headers={"content-type": MEDIA_TYPE})
        return self._http.decode(reply, AcceptedView).id
