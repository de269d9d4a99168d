"""Node to node: proof of identity and sealed messages."""

from __future__ import annotations

from fastapi import APIRouter, Request

from hanse.api.peer import (
    AcceptedView,
    ChallengeAnswerRequest,
    ChallengeRequest,
    ChallengeView,
    PeerTokenView,
)
from hanse.node.http.caller import note_target
from hanse.node.http.dependencies import NetworkDep
from hanse.node.http.operations import operation

router = APIRouter()


@operation(router, "peer.challenge")
def challenge(network: NetworkDep, body: ChallengeRequest) -> ChallengeView:
    """A challenge for a DID."""
    return ChallengeView(challenge=network.peer_tokens.challenge(body.did))


@operation(router, "peer.answer")
def answer(request: Request, network: NetworkDep, body: ChallengeAnswerRequest) -> PeerTokenView:
    """A token for a member that proved control of its DID."""
    token, did, expires_ms = network.peer_tokens.answer(body.answer)
    note_target(request, f"did={did}")
    return PeerTokenView(token=token, did=did, expires_ms=expires_ms)


@operation(router, "peer.send")
async def send(request: Request, network: NetworkDep) -> AcceptedView:
    """Take a sealed message: the body is the message."""
    raw = await request.body()
    sender, id_ = await network.inbox.receive(raw)
    note_target(request, f"sender={sender}")
    return AcceptedView(id=id_)
