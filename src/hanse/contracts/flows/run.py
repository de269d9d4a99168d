"""A deployed flow as handlers work on it: loading, who takes part, writing back."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from hanse.contracts.flows import errors, rules
from hanse.contracts.flows.needs import Members
from hanse.contracts.flows.spec import StepSpec
from hanse.contracts.flows.types import (
    ATTEMPTS,
    FLOWS,
    SPECS,
    STEPS,
    AttemptRecord,
    FlowRecord,
    SpecRecord,
    StepRecord,
)
from hanse.ledger.contract.contract import Context

ENDED = ("COMPLETED", "TERMINATED")


class Run:
    """One flow within one transaction; every change is written at once."""

    def __init__(self, ctx: Context, flow: FlowRecord, deployed: SpecRecord) -> None:
        self.ctx = ctx
        self.flow = flow
        self.deployed = deployed
        self.steps = {step.id: step for step in deployed.spec.steps}

    @classmethod
    def load(cls, ctx: Context, flow: str) -> Run:
        """The flow, for an active member; raises `FlowNotFound`."""
        ctx.need(Members).require_active(ctx.sender)
        record = FLOWS.require(ctx.state, errors.FlowNotFound, flow)
        return cls(ctx, record, SPECS.require(ctx.state, errors.FlowNotFound, flow))

    @property
    def id(self) -> str:
        """Identifier of the flow."""
        return self.flow.id

    @property
    def escrow(self) -> str:
        """Name of the escrow of this round."""
        return f"{self.flow.id}/{self.flow.round}"

    def spec_of(self, step: str) -> StepSpec:
        """Specification of a step; raises `StepNotFound`."""
        spec = self.steps.get(step)
        if spec is None:
            raise errors.StepNotFound()
        return spec

    def dids(self, step: str) -> list[str]:
        """Members that take part in a step, by sorted alias."""
        parties = self.deployed.spec.parties
        return [parties[alias] for alias in rules.participants(self.spec_of(step))]

    def require_party(self) -> None:
        """Refuse senders that are no party of the flow."""
        if self.ctx.sender not in self.deployed.spec.parties.values():
            raise errors.NotAParty()

    def require_party_of(self, step: str) -> None:
        """Refuse senders that take no part in the step."""
        if self.ctx.sender not in self.dids(step):
            raise errors.NotAParty(f"the sender takes no part in step {step}")

    def require_initiator(self) -> None:
        """Refuse everybody but the initiator."""
        if self.ctx.sender != self.flow.initiator:
            raise errors.NotTheInitiator()

    def require_live(self) -> None:
        """Refuse flows that ended; raises `FlowEnded`."""
        if self.flow.state in ENDED:
            raise errors.FlowEnded(f"the flow is {self.flow.state}")

    def require_running(self) -> None:
        """Refuse flows that ended or are suspended."""
        self.require_live()
        if self.flow.state == "SUSPENDED":
            raise errors.FlowSuspendedError()

    def step(self, step: str) -> StepRecord | None:
        """How a step stands; None while it has never been requested."""
        return STEPS.get(self.ctx.state, self.id, step)

    def attempt(self, step: str, attempt: int) -> AttemptRecord:
        """What was said about an attempt; raises `UnknownAttempt`."""
        record = ATTEMPTS.get(self.ctx.state, self.id, step, attempt)
        if record is None:
            raise errors.UnknownAttempt()
        return record

    def current(self, step: str, attempt: int) -> tuple[StepRecord, AttemptRecord]:
        """Step and attempt, when the attempt is the step's newest.

        Raises:
            StepNotRequested, StaleAttempt, UnknownAttempt.
        """
        record = self.step(step)
        if record is None:
            raise errors.StepNotRequested()
        if attempt < record.attempt:
            raise errors.StaleAttempt(f"attempt {record.attempt} is the newest")
        return record, self.attempt(step, attempt)

    def put_flow(self, **changes: Any) -> None:
        """Write the flow with these fields changed."""
        self.flow = replace(self.flow, **changes, updated_ms=self.ctx.time_ms)
        FLOWS.put(self.ctx.state, self.flow, self.id)

    def put_step(self, step: str, record: StepRecord) -> None:
        """Write a step."""
        STEPS.put(self.ctx.state, record, self.id, step)

    def put_attempt(self, step: str, attempt: int, record: AttemptRecord) -> None:
        """Write an attempt."""
        ATTEMPTS.put(self.ctx.state, record, self.id, step, attempt)
