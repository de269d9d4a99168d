"""Handlers: pause, resume, stop, rerun; deadlines."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from hanse.contracts.flows import deploy, errors, events, messages, progress, rules
from hanse.contracts.flows.run import Run
from hanse.contracts.flows.types import FailureReport, RunState, StepRecord
from hanse.ledger.contract.contract import Context

SUSPENDED_CODE = "flows.suspended"
RERUN_CODE = "flows.rerun"


class TickResult(msgspec.Struct, frozen=True):
    """How many attempts a tick found past their deadline."""

    failed: int


def suspend(ctx: Context, message: messages.SuspendFlow) -> None:
    """Pause: cancel open attempts; points and uses stay held."""
    run = Run.load(ctx, message.flow)
    run.require_initiator()
    run.require_running()
    if progress.end_if_not_granted(run):
        return
    for step in run.steps:
        progress.cancel_attempt(run, step, SUSPENDED_CODE)
        record = run.step(step)
        if record is not None and record.state in progress.OPEN:
            run.put_step(step, replace(record, state="SUSPENDED"))
    run.put_flow(state="SUSPENDED", reason=message.reason)
    ctx.emit(events.FlowSuspended(flow=run.id, party=ctx.sender, reason=message.reason))


def resume(ctx: Context, message: messages.ResumeFlow) -> None:
    """Continue with fresh attempts, which do not count as retries."""
    run = Run.load(ctx, message.flow)
    run.require_initiator()
    run.require_live()
    if run.flow.state != "SUSPENDED":
        raise errors.NotSuspended()
    if progress.end_if_not_granted(run):
        return
    run.put_flow(state=_running(run), reason="")
    ctx.emit(events.FlowResumed(flow=run.id))
    for step in run.steps:
        record = run.step(step)
        if record is not None and record.state == "SUSPENDED":
            progress.request_step(run, step)


def terminate(ctx: Context, message: messages.TerminateFlow) -> None:
    """Stop the flow for everybody; any party may."""
    run = Run.load(ctx, message.flow)
    run.require_party()
    run.require_live()
    code = errors.TerminatedByParty.code
    progress.end_flow(run, "party", code, message.reason, ctx.sender)


def rerun(ctx: Context, message: messages.RerunFlow) -> None:
    """Run a step and all that read from it again, on the same use.

    A flow that failed is taken up again in a new round, with new escrow; one that completed,
    or that a party or a lost grant ended, is over.
    """
    run = Run.load(ctx, message.flow)
    run.require_initiator()
    run.spec_of(message.step)
    if run.step(message.step) is None:
        raise errors.StepNotRequested()
    if run.flow.state == "TERMINATED" and run.flow.cause == "failure":
        run.put_flow(round=run.flow.round + 1, cause="", code="", reason="", state=_running(run))
        deploy.reserve_again(run)
    else:
        run.require_running()
        if progress.end_if_not_granted(run):
            return
    reset = _reset(run, message.step)
    ctx.emit(events.FlowRerun(flow=run.id, step=message.step, reset=reset, round=run.flow.round))
    progress.request_ready(run)


def tick(ctx: Context, message: messages.Tick) -> TickResult:
    """Fail attempts past their deadline, blaming the parties that did not act."""
    run = Run.load(ctx, message.flow)
    run.require_running()
    failed = 0
    if progress.end_if_not_granted(run):
        return TickResult(failed)
    for step in run.steps:
        record = run.step(step)
        if record is None or not _is_overdue(record, ctx.time_ms):
            continue
        progress.fail_attempt(run, step, record, _overdue(run, step, record))
        failed += 1
        if run.flow.state == "TERMINATED":
            break
    return TickResult(failed)


def _is_overdue(record: StepRecord, now_ms: int) -> bool:
    return record.state in progress.OPEN and now_ms > record.deadline_ms


def _overdue(run: Run, step: str, record: StepRecord) -> FailureReport:
    attempt = run.attempt(step, record.attempt)
    started = record.state == "STARTED"
    acted = attempt.reported if started else attempt.confirmed
    return FailureReport(
        party="",
        phase="compute" if started else "session",
        code=errors.DeadlinePassed.code,
        message=errors.DeadlinePassed.help,
        blamed=[did for did in run.dids(step) if did not in acted],
        time_ms=run.ctx.time_ms,
    )


def _reset(run: Run, step: str) -> list[str]:
    """Let the step, its descendants and whatever the flow's end stopped wait again."""
    plan = rules.make_plan(run.deployed.spec)
    again = rules.descendants(plan, step)
    reset = []
    completed = run.flow.completed
    for other in plan.order:
        record = run.step(other)
        if record is None or (other not in again and record.state != "TERMINATED"):
            continue
        progress.cancel_attempt(run, other, RERUN_CODE)
        completed -= 1 if record.state == "COMPLETED" else 0
        run.put_step(other, replace(record, state="WAITING", failures=0))
        reset.append(other)
    run.put_flow(completed=completed)
    return reset


def _running(run: Run) -> RunState:
    return "STARTED" if run.flow.consumed else "REQUESTED"
