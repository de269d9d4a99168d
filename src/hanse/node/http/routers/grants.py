"""Grants: apply, negotiate, agree, revoke."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Query, Request

from hanse.api.base import Page, ReasonRequest
from hanse.api.grants import (
    GrantExplanationView,
    GrantView,
    OfferGrantRequest,
    RequestGrantRequest,
)
from hanse.contracts.rights.messages import (
    AcceptOffer,
    AgreeGrant,
    OfferGrant,
    RequestGrant,
    RevokeGrant,
    TerminateGrant,
    VerifyGrant,
)
from hanse.contracts.rights.types import GRANTS, GrantRecord
from hanse.ledger.block import Receipt
from hanse.ledger.contract.contract import Message
from hanse.node.data.policy import require_operators
from hanse.node.errors import NothingFound
from hanse.node.explanation import explain_grant
from hanse.node.http.acting import act
from hanse.node.http.caller import note_target
from hanse.node.http.dependencies import NetworkDep, NodeDep, PageDep, Text
from hanse.node.http.messages import message
from hanse.node.http.operations import operation
from hanse.node.ledger_client import created_id
from hanse.node.network import Network
from hanse.node.node import Node
from hanse.node.views.queries import grants as queries
from hanse.node.views.queries.paging import names

router = APIRouter()


@operation(router, "grants.request")
async def request_grant(
    request: Request, node: NodeDep, network: NetworkDep, body: RequestGrantRequest
) -> GrantView:
    """Apply for use of a dataset."""
    order = message(RequestGrant, body.model_dump())
    require_operators(order.operators)
    receipt = await act(network, "rights", order)
    grant = created_id(receipt, "rights", "GrantRequested", "grant")
    note_target(request, f"grant={grant}")
    await _expect(network, receipt, "GrantRequested", grant)
    return await asyncio.to_thread(get_grant, node, network, grant)


@operation(router, "grants.list")
def list_grants(
    node: NodeDep,
    network: NetworkDep,
    page: PageDep,
    side: Text = "",
    state: Text = "",
    standing: Text = "",
    dataset: Text = "",
) -> Page[GrantView]:
    """Grants, newest first."""
    with network.views.read() as connection:
        return queries.list_grants(
            connection,
            page,
            node.identity.did,
            node.host.clock(),
            side=side,
            state=state,
            standing=standing,
            dataset=dataset,
        )


@operation(router, "grants.get")
def get_grant(node: NodeDep, network: NetworkDep, id: str) -> GrantView:  # noqa: A002 - of the path
    """One grant."""
    with network.views.read() as connection:
        return queries.get_grant(connection, id, node.identity.did, node.host.clock())


@operation(router, "grants.explain")
def explain(
    network: NetworkDep,
    id: str,  # noqa: A002 - of the path
    lang: Annotated[Literal["en", "zh"], Query()] = "en",
) -> GrantExplanationView:
    """In plain words: what would be revealed, and to whom."""
    record = GRANTS.get(network.ledger.state, id)
    if record is None:
        raise NothingFound("no such grant")
    with network.views.read() as connection:
        known = names(connection)
    lines = explain_grant(record, known, lang)
    return GrantExplanationView(grant=id, language=lang, lines=lines)


@operation(router, "grants.offer")
async def offer(
    node: NodeDep,
    network: NetworkDep,
    id: str,  # noqa: A002 - of the path
    body: OfferGrantRequest,
) -> GrantView:
    """Offer other terms, as the owner."""
    values: dict[str, Any] = {"grant": id, **body.model_dump(exclude_none=True)}
    order = message(OfferGrant, values)
    require_operators(order.operators or [])
    return await _act(node, network, id, order)


@operation(router, "grants.accept")
async def accept(node: NodeDep, network: NetworkDep, id: str) -> GrantView:  # noqa: A002
    """Accept an offer, as the consumer."""
    receipt = await act(network, "rights", message(AcceptOffer, {"grant": id}))
    await _expect(network, receipt, "OfferAccepted", id)
    return await asyncio.to_thread(get_grant, node, network, id)


@operation(router, "grants.agree")
async def agree(node: NodeDep, network: NetworkDep, id: str) -> GrantView:  # noqa: A002
    """Agree, as the owner."""
    return await _act(node, network, id, message(AgreeGrant, {"grant": id}))


@operation(router, "grants.verify")
async def verify(node: NodeDep, network: NetworkDep, id: str) -> GrantView:  # noqa: A002
    """Confirm by hand what the node did not confirm by itself."""
    return await _act(node, network, id, message(VerifyGrant, {"grant": id}))


@operation(router, "grants.terminate")
async def terminate(
    node: NodeDep,
    network: NetworkDep,
    id: str,  # noqa: A002 - of the path
    body: ReasonRequest,
) -> GrantView:
    """Reject or withdraw before it is final."""
    values = {"grant": id, "reason": body.reason}
    return await _act(node, network, id, message(TerminateGrant, values))


@operation(router, "grants.revoke")
async def revoke(
    node: NodeDep,
    network: NetworkDep,
    id: str,  # noqa: A002 - of the path
    body: ReasonRequest,
) -> GrantView:
    """End a final grant."""
    return await _act(node, network, id, message(RevokeGrant, {"grant": id, "reason": body.reason}))


async def _act(node: Node, network: Network, grant: str, order: Message) -> GrantView:
    await act(network, "rights", order)
    return await asyncio.to_thread(get_grant, node, network, grant)


async def _expect(network: Network, receipt: Receipt, event: str, grant: str) -> None:
    """Remember the terms a person of ours has just signed; the node confirms these only."""
    entry = next(item.data["entry"] for item in receipt.events if item.name == event)
    terms = msgspec.convert(entry, GrantRecord).terms
    await asyncio.to_thread(network.grant_book.expect, grant, terms)
    await network.grant_verifier.look()
