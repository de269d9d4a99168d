"""Services this node is a party of: found by their offers, read from ledger state."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal

from sqlalchemy import Connection, select

from hanse.api.base import Page
from hanse.api.models import ExposureView
from hanse.api.services import ServiceView
from hanse.collaboration.services.standing import load, receiver_of, require_usable
from hanse.contracts.services.queries import get_usage
from hanse.contracts.services.types import ServiceRecord
from hanse.core.errors import HanseError
from hanse.node.views.queries.paging import PageRequest, fetch_page
from hanse.node.views.tables import fact_subjects, facts

if TYPE_CHECKING:
    from hanse.node.network import Network


def offered(connection: Connection, page: PageRequest, did: str) -> Page[str]:
    """Identifiers of services a member is a party of, newest first."""
    query = (
        select(facts.c.position, facts.c.data)
        .join(fact_subjects, fact_subjects.c.position == facts.c.position)
        .where(
            facts.c.contract == "services",
            facts.c.event == "ServiceOffered",
            fact_subjects.c.subject == did,
        )
    )
    return fetch_page(
        connection,
        query,
        facts.c.position,
        page,
        lambda row: str(json.loads(row["data"])["service"]),
    )


def service_view(network: Network, did: str, service: str) -> ServiceView:
    """A service as it stands; raises `ServiceNotFound`."""
    state, host = network.ledger.state, network.services
    record = load(state, service)
    terms = record.terms
    usages = {alias: get_usage(state, service, one) for alias, one in record.parties.items()}
    return ServiceView(
        id=record.id,
        kind=record.kind,
        name=record.name,
        side=_side(record, did),
        flow=record.flow,
        step=record.step,
        output=record.output,
        parties=record.parties,
        owners=record.owners,
        computes=record.computes,
        receiver=record.receiver,
        protocol=record.protocol,
        purpose=terms.purpose,
        not_after_ms=terms.not_after_ms,
        uses=terms.uses,
        window_ms=terms.window_ms,
        window_uses=terms.window_uses,
        prices=terms.prices,
        state=record.state,
        waiting=[a for a, one in record.parties.items() if one not in record.accepted],
        problem=_problem(network, record),
        reserved=record.reserved,
        used=host.book.last(service).total,
        recorded={alias: usage.uses for alias, usage in usages.items() if usage is not None},
        table=host.book.binding(service),
        open=host.is_open(service),
        exposure=_exposure(network, record),
        suspended_by=record.suspended_by,
        reason=record.reason,
        created_ms=record.created_ms,
    )


def _side(record: ServiceRecord, did: str) -> Literal["receiver", "provider", "other"]:
    if receiver_of(record) == did:
        return "receiver"
    return "provider" if did in record.parties.values() else "other"


def _problem(network: Network, record: ServiceRecord) -> str:
    try:
        require_usable(network.ledger.state, record, network.now_ms())
    except HanseError as error:
        return error.code
    return ""


def _exposure(network: Network, record: ServiceRecord) -> ExposureView | None:
    if record.kind != "prediction":
        return None
    try:
        found = network.services.models.exposure(
            record.flow, record.step, record.output, receiver_of(record)
        )
    except HanseError:  # this node holds no part
        return None
    if found is None:
        return None
    return ExposureView(scores=found.scores, explanation=found.explanation)
