"""The organisation's own DID."""

from __future__ import annotations

from fastapi import APIRouter
from msgspec.structs import replace

from hanse.api.base import ReasonRequest
from hanse.api.identity import IdentityView, KeyPeriodView, UpdateEndpointRequest
from hanse.contracts.identity import queries
from hanse.contracts.identity.messages import DeactivateDid, UpdateDocument
from hanse.contracts.identity.types import DidRecord
from hanse.identity.errors import ChallengeFailed
from hanse.ledger.errors import ReceiptTimeout
from hanse.node.errors import NothingFound, NotPeer
from hanse.node.http.acting import act
from hanse.node.http.dependencies import NetworkDep
from hanse.node.http.messages import message
from hanse.node.http.operations import operation
from hanse.node.network import Network
from hanse.node.services import NODE_SERVICE, NODE_SERVICE_ID, node_service

router = APIRouter()
LAST_RECEIPT_TIMEOUT_S = 5.0


@operation(router, "identity.show")
def show(network: NetworkDep) -> IdentityView:
    """The own DID as the ledger has it here."""
    state, identity = network.ledger.state, network.identity
    member = queries.get_member(state, identity.did)
    record = _record(network)
    if member is None:
        raise NothingFound("the own DID is not on the ledger here yet")
    keys = queries.signing_periods(state, identity.did)
    return IdentityView(
        did=identity.did,
        name=member.name,
        roles=list(member.roles),
        state=member.state,
        deactivated=record.deactivated,
        suite=identity.suite.name,
        version=record.version,
        endpoint=record.document.endpoint(NODE_SERVICE),
        agreement_key=identity.agreement_key_id,
        signing_keys=[
            KeyPeriodView(
                key=key,
                public=period.public,
                first_height=period.first_height,
                last_height=period.last_height,
            )
            for key, period in keys
        ],
        rotation_pending=identity.successor is not None,
    )


@operation(router, "identity.rotate_key")
async def rotate_key(network: NetworkDep) -> IdentityView:
    """Replace the key that signs, in the ledger and in every part of this node."""
    await network.signing_key.rotate()
    return show(network)


@operation(router, "identity.update_endpoint")
async def update_endpoint(network: NetworkDep, body: UpdateEndpointRequest) -> IdentityView:
    """Announce where other members reach this node."""
    document = _record(network).document
    others = [
        service
        for service in document.services
        if service.type != NODE_SERVICE and service.id != NODE_SERVICE_ID
    ]
    changed = replace(document, services=[node_service(body.endpoint.rstrip("/")), *others])
    await act(network, "identity", UpdateDocument(changed))
    return show(network)


@operation(router, "identity.deactivate")
async def deactivate(network: NetworkDep, body: ReasonRequest) -> IdentityView:
    """End the own DID; nothing brings it back."""
    order = message(DeactivateDid, {"did": network.identity.did, "reason": body.reason})
    try:
        await network.submitter.submit("identity", order, timeout_s=LAST_RECEIPT_TIMEOUT_S)
    except ReceiptTimeout:
        # Who is no member is given no blocks, not even the one that says so.
        if not await _is_out(network):
            raise
        return show(network).model_copy(update={"state": "REMOVED", "deactivated": True})
    return show(network)


async def _is_out(network: Network) -> bool:
    """Whether the node that orders has stopped taking this one for a member's."""
    if network.source is None:
        return False
    try:
        await network.source.fetch(network.ledger.height + 1, 1, 0)
    except (NotPeer, ChallengeFailed):
        return True
    return False


def _record(network: Network) -> DidRecord:
    record = queries.get_did(network.ledger.state, network.identity.did)
    if record is None:
        raise NothingFound("the own DID is not on the ledger here yet")
    return record
