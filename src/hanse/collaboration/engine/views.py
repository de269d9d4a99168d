"""What the contracts say of a flow, read from committed state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hanse.collaboration.engine.records import AttemptKey
from hanse.compute.operators import OperatorSpec, Role, get_operator
from hanse.contracts.flows.spec import FlowSpec, StepSpec
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
from hanse.ledger.contract.state import StateReader

ACTIVE_FLOW = ("REQUESTED", "STARTED")
ACTIVE_STEP = ("REQUESTED", "STARTED")
Standing = Literal["requested", "started", "over"]


@dataclass(frozen=True)
class FlowView:
    """One flow as committed here."""

    state: StateReader
    record: FlowRecord
    spec: FlowSpec
    pinned: SpecRecord

    @classmethod
    def read(cls, state: StateReader, flow: str) -> FlowView | None:
        """The flow, or None when there is none."""
        record, pinned = FLOWS.get(state, flow), SPECS.get(state, flow)
        if record is None or pinned is None:
            return None
        return cls(state, record, pinned.spec, pinned)

    @property
    def is_active(self) -> bool:
        """Whether steps may run now."""
        return self.record.state in ACTIVE_FLOW

    @property
    def is_over(self) -> bool:
        """Whether it ended; a terminated flow may still be rerun."""
        return self.record.state in ("COMPLETED", "TERMINATED")

    def alias_of(self, did: str) -> str:
        """Alias of a party, empty when the DID is none."""
        return next((alias for alias, known in self.spec.parties.items() if known == did), "")

    def step(self, step: str) -> StepView | None:
        """A step of the flow, or None."""
        spec = next((s for s in self.spec.steps if s.id == step), None)
        return None if spec is None else StepView(self, spec)

    def steps(self) -> list[StepView]:
        """All steps."""
        return [StepView(self, spec) for spec in self.spec.steps]


@dataclass(frozen=True)
class StepView:
    """One step of a flow as committed here."""

    flow: FlowView
    spec: StepSpec

    @property
    def record(self) -> StepRecord | None:
        """How it stands; None while it waits for its inputs."""
        return STEPS.get(self.flow.state, self.flow.record.id, self.spec.id)

    @property
    def operator(self) -> OperatorSpec:
        """Its declaration; raises `UnknownOperator` when this node does not have it."""
        return get_operator(self.spec.operator, self.spec.operator_version)

    @property
    def parties(self) -> list[str]:
        """Aliases of everybody who takes part, sorted."""
        return sorted({*self.spec.owners, *self.spec.computes, *self.spec.receivers})

    def roles(self, alias: str) -> list[Role]:
        """Roles of a party."""
        roles: list[Role] = []
        if alias in self.spec.owners:
            roles.append("owner")
        if alias in self.spec.computes:
            roles.append("compute")
        if alias in self.spec.receivers:
            roles.append("receiver")
        return roles

    def key(self, attempt: int) -> AttemptKey:
        """Key of one of its attempts."""
        return AttemptKey(self.flow.record.id, self.spec.id, attempt)

    def current(self) -> AttemptKey | None:
        """The attempt that may run now, or None."""
        record = self.record
        if not self.flow.is_active or record is None or record.state not in ACTIVE_STEP:
            return None
        return self.key(record.attempt)

    def standing(self, attempt: int) -> Standing:
        """How an attempt stands."""
        record = self.record
        if self.current() != self.key(attempt) or record is None:
            return "over"
        return "started" if record.state == "STARTED" else "requested"

    def attempt(self, attempt: int) -> AttemptRecord:
        """What the parties said of an attempt."""
        record = ATTEMPTS.get(self.flow.state, self.flow.record.id, self.spec.id, attempt)
        return record or AttemptRecord()

    def holders(self, port: str) -> list[str]:
        """Aliases of this step that hold a part of one of its inputs, sorted."""
        roles = self.operator.inputs[port].held_by
        name, dot, output = self.spec.inputs[port].partition(".")
        if not dot and name in self.flow.spec.data:
            return [self.flow.spec.data[name].owner]
        if not dot:  # a model of an earlier flow: the contract sees to it that these hold it
            return [alias for alias in self.parties if any(r in roles for r in self.roles(alias))]
        producer = self.flow.step(name)
        if producer is None:
            return []
        made = producer.producers(output)
        return [
            alias
            for alias in self.parties
            if alias in made and any(role in roles for role in self.roles(alias))
        ]

    def producers(self, output: str) -> set[str]:
        """Aliases that keep a part of one of its outputs."""
        held_by = self.operator.outputs[output].held_by
        return {alias for alias in self.parties for role in self.roles(alias) if role in held_by}

    def opens(self, output: str, alias: str) -> bool:
        """Whether a party may read its part of an output.

        Receivers read what was opened to them; owners read tables, which hold nothing but
        their own columns.
        """
        port = self.operator.outputs[output]
        if "receiver" in port.held_by and alias in self.spec.receivers:
            return True
        return port.kind == "table" and "owner" in port.held_by and alias in self.spec.owners
