"""What happened to budgets."""

from __future__ import annotations

from hanse.contracts.privacy.types import BudgetRecord
from hanse.ledger.contract.contract import Event


class BudgetSet(Event, frozen=True):
    """The owner gave a dataset a budget or changed it; ``entry`` is the budget afterwards."""

    dataset: str
    owner: str
    entry: BudgetRecord


class BudgetEnded(Event, frozen=True):
    """The owner does without."""

    dataset: str
    owner: str
    reason: str
    entry: BudgetRecord


class BudgetCharged(Event, frozen=True):
    """An attempt of a step started and spent part of it."""

    dataset: str
    flow: str
    step: str
    attempt: int
    millionths: int
    entry: BudgetRecord
