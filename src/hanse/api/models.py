"""Models, and tables set up for retrieval, that this node holds a part of."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hanse.api.base import ReasonRequest, TransactionOutcome, View
from hanse.api.operation import Operation


class ModelView(View):
    """A model as this node knows it.

    Attributes:
        name: flow's name and step; versions count the models of one name, 1 for the oldest here.
        family: kind of model; empty when this release cannot read it.
        parties: DID by alias of those who took part in making it.
        columns: columns of own tables that the own part needs.
    """

    flow: str
    step: str
    output: str
    name: str
    version: int
    operator: str
    family: str
    parties: dict[str, str]
    columns: list[str] = Field(default_factory=list)
    state: Literal["active", "retired"]
    reason: str = ""
    created_ms: int = 0


class ExposureView(View):
    """What scores give away: with how many a partner's part begins to be determined."""

    scores: int
    explanation: str


class ModelDescriptionView(View):
    """A model, and what scores give a receiver; no exposure for a set-up for retrieval.

    ``scores_opened`` is how many scores later flows were allowed to open to the receiver.
    """

    model: ModelView
    exposure: ExposureView | None = None
    scores_opened: int = 0


class ModelListView(View):
    """Every model this node holds a part of."""

    items: list[ModelView]


_PLACE = "/v1/models/{flow}/{step}/{output}"
OPERATIONS = (
    Operation("models.list", "GET", "/v1/models", "List models held here", ModelListView),
    Operation(
        "models.get",
        "GET",
        _PLACE,
        "Describe a model, and what scores of it give away",
        ModelDescriptionView,
        query=("receiver",),
    ),
    Operation(
        "models.retire",
        "POST",
        f"{_PLACE}/retire",
        "Retire a model: no step and no service uses it any more",
        TransactionOutcome,
        ReasonRequest,
    ),
)
