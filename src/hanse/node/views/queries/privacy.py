"""Privacy budgets and what was charged to them."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from sqlalchemy import Connection, RowMapping, select

from hanse.api.base import Page
from hanse.api.privacy import BudgetView, ReleaseView
from hanse.contracts.privacy import rules
from hanse.contracts.privacy.queries import get_budget as budget_in
from hanse.contracts.privacy.types import RELEASES, BudgetRecord, ReleaseRecord
from hanse.ledger.contract.state import StateReader
from hanse.node.errors import NothingFound
from hanse.node.views.queries.paging import PageRequest, fetch_page, names
from hanse.node.views.tables import budgets

MILLION = 1_000_000


def epsilon_of(millionths: int) -> str:
    """Millionths as decimal text."""
    whole, rest = divmod(millionths, MILLION)
    return f"{whole}.{rest:06d}".rstrip("0").rstrip(".")


def list_budgets(connection: Connection, page: PageRequest) -> Page[BudgetView]:
    """Every budget there ever was, the last changed first."""
    known = names(connection)
    query = select(budgets)
    return fetch_page(connection, query, budgets.c.position, page, lambda row: _budget(row, known))


def get_budget(connection: Connection, dataset: str) -> BudgetView:
    """The budget of a dataset; raises NothingFound."""
    query = select(budgets).where(budgets.c.dataset == dataset)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise NothingFound("the dataset has no privacy budget")
    return _budget(row, names(connection))


def list_releases(state: StateReader, dataset: str, page: PageRequest) -> Page[ReleaseView]:
    """What was charged, newest first; raises NothingFound for a dataset without a budget."""
    budget = budget_in(state, dataset)
    if budget is None:
        raise NothingFound("the dataset has no privacy budget")
    last = budget.releases
    if page.position is not None:
        last = min(last, page.position - 1)
    first = max(1, last - page.limit + 1)
    numbers = range(last, first - 1, -1)
    found = [(number, RELEASES.get(state, dataset, number)) for number in numbers]
    items = [_release(number, release) for number, release in found if release is not None]
    return Page(items=items, next=str(first) if first > 1 else "")


def _budget(row: RowMapping, known: Mapping[str, str]) -> BudgetView:
    entry = msgspec.json.decode(row["entry"], type=BudgetRecord)
    return BudgetView(
        dataset=entry.dataset,
        owner=entry.owner,
        owner_name=known.get(entry.owner, ""),
        state=entry.state,
        total_epsilon=epsilon_of(entry.total_millionths),
        spent_epsilon=epsilon_of(entry.spent_millionths),
        left_epsilon=epsilon_of(rules.left(entry)),
        releases=entry.releases,
        updated_ms=entry.updated_ms,
    )


def _release(number: int, release: ReleaseRecord) -> ReleaseView:
    return ReleaseView(
        number=number,
        time_ms=release.time_ms,
        flow=release.flow,
        step=release.step,
        attempt=release.attempt,
        epsilon=epsilon_of(release.millionths),
    )
