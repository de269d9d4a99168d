"""Flows, their steps, attempts and signed reports."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from hanse.contracts.flows import events
from hanse.node.views.fact import Fact, Projection, change, put, to_json
from hanse.node.views.tables import attempts, flow_parties, flows, reports, steps

projection = Projection("flows")


@projection.on(events.FlowDeployed)
def deployed(connection: Connection, fact: Fact, event: events.FlowDeployed) -> None:
    """A new flow with all its steps waiting."""
    spec = event.spec
    values = {
        "position": fact.position,
        "initiator": event.initiator,
        "name": spec.name,
        "purpose": spec.purpose,
        "state": "REQUESTED",
        "spec": to_json(spec),
        "payments": to_json(event.payments),
        "paid": False,
        "price_points": event.price_points,
        "steps_done": 0,
        "steps_total": len(spec.steps),
        "consumed": False,
        "cause": "",
        "code": "",
        "reason": "",
        "created_ms": fact.time_ms,
        "updated_ms": fact.time_ms,
        "transaction": fact.transaction,
    }
    put(connection, flows, {"id": event.flow}, values)
    for alias, did in sorted(spec.parties.items()):
        put(connection, flow_parties, {"did": did, "flow": event.flow}, {"alias": alias})
    for place, step in enumerate(spec.steps):
        put(connection, steps, {"flow": event.flow, "step": step.id}, _waiting(place))


@projection.on(events.StepRequested)
def step_requested(connection: Connection, fact: Fact, event: events.StepRequested) -> None:
    """An attempt begins."""
    _step(
        connection,
        event.flow,
        event.step,
        state="REQUESTED",
        attempt=event.attempt,
        deadline_ms=event.deadline_ms,
        requested_ms=fact.time_ms,
        started_ms=0,
        completed_ms=0,
    )
    key = {"flow": event.flow, "step": event.step, "attempt": event.attempt}
    values = {
        "state": "OPEN",
        "manifest": "",
        "requested_ms": fact.time_ms,
        "started_ms": 0,
        "ended_ms": 0,
    }
    put(connection, attempts, key, values)
    _touch(connection, fact, event.flow)


@projection.on(events.StepStarted)
def step_started(connection: Connection, fact: Fact, event: events.StepStarted) -> None:
    """All parties agreed on the session."""
    _step(connection, event.flow, event.step, state="STARTED", started_ms=fact.time_ms)
    _attempt(connection, event, manifest=event.manifest, started_ms=fact.time_ms)
    _touch(connection, fact, event.flow)


@projection.on(events.StepCompleted)
def step_completed(connection: Connection, fact: Fact, event: events.StepCompleted) -> None:
    """All parties are done."""
    _step(connection, event.flow, event.step, state="COMPLETED", completed_ms=fact.time_ms)
    _attempt(connection, event, state="COMPLETED", ended_ms=fact.time_ms)
    _count_done(connection, event.flow)
    _touch(connection, fact, event.flow)


@projection.on(events.AttemptFailed)
def attempt_failed(connection: Connection, fact: Fact, event: events.AttemptFailed) -> None:
    """An attempt ended for everybody; without another one the step ends too."""
    if not event.retry:
        _step(connection, event.flow, event.step, state="TERMINATED")
    _attempt(connection, event, state="FAILED", ended_ms=fact.time_ms)
    _report(connection, fact, event)
    _touch(connection, fact, event.flow)


@projection.on(events.AttemptReported)
def attempt_reported(connection: Connection, fact: Fact, event: events.AttemptReported) -> None:
    """A further account of a failure."""
    _report(connection, fact, event)


@projection.on(events.AttemptCancelled)
def attempt_cancelled(connection: Connection, fact: Fact, event: events.AttemptCancelled) -> None:
    """Ended without a fault."""
    _attempt(connection, event, state="CANCELLED", ended_ms=fact.time_ms)


@projection.on(events.FlowStarted)
def flow_started(connection: Connection, fact: Fact, event: events.FlowStarted) -> None:
    """The first step runs; the uses are spent."""
    _flow(connection, fact, event.flow, state="STARTED", consumed=True)


@projection.on(events.FlowSuspended)
def flow_suspended(connection: Connection, fact: Fact, event: events.FlowSuspended) -> None:
    """Paused."""
    _flow(connection, fact, event.flow, state="SUSPENDED", reason=event.reason)
    where = (steps.c.flow == event.flow, steps.c.state.in_(("REQUESTED", "STARTED")))
    connection.execute(update(steps).where(*where).values(state="SUSPENDED"))


@projection.on(events.FlowResumed)
def flow_resumed(connection: Connection, fact: Fact, event: events.FlowResumed) -> None:
    """Goes on with fresh attempts, which follow as events of their own."""
    _flow(connection, fact, event.flow, state=_running(connection, event.flow), reason="")


@projection.on(events.FlowRerun)
def flow_rerun(connection: Connection, fact: Fact, event: events.FlowRerun) -> None:
    """A step and its successors start over."""
    for step in event.reset:
        _step(connection, event.flow, step, state="WAITING", started_ms=0, completed_ms=0)
    state = _running(connection, event.flow)
    cleared = {"cause": "", "code": "", "reason": "", "paid": False}
    _flow(connection, fact, event.flow, state=state, **cleared)
    _count_done(connection, event.flow)


@projection.on(events.FlowCompleted)
def flow_completed(connection: Connection, fact: Fact, event: events.FlowCompleted) -> None:
    """Done and paid."""
    payments = to_json(event.payments)
    values = {"state": "COMPLETED", "cause": "completed", "paid": True, "payments": payments}
    _flow(connection, fact, event.flow, **values)


@projection.on(events.FlowTerminated)
def flow_terminated(connection: Connection, fact: Fact, event: events.FlowTerminated) -> None:
    """Ended early."""
    _flow(
        connection,
        fact,
        event.flow,
        state="TERMINATED",
        cause=event.cause,
        code=event.code,
        reason=event.reason,
    )
    # A step that was never requested has no record on the ledger either: it waits.
    where = (steps.c.flow == event.flow, steps.c.state != "COMPLETED", steps.c.attempt > 0)
    connection.execute(update(steps).where(*where).values(state="TERMINATED"))


def _waiting(place: int) -> dict[str, object]:
    return {
        "place": place,
        "state": "WAITING",
        "attempt": 0,
        "deadline_ms": 0,
        "requested_ms": 0,
        "started_ms": 0,
        "completed_ms": 0,
    }


def _running(connection: Connection, flow: str) -> str:
    query = select(flows.c.consumed).where(flows.c.id == flow)
    return "STARTED" if connection.execute(query).scalar_one() else "REQUESTED"


def _flow(connection: Connection, fact: Fact, flow: str, **values: Any) -> None:
    change(connection, flows, {"id": flow}, updated_ms=fact.time_ms, **values)


def _touch(connection: Connection, fact: Fact, flow: str) -> None:
    change(connection, flows, {"id": flow}, updated_ms=fact.time_ms)


def _step(connection: Connection, flow: str, step: str, **values: Any) -> None:
    change(connection, steps, {"flow": flow, "step": step}, **values)


def _attempt(connection: Connection, event: Any, **values: Any) -> None:
    key = {"flow": event.flow, "step": event.step, "attempt": event.attempt}
    change(connection, attempts, key, **values)


def _count_done(connection: Connection, flow: str) -> None:
    done = select(func.count()).where(steps.c.flow == flow, steps.c.state == "COMPLETED")
    change(connection, flows, {"id": flow}, steps_done=connection.execute(done).scalar_one())


def _report(
    connection: Connection, fact: Fact, event: events.AttemptFailed | events.AttemptReported
) -> None:
    connection.execute(
        insert(reports).values(
            position=fact.position,
            flow=event.flow,
            step=event.step,
            attempt=event.attempt,
            party=event.party,
            phase=event.phase,
            code=event.code,
            message=event.message,
            blamed=",".join(event.blamed),
            transaction=fact.transaction,
            time_ms=fact.time_ms,
        )
    )
