"""Flows: check, deploy, follow, act, and read the results held at this node."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from hanse.api.base import Name, Page, ReasonRequest, Request, View
from hanse.api.operation import Operation

RunState = Literal["REQUESTED", "STARTED", "SUSPENDED", "COMPLETED", "TERMINATED"]
FlowText = Annotated[str, Field(min_length=1, max_length=256_000)]


class FlowTextRequest(Request):
    """A flow in the flow language (YAML)."""

    text: FlowText


class RerunFlowRequest(Request):
    """Run again from this step on."""

    step: Name


class PlannedStepView(View):
    """A step as compiled: who gives data, who computes, who may open the result.

    ``charges`` is the epsilon one attempt spends, by dataset with a privacy budget.
    """

    id: str
    operator: str
    operator_version: int = 1
    protocol: str
    owners: list[str]
    computes: list[str]
    receivers: list[str]
    parameters: dict[str, Any] = Field(default_factory=dict)
    charges: dict[str, str] = Field(default_factory=dict)
    explanation: list[str] = Field(default_factory=list)


class PlannedBudgetView(View):
    """What a flow would spend of a dataset's privacy budget; epsilon as decimal text.

    ``charge_epsilon`` is spent when no attempt fails, ``most_epsilon`` when every step uses all
    its attempts. ``problem`` is the code deploying would be refused with; empty when it would not.
    """

    dataset: str
    owner: str
    owner_name: str = ""
    charge_epsilon: str
    most_epsilon: str
    left_epsilon: str
    problem: str = ""


class PlannedModelView(View):
    """A model of an earlier flow that a flow would use, and one receiver of its scores.

    Attributes:
        name: in the flow.
        receiver: alias.
        scores: this flow opens to it at most.
        counted: what flows before were allowed to open of the model to it.
        telling: with how many scores a partner's part begins to be determined; None where this
            node holds no part of the model.
    """

    name: str
    flow: str
    step: str
    output: str
    receiver: str
    scores: int
    counted: int
    telling: int | None = None
    explanation: str = ""


class FlowCheckView(View):
    """A flow that compiles; nothing was deployed. One that does not is answered by an error."""

    name: str
    purpose: str
    parties: dict[str, str]
    steps: list[PlannedStepView]
    price_points: int = 0
    prices: dict[str, int] = Field(default_factory=dict)
    budgets: list[PlannedBudgetView] = Field(default_factory=list)
    models: list[PlannedModelView] = Field(default_factory=list)


class AttemptReportView(View):
    """A signed report of a failed attempt."""

    step: str
    attempt: int
    party: str
    party_name: str = ""
    phase: str
    code: str
    message: str = ""
    blamed: str = ""
    transaction: str = ""
    time_ms: int = 0


class ProgressView(View):
    """How far this node's worker is. ``total`` 0 means unknown.

    ``left_seconds`` is what the phase will still take at the pace so far. ``resumed_at`` is the
    checkpoint (epoch, tree or iteration) this attempt went on from; 0: it began at its beginning.
    """

    phase: str
    done: int = 0
    total: int = 0
    left_seconds: int | None = None
    resumed_at: int = 0


class StepView(View):
    """A step of a deployed flow."""

    id: str
    operator: str
    protocol: str
    state: RunState | Literal["WAITING"]
    attempt: int = 0
    max_attempts: int = 1
    owners: list[str] = Field(default_factory=list)
    computes: list[str] = Field(default_factory=list)
    receivers: list[str] = Field(default_factory=list)
    deadline_ms: int = 0
    started_ms: int | None = None
    completed_ms: int | None = None
    progress: ProgressView | None = None


class FlowSummary(View):
    """A flow in a list."""

    id: str
    name: str
    purpose: str
    state: RunState
    initiator: str
    initiator_name: str = ""
    steps_done: int = 0
    steps_total: int = 0
    created_ms: int = 0
    updated_ms: int = 0


class FlowView(FlowSummary):
    """A flow with its steps, reports and money."""

    parties: dict[str, str]
    party_names: dict[str, str] = Field(default_factory=dict)
    grants: list[str] = Field(default_factory=list)
    price_points: int = 0
    payments: dict[str, int] = Field(default_factory=dict)
    steps: list[StepView]
    reports: list[AttemptReportView] = Field(default_factory=list)
    reason: str = ""
    code: str = ""
    transaction: str = ""


class ResultView(View):
    """A result this node holds. ``kind``: table, model, report or scores."""

    step: str
    output: str
    kind: str
    attempt: int = 1
    rows: int | None = None
    size_bytes: int = 0
    readable: bool = True
    meta: dict[str, Any] = Field(default_factory=dict)


class FlowResultsView(View):
    """Results of a flow held at this node."""

    flow: str
    items: list[ResultView]


OPERATIONS = (
    Operation(
        "flows.check",
        "POST",
        "/v1/flows/check",
        "Compile a flow without deploying it",
        FlowCheckView,
        FlowTextRequest,
        query=("lang",),
    ),
    Operation(
        "flows.deploy",
        "POST",
        "/v1/flows",
        "Deploy a flow",
        FlowView,
        FlowTextRequest,
        status=201,
    ),
    Operation("flows.list", "GET", "/v1/flows", "List flows", Page[FlowSummary], query=("state",)),
    Operation("flows.get", "GET", "/v1/flows/{id}", "Show a flow", FlowView),
    Operation(
        "flows.suspend",
        "POST",
        "/v1/flows/{id}/suspend",
        "Suspend a flow",
        FlowView,
        ReasonRequest,
    ),
    Operation("flows.resume", "POST", "/v1/flows/{id}/resume", "Resume a flow", FlowView),
    Operation(
        "flows.terminate",
        "POST",
        "/v1/flows/{id}/terminate",
        "Terminate a flow everywhere",
        FlowView,
        ReasonRequest,
    ),
    Operation(
        "flows.rerun",
        "POST",
        "/v1/flows/{id}/rerun",
        "Run again from a step",
        FlowView,
        RerunFlowRequest,
    ),
    Operation(
        "flows.results",
        "GET",
        "/v1/flows/{id}/results",
        "List results held here",
        FlowResultsView,
    ),
    Operation(
        "flows.result",
        "GET",
        "/v1/flows/{id}/results/{step}/{output}",
        "Open a result: a report as JSON, a table as CSV or Parquet",
        bytes,
        answers="bytes",
        query=("format",),
    ),
)
