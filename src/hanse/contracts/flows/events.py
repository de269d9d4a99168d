"""What happened to flows; the engines of all parties follow these."""

from __future__ import annotations

from hanse.contracts.flows.spec import FlowSpec
from hanse.contracts.flows.types import Payment
from hanse.ledger.contract.contract import Event


class FlowDeployed(Event, frozen=True):
    """A flow was accepted: grants reserved, price in escrow."""

    flow: str
    initiator: str
    spec: FlowSpec
    price_points: int
    payments: list[Payment]


class StepRequested(Event, frozen=True):
    """All inputs of a step are there; its parties shall agree on a session."""

    flow: str
    step: str
    attempt: int
    deadline_ms: int
    parties: list[str]


class SessionConfirmed(Event, frozen=True):
    """One party confirmed the manifest of an attempt."""

    flow: str
    step: str
    attempt: int
    party: str
    manifest: str


class StepStarted(Event, frozen=True):
    """All parties confirmed the same manifest; workers may start."""

    flow: str
    step: str
    attempt: int
    manifest: str


class OutcomeReported(Event, frozen=True):
    """One party finished its part of an attempt."""

    flow: str
    step: str
    attempt: int
    party: str
    evidence: str


class StepCompleted(Event, frozen=True):
    """All parties finished their part."""

    flow: str
    step: str
    attempt: int


class AttemptFailed(Event, frozen=True):
    """An attempt ended for everybody. ``party`` reported it; empty: the ledger found it."""

    flow: str
    step: str
    attempt: int
    party: str
    phase: str
    code: str
    message: str
    blamed: list[str]
    retry: bool


class AttemptReported(Event, frozen=True):
    """A further party's account of an attempt that had failed already."""

    flow: str
    step: str
    attempt: int
    party: str
    phase: str
    code: str
    message: str
    blamed: list[str]


class AttemptCancelled(Event, frozen=True):
    """An attempt ended without a fault: flow suspended, rerun or terminated."""

    flow: str
    step: str
    attempt: int
    code: str


class FlowStarted(Event, frozen=True):
    """The first step started; the uses of all grants are consumed."""

    flow: str


class FlowSuspended(Event, frozen=True):
    """The initiator paused the flow."""

    flow: str
    party: str
    reason: str


class FlowResumed(Event, frozen=True):
    """The initiator let the flow continue."""

    flow: str


class FlowRerun(Event, frozen=True):
    """The initiator has a step and its successors run again."""

    flow: str
    step: str
    reset: list[str]
    round: int


class FlowCompleted(Event, frozen=True):
    """Every step is done and everybody is paid."""

    flow: str
    payments: list[Payment]


class FlowTerminated(Event, frozen=True):
    """The flow ended before completion; unpaid points went back to the initiator.

    ``cause``: failure, party or grant. ``party`` is who terminated, or empty.
    """

    flow: str
    cause: str
    code: str
    reason: str
    party: str
    uses_consumed: bool
