"""Services: offer, sign, use, stop, and the record of uses."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from hanse.api.base import Page, ReasonRequest
from hanse.api.services import (
    AcceptServiceRequest,
    Keys,
    OfferServiceRequest,
    PredictionsView,
    PredictRequest,
    ReserveUsesRequest,
    RetrievedView,
    RetrieveRequest,
    ServiceView,
    TicketView,
    UsageCheckView,
    UsageView,
    VerifyUsageRequest,
)
from hanse.collaboration.services import check_tickets
from hanse.collaboration.services.standing import load, receiver_of
from hanse.contracts.services.messages import (
    AcceptService,
    EndService,
    OfferService,
    ReserveUses,
    ResumeService,
    SuspendService,
)
from hanse.contracts.services.queries import get_usage
from hanse.core.errors import HanseError, InputError
from hanse.ledger.contract.contract import Message
from hanse.node.http.acting import act
from hanse.node.http.caller import note_target
from hanse.node.http.dependencies import NetworkDep, NodeDep, PageDep, Text
from hanse.node.http.messages import message
from hanse.node.http.operations import operation
from hanse.node.ledger_client import created_id
from hanse.node.network import Network
from hanse.node.node import Node
from hanse.node.serving import LedgerKeys, require_table
from hanse.node.views.queries import services as queries

router = APIRouter()
TICKETS_AT_ONCE = 1_000


class UsesNeeded(InputError):
    """A service of retrieval needs a limit of uses."""

    code = "node.uses_needed"
    help = "Say how many keys may be looked up: each may show one row of the table."


@operation(router, "services.offer")
async def offer(
    request: Request, node: NodeDep, network: NetworkDep, body: OfferServiceRequest
) -> ServiceView:
    """Offer what a step made; this node's signature."""
    uses = body.uses
    if uses is None:
        uses = await asyncio.to_thread(_default_uses, network, body)
    if body.kind == "prediction":
        place = (body.flow, body.step, body.output)
        await _table(network, place, body.table)
    values = {
        **body.model_dump(include={"kind", "name", "flow", "step", "output", "receiver"}),
        "terms": {
            "purpose": body.purpose,
            "not_after_ms": body.not_after_ms,
            "uses": uses,
            "window_ms": body.window_ms,
            "window_uses": min(uses, body.window_uses or uses),
            "prices": body.prices,
        },
    }
    receipt = await act(network, "services", message(OfferService, values))
    service = created_id(receipt, "services", "ServiceOffered", "service")
    note_target(request, f"service={service}")
    _bind(network, service, body.table)
    return await _show(node, network, service)


@operation(router, "services.list")
def list_services(
    node: NodeDep, network: NetworkDep, page: PageDep, state: Text = ""
) -> Page[ServiceView]:
    """Services this node is a party of, newest first."""
    with network.views.read() as connection:
        found = queries.offered(connection, page, node.identity.did)
    views = [queries.service_view(network, node.identity.did, id_) for id_ in found.items]
    kept = [view for view in views if state in ("", view.state)]
    return Page(items=kept, next=found.next)


@operation(router, "services.get")
async def get_service(node: NodeDep, network: NetworkDep, id: str) -> ServiceView:  # noqa: A002
    """One service."""
    return await _show(node, network, id)


@operation(router, "services.accept")
async def accept(
    node: NodeDep,
    network: NetworkDep,
    id: str,  # noqa: A002 - of the path
    body: AcceptServiceRequest,
) -> ServiceView:
    """Sign the terms."""
    record = load(network.ledger.state, id)
    owners = [record.parties[alias] for alias in record.owners]
    if record.kind == "prediction" and node.identity.did in owners:
        place = (record.flow, record.step, record.output)
        await _table(network, place, body.table)
    await act(network, "services", message(AcceptService, {"service": id}))
    _bind(network, id, body.table)
    return await _show(node, network, id)


@operation(router, "services.reserve")
async def reserve(
    node: NodeDep,
    network: NetworkDep,
    id: str,  # noqa: A002 - of the path
    body: ReserveUsesRequest,
) -> ServiceView:
    """Reserve uses, as the receiver."""
    order = message(ReserveUses, {"service": id, "uses": body.uses})
    return await _act(node, network, id, order)


