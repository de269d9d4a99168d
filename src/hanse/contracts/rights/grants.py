"""What rights hands to the flows contract: counted uses, bound to one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from hanse.contracts.rights import errors, events, rules
from hanse.contracts.rights.queries import grants_of_flow
from hanse.contracts.rights.types import (
    FLOW_GRANTS,
    GRANTS,
    USES,
    FlowGrants,
    GrantRecord,
    UseRecord,
    UseState,
)
from hanse.ledger.contract.contract import Context


class GrantPrice(NamedTuple):
    """Who is paid for one use, and how much."""

    payee: str
    price_points: int


class Grants:
    """One use is one flow: held at deployment, spent once, or freed."""

    def __init__(self, context: Context) -> None:
        self._ctx = context

    def reserve(
        self,
        grant: str,
        *,
        consumer: str,
        dataset: str,
        fields: Sequence[str],
        purpose: str,
        operators: Sequence[str],
        receivers: Sequence[str],
        flow: str,
    ) -> None:
        """Hold one use for a flow. A flow that holds or spent one keeps it: retries share it.

        Raises:
            GrantNotFound, GrantNotYours, GrantNotFinal, GrantRevokedError, GrantExpired,
            DatasetNotGranted, PurposeNotGranted, FieldNotGranted, OperatorNotGranted,
            ReceiverNotGranted, GrantUsedUp.
        """
        ctx = self._ctx
        record = GRANTS.require(ctx.state, errors.GrantNotFound, grant)
        rules.require_exercisable(record, consumer, ctx.time_ms)
        rules.require_covered(
            record, rules.Use(consumer, dataset, fields, purpose, operators, receivers)
        )
        use = USES.get(ctx.state, grant, flow)
        if use is not None and use.state != "RELEASED":
            return
        held = rules.reserve(record)
        self._put(held, flow, "RESERVED", events.UseReserved)
        known = grants_of_flow(ctx.state, flow)
        if grant not in known:
            FLOW_GRANTS.put(ctx.state, FlowGrants(grants=[*known, grant]), flow)

    def consume(self, flow: str) -> None:
        """Spend every use the flow holds; those already spent stay so."""
        for record in self._held_by(flow):
            self._put(rules.consume(record), flow, "CONSUMED", events.UseConsumed)

    def release(self, flow: str) -> None:
        """Free every use the flow holds; what is spent stays spent."""
        for record in self._held_by(flow):
            self._put(rules.release(record), flow, "RELEASED", events.UseReleased)

    def check(self, flow: str) -> str:
        """Error code of the first grant of the flow that no longer stands, or empty."""
        for grant in grants_of_flow(self._ctx.state, flow):
            record = GRANTS.require(self._ctx.state, errors.GrantNotFound, grant)
            code = rules.problem(record, self._ctx.time_ms)
            if code:
                return code
        return ""

    def price(self, grant: str) -> GrantPrice:
        """Who is paid for one use of the grant, and how much; raises `GrantNotFound`."""
        record = GRANTS.require(self._ctx.state, errors.GrantNotFound, grant)
        return GrantPrice(record.owner, record.terms.price_points)

    def _held_by(self, flow: str) -> list[GrantRecord]:
        held = []
        for grant in grants_of_flow(self._ctx.state, flow):
            use = USES.get(self._ctx.state, grant, flow)
            if use is not None and use.state == "RESERVED":
                held.append(GRANTS.require(self._ctx.state, errors.GrantNotFound, grant))
        return held

    def _put(
        self, record: GrantRecord, flow: str, state: UseState, event: type[events.UseEvent]
    ) -> None:
        ctx = self._ctx
        GRANTS.put(ctx.state, record, record.id)
        USES.put(ctx.state, UseRecord(state=state), record.id, flow)
        ctx.emit(
            event(
                grant=record.id,
                flow=flow,
                consumer=record.consumer,
                uses_left=rules.uses_left(record),
                reserved=record.reserved,
                consumed=record.consumed,
                standing=record.standing,
            )
        )
