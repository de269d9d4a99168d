"""The node's own say: whom it computes for, what may touch its data.

The contracts check all of this when a flow is deployed. The node checks again what concerns
its own data and machines, from its own copy of the ledger, before it offers anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from hanse.collaboration.engine.errors import (
    GrantNotConfirmed,
    OperatorNotAllowed,
    PartyNotAccepted,
)
from hanse.contracts.flows.queries import get_deployed
from hanse.contracts.flows.spec import DataUse, FlowSpec, StepSpec
from hanse.contracts.flows.types import FlowRecord
from hanse.contracts.identity.queries import get_member
from hanse.contracts.rights.queries import get_grant, get_use
from hanse.ledger.contract.state import StateReader


class NodePolicy:
    """Default policy: accept active members; own data needs a grant in force.

    Args:
        state: the ledger's committed state, read afresh at each check.
        did: this member.
        refused: DIDs this node does not work for.
        operators: operators this node runs; None for all.
    """

    def __init__(
        self,
        state: Callable[[], StateReader],
        did: str,
        *,
        refused: frozenset[str] = frozenset(),
        operators: frozenset[str] | None = None,
    ) -> None:
        self._state = state
        self._did = did
        self._refused = refused
        self._operators = operators

    async def check(self, flow: FlowRecord, spec: FlowSpec, step: StepSpec, alias: str) -> None:
        """Return when this node takes part in the step.

        Steps: 1. the operator is allowed here; 2. the initiator is an active member this node
        works for; 3. for every own dataset in the flow, or that a model in it descends from, its
        grant is this initiator's, holds a use for this flow and is not revoked.

        Raises:
            OperatorNotAllowed, PartyNotAccepted, GrantNotConfirmed: as named.
        """
        if self._operators is not None and step.operator not in self._operators:
            raise OperatorNotAllowed(f"this node does not run {step.operator}")
        state = self._state()
        member = get_member(state, flow.initiator)
        if member is None or member.state != "ACTIVE" or flow.initiator in self._refused:
            raise PartyNotAccepted("this node does not work for the flow's initiator")
        if flow.initiator == self._did:
            return
        for name, use in spec.data.items():
            if spec.parties[use.owner] == self._did:
                self._check_grant(state, flow, f"data {name!r}", use)
        for what, use in self._in_models(state, flow, spec, alias):
            self._check_grant(state, flow, what, use)

    def _in_models(
        self, state: StateReader, flow: FlowRecord, spec: FlowSpec, alias: str
    ) -> Iterator[tuple[str, DataUse]]:
        """Own datasets that models of the flow descend from."""
        deployed = get_deployed(state, flow.id)
        for name, model in (deployed.models if deployed else {}).items():
            for dataset, of in model.datasets.items():
                if of.owner == self._did:
                    grant = spec.models[name].grants.get(dataset, "")
                    use = DataUse(owner=alias, dataset=dataset, fields=of.fields, grant=grant)
                    yield f"model {name!r}", use

    def _check_grant(self, state: StateReader, flow: FlowRecord, what: str, use: DataUse) -> None:
        grant, held = get_grant(state, use.grant), get_use(state, use.grant, flow.id)
        if (
            grant is None
            or grant.consumer != flow.initiator
            or grant.dataset != use.dataset
            or not set(use.fields) <= set(grant.terms.fields)
        ):
            raise GrantNotConfirmed(f"{what}: the grant is not for this use")
        if grant.standing == "REVOKED" or held is None or held.state == "RELEASED":
            raise GrantNotConfirmed(f"{what}: the grant is not in force for this flow")
