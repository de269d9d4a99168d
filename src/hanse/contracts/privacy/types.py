"""Records of privacy budgets. Epsilon is counted in millionths; there are no fractions."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from hanse.ledger.contract.contract import Record
from hanse.ledger.contract.state import Collection

MAX_MILLIONTHS = 10**12
BudgetState = Literal["ACTIVE", "ENDED"]
Millionths = Annotated[int, Meta(ge=1, le=MAX_MILLIONTHS)]
"""Of epsilon: 1,000,000 is an epsilon of 1."""


class BudgetRecord(Record, frozen=True):
    """The budget of a dataset.

    Attributes:
        total_millionths: what all releases together may spend.
        spent_millionths: what they have spent; never goes back, whatever the owner does.
        releases: how many there were.
    """

    dataset: str
    owner: str
    state: BudgetState
    total_millionths: int
    spent_millionths: int = 0
    releases: int = 0
    created_ms: int = 0
    updated_ms: int = 0


class ReleaseRecord(Record, frozen=True):
    """One release: an attempt of a step that started."""

    flow: str
    step: str
    attempt: int
    millionths: int
    time_ms: int


BUDGETS = Collection("privacy", "budget", BudgetRecord)
RELEASES = Collection("privacy", "release", ReleaseRecord)
"""By dataset and number, from 1."""
