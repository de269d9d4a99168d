"""Reading flows."""

from __future__ import annotations

from hanse.contracts.flows import rules
from hanse.contracts.flows.types import (
    ATTEMPTS,
    FLOWS,
    PARAMETERS,
    SPECS,
    STEPS,
    AttemptRecord,
    FlowParameters,
    FlowRecord,
    SpecRecord,
    StepRecord,
)
from hanse.ledger.contract.state import StateReader


def get_flow(state: StateReader, flow: str) -> FlowRecord | None:
    """How a flow stands, or None."""
    return FLOWS.get(state, flow)


def get_deployed(state: StateReader, flow: str) -> SpecRecord | None:
    """What was deployed: specification, pinned data, payments, levels; or None."""
    return SPECS.get(state, flow)


def get_step(state: StateReader, flow: str, step: str) -> StepRecord | None:
    """How a step stands; None while it waits for its first request."""
    return STEPS.get(state, flow, step)


def get_attempt(state: StateReader, flow: str, step: str, attempt: int) -> AttemptRecord | None:
    """Confirmations, outcomes and reports of an attempt, or None."""
    return ATTEMPTS.get(state, flow, step, attempt)


def get_parameters(state: StateReader) -> FlowParameters:
    """The governed parameters in force."""
    return PARAMETERS.get(state) or rules.DEFAULT_PARAMETERS


def overdue_steps(state: StateReader, flow: str, now_ms: int) -> list[str]:
    """Steps a `Tick` at that time would fail; a node asks before it sends one."""
    record = FLOWS.get(state, flow)
    deployed = SPECS.get(state, flow)
    if record is None or deployed is None or record.state not in ("REQUESTED", "STARTED"):
        return []
    overdue = []
    for spec in deployed.spec.steps:
        step = STEPS.get(state, flow, spec.id)
        if step is not None and step.state in ("REQUESTED", "STARTED"):
            overdue += [spec.id] if now_ms > step.deadline_ms else []
    return overdue
