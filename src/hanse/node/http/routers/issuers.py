"""Members accredited to issue credentials; the operator decides."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter

from hanse.api.base import ReasonRequest
from hanse.api.issuers import AccreditRequest, IssuersView, IssuerView
from hanse.contracts.identity.messages import AccreditIssuer, WithdrawAccreditation
from hanse.contracts.identity.queries import get_issuer
from hanse.node.errors import NothingFound
from hanse.node.http.acting import act
from hanse.node.http.dependencies import NetworkDep
from hanse.node.http.messages import message
from hanse.node.http.operations import operation
from hanse.node.network import Network
from hanse.node.views.queries.paging import names

router = APIRouter()


@operation(router, "issuers.list")
def list_issuers(network: NetworkDep) -> IssuersView:
    """Accreditations of all members."""
    with network.views.read() as connection:
        members = names(connection)
    found = (_find(network, did, name) for did, name in sorted(members.items()))
    return IssuersView(items=[issuer for issuer in found if issuer is not None])


@operation(router, "issuers.accredit")
async def accredit(network: NetworkDep, body: AccreditRequest) -> IssuerView:
    """Accredit, as an operator."""
    await act(network, "identity", message(AccreditIssuer, body.model_dump()))
    return await asyncio.to_thread(_require, network, body.did)


@operation(router, "issuers.withdraw")
async def withdraw(network: NetworkDep, did: str, body: ReasonRequest) -> IssuerView:
    """Withdraw, as an operator."""
    order = message(WithdrawAccreditation, {"did": did, "reason": body.reason})
    await act(network, "identity", order)
    return await asyncio.to_thread(_require, network, did)


def _find(network: Network, did: str, name: str) -> IssuerView | None:
    record = get_issuer(network.ledger.state, did)
    if record is None:
        return None
    return IssuerView(
        did=did,
        name=name,
        types=list(record.types),
        active=record.active,
        updated_height=record.updated_height,
    )


def _require(network: Network, did: str) -> IssuerView:
    with network.views.read() as connection:
        name = names(connection).get(did, "")
    found = _find(network, did, name)
    if found is None:
        raise NothingFound("no such issuer")
    return found
