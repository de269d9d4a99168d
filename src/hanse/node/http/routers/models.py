"""Models held here: list, describe, retire."""

from __future__ import annotations

import asyncio
from dataclasses import asdict

from fastapi import APIRouter, Request

from hanse.api.base import ReasonRequest, TransactionOutcome
from hanse.api.models import ExposureView, ModelDescriptionView, ModelListView, ModelView
from hanse.contracts.flows.queries import get_scores
from hanse.contracts.services.messages import RetireModel
from hanse.node.http.acting import outcome
from hanse.node.http.caller import note_target
from hanse.node.http.dependencies import NetworkDep, NodeDep, Text
from hanse.node.http.messages import message
from hanse.node.http.operations import operation

router = APIRouter()


@operation(router, "models.list")
def list_models(network: NetworkDep) -> ModelListView:
    """Every model this node holds a part of."""
    held = network.services.models.held()
    return ModelListView(items=[ModelView(**asdict(info)) for info in held])


@operation(router, "models.get")
def get_model(
    node: NodeDep,
    network: NetworkDep,
    flow: str,
    step: str,
    output: str,
    receiver: Text = "",
) -> ModelDescriptionView:
    """One of them, and what scores of it give away."""
    models = network.services.models
    info = models.find(flow, step, output)
    asked = receiver or node.identity.did
    found = models.exposure(flow, step, output, asked)
    shown = None
    if found is not None:
        shown = ExposureView(scores=found.scores, explanation=found.explanation)
    return ModelDescriptionView(
        model=ModelView(**asdict(info)),
        exposure=shown,
        scores_opened=get_scores(network.ledger.state, flow, step, output, asked),
    )


@operation(router, "models.retire")
async def retire(
    request: Request,
    network: NetworkDep,
    flow: str,
    step: str,
    output: str,
    body: ReasonRequest,
) -> TransactionOutcome:
    """Declare that it is not used any more."""
    await asyncio.to_thread(network.services.models.find, flow, step, output)
    values = {"flow": flow, "step": step, "output": output, "reason": body.reason}
    note_target(request, f"model={flow}/{step}.{output}")
    return await outcome(network, "services", message(RetireModel, values))
