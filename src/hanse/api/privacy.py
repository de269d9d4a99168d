"""Privacy budgets: how much epsilon releases of a dataset may spend, and what they spent."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from hanse.api.base import Page, ReasonRequest, Request, View
from hanse.api.operation import Operation

Epsilon = Annotated[
    str,
    Field(
        pattern=r"^[0-9]{1,6}(\.[0-9]{1,6})?$",
        description="Decimal text with at most six digits after the point.",
    ),
]


class BudgetView(View):
    """The privacy budget of a dataset; epsilon as decimal text.

    While it is ACTIVE, results of the dataset reach others only with noise.
    """

    dataset: str
    owner: str
    owner_name: str = ""
    state: Literal["ACTIVE", "ENDED"]
    total_epsilon: str
    spent_epsilon: str
    left_epsilon: str
    releases: int
    updated_ms: int


class ReleaseView(View):
    """One charge: an attempt of a step that started."""

    number: int
    time_ms: int
    flow: str
    step: str
    attempt: int
    epsilon: str


class SetBudgetRequest(Request):
    """The new total; what was spent counts against it."""

    total_epsilon: Epsilon


OPERATIONS = (
    Operation("privacy.list", "GET", "/v1/privacy", "List privacy budgets", Page[BudgetView]),
    Operation(
        "privacy.show",
        "GET",
        "/v1/privacy/{dataset}",
        "Show a dataset's privacy budget",
        BudgetView,
    ),
    Operation(
        "privacy.releases",
        "GET",
        "/v1/privacy/{dataset}/releases",
        "What was charged to a privacy budget, newest first",
        Page[ReleaseView],
    ),
    Operation(
        "privacy.set",
        "POST",
        "/v1/privacy/{dataset}",
        "Set, raise or lower a dataset's privacy budget",
        BudgetView,
        SetBudgetRequest,
    ),
    Operation(
        "privacy.end",
        "POST",
        "/v1/privacy/{dataset}/end",
        "End a privacy budget: results need no noise any more",
        BudgetView,
        ReasonRequest,
    ),
)