@operation(router, "services.predict")
async def predict(
    network: NetworkDep,
    id: str,  # noqa: A002 - of the path
    body: PredictRequest,
) -> PredictionsView:
    """Score ids, as the receiver."""
    return PredictionsView(rows=await network.services.ask(id, "prediction", _keys(body.ids)))


@operation(router, "services.retrieve")
async def retrieve(
    network: NetworkDep,
    id: str,  # noqa: A002 - of the path
    body: RetrieveRequest,
) -> RetrievedView:
    """Look keys up privately, as the receiver."""
    return RetrievedView(rows=await network.services.ask(id, "retrieval", _keys(body.keys)))


@operation(router, "services.suspend")
async def suspend(
    node: NodeDep,
    network: NetworkDep,
    id: str,  # noqa: A002 - of the path
    body: ReasonRequest,
) -> ServiceView:
    """Stop for a while."""
    order = message(SuspendService, {"service": id, "reason": body.reason})
    return await _stop(node, network, id, order)


@operation(router, "services.resume")
async def resume(node: NodeDep, network: NetworkDep, id: str) -> ServiceView:  # noqa: A002
    """Let it go on."""
    return await _act(node, network, id, message(ResumeService, {"service": id}))


@operation(router, "services.end")
async def end(
    node: NodeDep,
    network: NetworkDep,
    id: str,  # noqa: A002 - of the path
    body: ReasonRequest,
) -> ServiceView:
    """Stop for good."""
    order = message(EndService, {"service": id, "reason": body.reason})
    return await _stop(node, network, id, order)


@operation(router, "services.usage")
def usage(
    network: NetworkDep,
    id: str,  # noqa: A002 - of the path
    above: Annotated[int, Query(ge=0)] = 0,
) -> UsageView:
    """Signed tickets counted here."""
    load(network.ledger.state, id)
    book = network.services.book
    last = book.last(id)
    return UsageView(
        service=id,
        uses=last.total,
        head=last.head,
        tickets=[
            TicketView(
                total=use.total,
                uses=use.uses,
                time_ms=use.time_ms,
                ticket=use.ticket,
                receipts=use.receipts,
            )
            for use in book.uses(id, above, TICKETS_AT_ONCE)
        ],
    )


@operation(router, "services.verify")
def verify(
    network: NetworkDep,
    id: str,  # noqa: A002 - of the path
    body: VerifyUsageRequest,
) -> UsageCheckView:
    """Check tickets against signatures and the ledger."""
    ledger = network.ledger
    record = load(ledger.state, id)
    checked = check_tickets(
        ledger.suite, LedgerKeys(ledger), body.tickets, ledger.chain, id, receiver_of(record)
    )
    confirmed = []
    for alias, did in record.parties.items():
        recorded = get_usage(ledger.state, id, did)
        if recorded and (recorded.uses, recorded.head) == (checked.uses, checked.head):
            confirmed.append(alias)
    return UsageCheckView(uses=checked.uses, head=checked.head, confirmed_by=confirmed)


def _default_uses(network: Network, body: OfferServiceRequest) -> int:
    if body.kind == "retrieval":
        raise UsesNeeded()
    from hanse.compute.services.exposure import default_uses

    models = network.services.models
    exposure = models.exposure(body.flow, body.step, body.output, body.receiver)
    if exposure is None:
        raise UsesNeeded("this is a set-up for retrieval, not a model")
    return default_uses(exposure)


async def _table(network: Network, place: tuple[str, str, str], table: str) -> None:
    models, tables = network.services.models, network.tables
    await asyncio.to_thread(require_table, models, tables, place, table)


def _bind(network: Network, service: str, table: str) -> None:
    if table:
        network.services.book.bind(service, table)


async def _act(node: Node, network: Network, service: str, order: Message) -> ServiceView:
    await act(network, "services", order)
    return await _show(node, network, service)


async def _stop(node: Node, network: Network, service: str, order: Message) -> ServiceView:
    await act(network, "services", order)
    with contextlib.suppress(HanseError):  # the node tries again by itself
        await network.services.record(service)
    return await _show(node, network, service)


async def _show(node: Node, network: Network, service: str) -> ServiceView:
    return await asyncio.to_thread(queries.service_view, network, node.identity.did, service)


def _keys(keys: Keys) -> list[list[str]]:
    found: list[Any] = [[key] if isinstance(key, str) else list(key) for key in keys]
    return found
