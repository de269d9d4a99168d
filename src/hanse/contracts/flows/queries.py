"""Reading flows."""

from __future__ import annotations

from typing import NamedTuple

from hanse.contracts.flows import errors, models, rules
from hanse.contracts.flows.types import (
    ATTEMPTS,
    FLOWS,
    PARAMETERS,
    SCORES,
    SPECS,
    STEPS,
    AttemptRecord,
    FlowParameters,
    FlowRecord,
    SpecRecord,
    StepRecord,
)
from hanse.ledger.contract.contract import Context
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


def get_scores(state: StateReader, flow: str, step: str, output: str, receiver: str) -> int:
    """How many scores of a model later flows were allowed to open to a receiver (DID)."""
    record = SCORES.get(state, flow, step, output, receiver)
    return 0 if record is None else record.scores


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


class StepFacts(NamedTuple):
    """What other contracts may rely on about a step.

    Attributes:
        parties: DID by alias of those who take part in it.
        owners, computes, receivers: aliases.
        protocol: its protocol.
        datasets: DID of its owner by dataset it descends from.
        completed: whether it has completed.
    """

    parties: dict[str, str]
    owners: list[str]
    computes: list[str]
    receivers: list[str]
    protocol: str
    datasets: dict[str, str]
    completed: bool


class Steps:
    """What flows hand to other contracts, bound to one transaction."""

    def __init__(self, context: Context) -> None:
        self._state = context.state

    def facts(self, flow: str, step: str) -> StepFacts:
        """Facts about a step; raises `FlowNotFound`, `StepNotFound`."""
        deployed = SPECS.require(self._state, errors.FlowNotFound, flow)
        spec = deployed.spec
        found = next((one for one in spec.steps if one.id == step), None)
        if found is None:
            raise errors.StepNotFound()
        record = STEPS.get(self._state, flow, step)
        datasets = models.descent(deployed, step)
        return StepFacts(
            parties={alias: spec.parties[alias] for alias in rules.participants(found)},
            owners=list(found.owners),
            computes=list(found.computes),
            receivers=list(found.receivers),
            protocol=found.protocol,
            datasets={name: of.owner for name, of in datasets.items()},
            completed=record is not None and record.state == "COMPLETED",
        )
