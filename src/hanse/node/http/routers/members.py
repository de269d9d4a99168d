"""The member directory."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter

from hanse.api.base import Page, ReasonRequest
from hanse.api.members import DidView, MemberView
from hanse.contracts.identity.messages import ReinstateMember, RemoveMember, SuspendMember
from hanse.contracts.identity.queries import get_did
from hanse.ledger.contract.contract import Message
from hanse.node.errors import NothingFound
from hanse.node.http.acting import act
from hanse.node.http.dependencies import NetworkDep, PageDep, Text
from hanse.node.http.messages import message
from hanse.node.http.operations import operation
from hanse.node.network import Network
from hanse.node.views.queries import members as queries

router = APIRouter()


@operation(router, "members.list")
def list_members(
    network: NetworkDep, page: PageDep, q: Text = "", role: Text = "", state: Text = ""
) -> Page[MemberView]:
    """Members of the network."""
    with network.views.read() as connection:
        return queries.list_members(connection, page, q=q, role=role, state=state)


@operation(router, "members.get")
def get_member(network: NetworkDep, did: str) -> MemberView:
    """One member."""
    with network.views.read() as connection:
        return queries.get_member(connection, did)


@operation(router, "members.resolve")
def resolve(network: NetworkDep, did: str) -> DidView:
    """The DID document as the ledger has it."""
    record = get_did(network.ledger.state, did)
    if record is None:
        raise NothingFound("no such DID")
    return DidView(did=did, document=record.document.to_w3c(), deactivated=record.deactivated)


@operation(router, "members.suspend")
async def suspend(network: NetworkDep, did: str, body: ReasonRequest) -> MemberView:
    """Take a member's powers away for a while."""
    return await _act(network, did, message(SuspendMember, {"did": did, "reason": body.reason}))


@operation(router, "members.reinstate")
async def reinstate(network: NetworkDep, did: str, body: ReasonRequest) -> MemberView:
    """Give them back."""
    return await _act(network, did, message(ReinstateMember, {"did": did, "reason": body.reason}))


@operation(router, "members.remove")
async def remove(network: NetworkDep, did: str, body: ReasonRequest) -> MemberView:
    """Take them away for good."""
    return await _act(network, did, message(RemoveMember, {"did": did, "reason": body.reason}))


async def _act(network: Network, did: str, order: Message) -> MemberView:
    await act(network, "identity", order)
    return await asyncio.to_thread(get_member, network, did)
