"""Flows: check, deploy, follow, act, results."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response

from hanse.api.base import Page, ReasonRequest
from hanse.api.flows import (
    FlowCheckView,
    FlowResultsView,
    FlowSummary,
    FlowTextRequest,
    FlowView,
    PlannedStepView,
    RerunFlowRequest,
    ResultView,
)
from hanse.api.tasks import TasksView
from hanse.collaboration.compiler import compile_flow, explain_flow
from hanse.collaboration.engine import ResultInfo
from hanse.contracts.flows.messages import (
    DeployFlow,
    RerunFlow,
    ResumeFlow,
    SuspendFlow,
    TerminateFlow,
)
from hanse.contracts.flows.rules import grants_of
from hanse.contracts.flows.spec import FlowSpec
from hanse.contracts.rights.types import GRANTS
from hanse.ledger.contract.contract import Message
from hanse.node.http.acting import act
from hanse.node.http.caller import note_target
from hanse.node.http.dependencies import NetworkDep, NodeDep, PageDep, Text
from hanse.node.http.downloads import table_response
from hanse.node.http.messages import message
from hanse.node.http.operations import operation
from hanse.node.ledger_client import created_id
from hanse.node.network import Network
from hanse.node.views.queries import flows as queries
from hanse.node.views.queries.paging import names
from hanse.node.views.queries.planned_budgets import plan_budgets
from hanse.node.views.queries.planned_models import plan_models

router = APIRouter()
_TABLES = ("table", "scores", "ids")


@operation(router, "flows.check")
def check(
    node: NodeDep,
    network: NetworkDep,
    body: FlowTextRequest,
    lang: Annotated[Literal["en", "zh"], Query()] = "en",
) -> FlowCheckView:
    """Compile without deploying."""
    directory = network.collaboration.directory()
    spec = compile_flow(body.text, directory, node.identity.did)
    with network.views.read() as connection:
        known = names(connection)
    explained = explain_flow(spec, known, lang, directory)
    planned = plan_budgets(network.ledger.state, spec, known)
    lines = {step.step: list(step.lines) for step in explained.steps}
    prices = _prices(network, spec)
    return FlowCheckView(
        name=spec.name,
        purpose=spec.purpose,
        parties=dict(spec.parties),
        steps=[
            PlannedStepView(
                id=step.id,
                operator=step.operator,
                operator_version=step.operator_version,
                protocol=step.protocol,
                owners=list(step.owners),
                computes=list(step.computes),
                receivers=list(step.receivers),
                parameters=dict(step.parameters),
                charges=planned.steps[step.id],
                explanation=lines[step.id],
            )
            for step in spec.steps
        ],
        price_points=sum(prices.values()),
        prices=prices,
        budgets=planned.budgets,
        models=plan_models(network.ledger.state, spec, network.services.models),
    )


@operation(router, "flows.deploy")
async def deploy(
    request: Request, node: NodeDep, network: NetworkDep, body: FlowTextRequest
) -> FlowView:
    """Compile and deploy: grants are reserved, the price is held."""
    directory = network.collaboration.directory()
    spec = await asyncio.to_thread(compile_flow, body.text, directory, node.identity.did)
    receipt = await act(network, "flows", DeployFlow(spec))
    flow = created_id(receipt, "flows", "FlowDeployed", "flow")
    note_target(request, f"flow={flow}")
    return await asyncio.to_thread(get_flow, network, flow)


@operation(router, "flows.list")
def list_flows(
    node: NodeDep, network: NetworkDep, page: PageDep, state: Text = ""
) -> Page[FlowSummary]:
    """Flows, newest first: those this node is a party of; all at an operator's or auditor's."""
    with network.views.read() as connection:
        all_ = network.oversees()
        return queries.list_flows(connection, page, node.identity.did, state=state, all_=all_)


@operation(router, "flows.get")
def get_flow(network: NetworkDep, id: str) -> FlowView:  # noqa: A002 - of the path
    """One flow with steps, reports and money."""
    progress = network.collaboration.progress(id)
    with network.views.read() as connection:
        return queries.get_flow(connection, id, progress)


@operation(router, "node.tasks")
def tasks(network: NetworkDep) -> TasksView:
    """What this node computes now."""
    return network.collaboration.tasks()


@operation(router, "flows.suspend")
async def suspend(network: NetworkDep, id: str, body: ReasonRequest) -> FlowView:  # noqa: A002
    """Pause."""
    return await _act(network, id, message(SuspendFlow, {"flow": id, "reason": body.reason}))


@operation(router, "flows.resume")
async def resume(network: NetworkDep, id: str) -> FlowView:  # noqa: A002 - of the path
    """Go on."""
    return await _act(network, id, message(ResumeFlow, {"flow": id}))


@operation(router, "flows.terminate")
async def terminate(network: NetworkDep, id: str, body: ReasonRequest) -> FlowView:  # noqa: A002
    """End it for everybody."""
    return await _act(network, id, message(TerminateFlow, {"flow": id, "reason": body.reason}))


@operation(router, "flows.rerun")
async def rerun(network: NetworkDep, id: str, body: RerunFlowRequest) -> FlowView:  # noqa: A002
    """Run a step and all that follows from it again."""
    return await _act(network, id, message(RerunFlow, {"flow": id, "step": body.step}))


@operation(router, "flows.results")
def results(network: NetworkDep, id: str) -> FlowResultsView:  # noqa: A002 - of the path
    """What this node holds of a flow."""
    with network.views.read() as connection:
        queries.get_spec(connection, id)
    found = network.collaboration.engine.results.list(id)
    newest: dict[tuple[str, str], ResultInfo] = {}
    for info in found:
        key = (info.step, info.output)
        if key not in newest or newest[key].attempt < info.attempt:
            newest[key] = info
    return FlowResultsView(flow=id, items=[_result(network, info) for info in newest.values()])


@operation(router, "flows.result")
def result(
    network: NetworkDep,
    id: str,  # noqa: A002 - of the path
    step: str,
    output: str,
    format: Annotated[Literal["csv", "parquet", "json"] | None, Query()] = None,  # noqa: A002
) -> Response:
    """A result's content: a report as JSON, a table as CSV or Parquet."""
    held = network.collaboration.engine.results
    info = held.find(id, step, output)
    if info.kind in _TABLES and format != "json":
        held.page(id, step, output, limit=1)  # refuses what this node may not open
        table = network.vault.open_table(info.object_id)
        return table_response(table, format or "csv", f"{step}-{output}")
    content: dict[str, Any] = (
        _table_as_json(network, id, step, output)
        if info.kind in _TABLES
        else held.report(id, step, output)
    )
    text = json.dumps(content, ensure_ascii=False)
    return Response(text.encode("utf-8"), media_type="application/json")


def _table_as_json(network: Network, flow: str, step: str, output: str) -> dict[str, Any]:
    page = network.collaboration.engine.results.page(flow, step, output, limit=10_000)
    return {"columns": page.columns, "rows": page.rows, "data": page.data}


async def _act(network: Network, flow: str, order: Message) -> FlowView:
    await act(network, "flows", order)
    return await asyncio.to_thread(get_flow, network, flow)


def _result(network: Network, info: ResultInfo) -> ResultView:
    return ResultView(
        step=info.step,
        output=info.output,
        kind=info.kind,
        attempt=info.attempt,
        rows=info.rows if info.kind in _TABLES else None,
        size_bytes=network.vault.describe(info.object_id).size_bytes,
        readable=info.opened,
    )


def _prices(network: Network, spec: FlowSpec) -> dict[str, int]:
    """What deploying would hold in escrow: by grant, and by compute provider's alias."""
    prices = {}
    for grant in grants_of(spec):
        record = GRANTS.get(network.ledger.state, grant)
        if record is not None:
            prices[grant] = record.terms.price_points
    return {**prices, **spec.fees}
