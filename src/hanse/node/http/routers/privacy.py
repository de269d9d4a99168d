"""Privacy budgets of datasets."""

from __future__ import annotations

import asyncio
from decimal import Decimal

from fastapi import APIRouter

from hanse.api.base import Page, ReasonRequest
from hanse.api.privacy import BudgetView, ReleaseView, SetBudgetRequest
from hanse.contracts.privacy.messages import EndBudget, SetBudget
from hanse.node.http.acting import act
from hanse.node.http.dependencies import NetworkDep, PageDep
from hanse.node.http.messages import message
from hanse.node.http.operations import operation
from hanse.node.views.queries import privacy as queries

router = APIRouter()


@operation(router, "privacy.list")
def list_budgets(network: NetworkDep, page: PageDep) -> Page[BudgetView]:
    """Every budget."""
    with network.views.read() as connection:
        return queries.list_budgets(connection, page)


@operation(router, "privacy.show")
def show(network: NetworkDep, dataset: str) -> BudgetView:
    """One budget."""
    with network.views.read() as connection:
        return queries.get_budget(connection, dataset)


@operation(router, "privacy.releases")
def releases(network: NetworkDep, dataset: str, page: PageDep) -> Page[ReleaseView]:
    """What was charged, newest first; read from state, so complete on every node."""
    return queries.list_releases(network.ledger.state, dataset, page)


@operation(router, "privacy.set")
async def set_budget(network: NetworkDep, dataset: str, body: SetBudgetRequest) -> BudgetView:
    """Set the budget of an own dataset."""
    millionths = int(Decimal(body.total_epsilon) * queries.MILLION)
    order = message(SetBudget, {"dataset": dataset, "total_millionths": millionths})
    await act(network, "privacy", order)
    return await asyncio.to_thread(show, network, dataset)


@operation(router, "privacy.end")
async def end_budget(network: NetworkDep, dataset: str, body: ReasonRequest) -> BudgetView:
    """Do without a budget."""
    order = message(EndBudget, {"dataset": dataset, "reason": body.reason})
    await act(network, "privacy", order)
    return await asyncio.to_thread(show, network, dataset)
