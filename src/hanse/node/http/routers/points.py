"""Points: accounts and movements."""

from __future__ import annotations

from fastapi import APIRouter

from hanse.api.base import Page, TransactionOutcome
from hanse.api.points import (
    AccountEntryView,
    AccountView,
    FreezeAccountRequest,
    IssuePointsRequest,
    TransferPointsRequest,
)
from hanse.contracts.points.messages import (
    FreezeAccount,
    IssuePoints,
    TransferPoints,
    UnfreezeAccount,
)
from hanse.node.http.acting import outcome
from hanse.node.http.dependencies import NetworkDep, PageDep
from hanse.node.http.messages import message
from hanse.node.http.operations import operation
from hanse.node.views.queries import points as queries

router = APIRouter()


@operation(router, "points.accounts")
def list_accounts(network: NetworkDep, page: PageDep) -> Page[AccountView]:
    """Every account."""
    with network.views.read() as connection:
        return queries.list_accounts(connection, page)


@operation(router, "points.account")
def get_account(network: NetworkDep, did: str) -> AccountView:
    """One account."""
    with network.views.read() as connection:
        return queries.get_account(connection, did)


@operation(router, "points.history")
def history(network: NetworkDep, did: str, page: PageDep) -> Page[AccountEntryView]:
    """Movements, newest first."""
    with network.views.read() as connection:
        return queries.history(connection, did, page)


@operation(router, "points.issue")
async def issue(network: NetworkDep, body: IssuePointsRequest) -> TransactionOutcome:
    """Issue points, as the regulator."""
    return await outcome(network, "points", message(IssuePoints, body.model_dump()))


@operation(router, "points.transfer")
async def transfer(network: NetworkDep, body: TransferPointsRequest) -> TransactionOutcome:
    """Transfer from the own account."""
    return await outcome(network, "points", message(TransferPoints, body.model_dump()))


@operation(router, "points.freeze")
async def freeze(network: NetworkDep, body: FreezeAccountRequest) -> TransactionOutcome:
    """Freeze an account, as the regulator."""
    return await outcome(network, "points", message(FreezeAccount, body.model_dump()))


@operation(router, "points.unfreeze")
async def unfreeze(network: NetworkDep, body: FreezeAccountRequest) -> TransactionOutcome:
    """Let it spend again."""
    return await outcome(network, "points", message(UnfreezeAccount, body.model_dump()))
