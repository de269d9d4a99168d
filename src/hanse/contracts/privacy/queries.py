"""Reading budgets."""

from __future__ import annotations

from hanse.contracts.privacy.types import BUDGETS, RELEASES, BudgetRecord, ReleaseRecord
from hanse.ledger.contract.state import StateReader


def get_budget(state: StateReader, dataset: str) -> BudgetRecord | None:
    """The budget of a dataset, or None."""
    return BUDGETS.get(state, dataset)


def get_releases(state: StateReader, dataset: str) -> list[ReleaseRecord]:
    """Everything that was charged to the budget of a dataset, in order."""
    budget = BUDGETS.get(state, dataset)
    numbers = range(1, budget.releases + 1) if budget is not None else []
    found = (RELEASES.get(state, dataset, number) for number in numbers)
    return [release for release in found if release is not None]
