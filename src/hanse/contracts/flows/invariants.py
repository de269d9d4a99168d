"""What always holds of flows; tests check it after every step."""

from __future__ import annotations

from hanse.contracts.flows import models, rules
from hanse.contracts.flows.queries import (
    get_attempt,
    get_deployed,
    get_flow,
    get_scores,
    get_step,
)
from hanse.contracts.flows.types import FlowRecord, SpecRecord
from hanse.core.errors import InternalError
from hanse.ledger.contract.state import StateReader

ENDED = ("COMPLETED", "TERMINATED")


class FlowsBroken(InternalError):
    """A flows invariant does not hold."""

    code = "flows.invariant"


def check_flow(state: StateReader, flow: str) -> None:
    """Counters, step order and attempts of a flow fit each other."""
    record = get_flow(state, flow)
    deployed = get_deployed(state, flow)
    if record is None or deployed is None:
        raise FlowsBroken("the flow vanished")
    _check_counters(state, record, deployed)
    _check_order(state, record, deployed)
    _check_models(state, record, deployed)
    for step in deployed.spec.steps:
        _check_step(state, record, step.id, len(rules.participants(step)))


def _check_counters(state: StateReader, record: FlowRecord, deployed: SpecRecord) -> None:
    steps = [get_step(state, record.id, step.id) for step in deployed.spec.steps]
    completed = sum(1 for step in steps if step is not None and step.state == "COMPLETED")
    if completed != record.completed:
        raise FlowsBroken("the number of completed steps is wrong")
    if (record.state == "COMPLETED") != (completed == record.steps):
        raise FlowsBroken("a flow is completed exactly when all its steps are")
    if record.state == "STARTED" and not record.consumed:
        raise FlowsBroken("a started flow has consumed its uses")
    if any(step is not None and step.started_ms for step in steps) and not record.consumed:
        raise FlowsBroken("a step started before the uses were consumed")


def _check_order(state: StateReader, record: FlowRecord, deployed: SpecRecord) -> None:
    plan = rules.make_plan(deployed.spec)
    for name in plan.order:
        step = get_step(state, record.id, name)
        if step is None or step.state in ("WAITING", "TERMINATED"):
            continue
        for source in plan.sources[name]:
            before = get_step(state, record.id, source)
            if before is None or before.state != "COMPLETED":
                raise FlowsBroken("a step runs before its inputs are there")


def _check_models(state: StateReader, record: FlowRecord, deployed: SpecRecord) -> None:
    spec = deployed.spec
    for name, model in deployed.models.items():
        made = get_flow(state, model.flow)
        if made is None or made.state != "COMPLETED":
            raise FlowsBroken("a model in use was made by a flow that completed")
        for step in models.readers(spec, name):
            if deployed.levels[step.id] < model.level:
                raise FlowsBroken("a step has at least the level of its models")
        for alias, scores in models.allowed_scores(spec, name).items() if record.consumed else ():
            did = spec.parties[alias]
            if get_scores(state, model.flow, model.step, model.output, did) < scores:
                raise FlowsBroken("what a flow may open of a model is counted as it starts")


def _check_step(state: StateReader, record: FlowRecord, name: str, parties: int) -> None:
    step = get_step(state, record.id, name)
    if step is None:
        return
    attempt = get_attempt(state, record.id, name, step.attempt)
    if attempt is None:
        raise FlowsBroken("a requested step has an attempt")
    is_open = step.state in ("REQUESTED", "STARTED")
    if is_open != (attempt.state == "OPEN") or (is_open and record.state in ENDED):
        raise FlowsBroken("exactly running steps of running flows have an open attempt")
    manifests = list(dict.fromkeys(attempt.confirmed.values()))
    if step.state in ("STARTED", "COMPLETED") and (
        len(attempt.confirmed) != parties or len(manifests) != 1
    ):
        raise FlowsBroken("a step starts when all confirmed the same manifest")
    if step.state == "COMPLETED" and len(attempt.reported) != parties:
        raise FlowsBroken("a step completes when all reported")
