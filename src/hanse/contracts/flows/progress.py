"""How a flow moves: steps requested, started, completed, failed; flows completed, ended.

Uses and points move here only: uses are consumed when the first step starts; points are paid
on completion or refunded at the end, never both, because a flow ends once per round and each
round has an escrow of its own.
"""

from __future__ import annotations

from msgspec.structs import replace

from hanse.contracts.flows import events, models, rules
from hanse.contracts.flows.budgets import charge_attempt
from hanse.contracts.flows.needs import Algorithms, Escrow, Grants
from hanse.contracts.flows.run import Run
from hanse.contracts.flows.types import AttemptRecord, EndCause, FailureReport, StepRecord
from hanse.core.errors import HanseError

OPEN = ("REQUESTED", "STARTED")


def request_ready(run: Run) -> None:
    """Request every waiting step whose inputs are all there."""
    plan = rules.make_plan(run.deployed.spec)
    records = {step: run.step(step) for step in plan.order}
    for step in plan.order:
        record = records[step]
        waits = record is None or record.state == "WAITING"
        if waits and all(_is_completed(records[source]) for source in plan.sources[step]):
            request_step(run, step)


def request_step(run: Run, step: str) -> None:
    """Start a new attempt of a step: its parties shall agree on a session."""
    now = run.ctx.time_ms
    old = run.step(step)
    record = StepRecord(
        state="REQUESTED",
        attempt=1 if old is None else old.attempt + 1,
        failures=0 if old is None else old.failures,
        deadline_ms=now + run.spec_of(step).deadline_ms,
        requested_ms=now,
    )
    run.put_step(step, record)
    run.put_attempt(step, record.attempt, AttemptRecord())
    run.ctx.emit(
        events.StepRequested(
            flow=run.id,
            step=step,
            attempt=record.attempt,
            deadline_ms=record.deadline_ms,
            parties=run.dids(step),
        )
    )


def start_step(run: Run, step: str, record: StepRecord, manifest: str) -> None:
    """All confirmed: workers may start. The first start consumes the uses of all grants.

    Every start is charged to privacy budgets; one that cannot be paid ends the flow.
    """
    code = charge_attempt(run, step, record.attempt)
    if code:
        end_flow(run, "failure", code, f"a privacy budget does not allow step {step}")
        return
    if not run.flow.consumed:
        run.ctx.need(Grants).consume(run.id)
        models.count_scores(run)
        run.put_flow(consumed=True, state="STARTED")
        run.ctx.emit(events.FlowStarted(flow=run.id))
    run.put_step(step, replace(record, state="STARTED", started_ms=run.ctx.time_ms))
    run.ctx.emit(
        events.StepStarted(flow=run.id, step=step, attempt=record.attempt, manifest=manifest)
    )


def complete_step(run: Run, step: str, record: StepRecord, attempt: AttemptRecord) -> None:
    """All reported: request what follows, or complete the flow."""
    run.put_attempt(step, record.attempt, replace(attempt, state="COMPLETED"))
    run.put_step(step, replace(record, state="COMPLETED", completed_ms=run.ctx.time_ms))
    run.put_flow(completed=run.flow.completed + 1)
    run.ctx.emit(events.StepCompleted(flow=run.id, step=step, attempt=record.attempt))
    if run.flow.completed == run.flow.steps:
        _complete_flow(run)
    else:
        request_ready(run)


def fail_attempt(
    run: Run, step: str, record: StepRecord, report: FailureReport, *, final: bool = False
) -> None:
    """End the current attempt for everybody; retry together, or end the flow."""
    attempt = run.attempt(step, record.attempt)
    failed = replace(attempt, state="FAILED", reports=[*attempt.reports, report])
    run.put_attempt(step, record.attempt, failed)
    failures = record.failures + 1
    retry = failures < run.spec_of(step).max_attempts and not final
    run.put_step(step, replace(record, failures=failures))
    run.ctx.emit(
        events.AttemptFailed(
            flow=run.id,
            step=step,
            attempt=record.attempt,
            party=report.party,
            phase=report.phase,
            code=report.code,
            message=report.message,
            blamed=report.blamed,
            retry=retry,
        )
    )
    if retry:
        request_step(run, step)
    else:
        end_flow(run, "failure", report.code, report.message)


def cancel_attempt(run: Run, step: str, code: str) -> None:
    """End an open attempt without a fault; does nothing when none is open."""
    record = run.step(step)
    if record is None or record.state not in OPEN:
        return
    attempt = run.attempt(step, record.attempt)
    if attempt.state != "OPEN":
        return
    run.put_attempt(step, record.attempt, replace(attempt, state="CANCELLED"))
    run.ctx.emit(events.AttemptCancelled(flow=run.id, step=step, attempt=record.attempt, code=code))


def end_flow(run: Run, cause: EndCause, code: str, reason: str, party: str = "") -> None:
    """Terminate everybody: free uses that were not consumed, refund all points."""
    for step in run.steps:
        cancel_attempt(run, step, code)
        record = run.step(step)
        if record is not None and record.state != "COMPLETED":
            run.put_step(step, replace(record, state="TERMINATED"))
    run.put_flow(state="TERMINATED", cause=cause, code=code, reason=reason)
    run.ctx.need(Grants).release(run.id)
    run.ctx.need(Escrow).refund(run.escrow)
    run.ctx.emit(
        events.FlowTerminated(
            flow=run.id,
            cause=cause,
            code=code,
            reason=reason,
            party=party,
            uses_consumed=run.flow.consumed,
        )
    )


def end_if_not_granted(run: Run) -> bool:
    """End a flow one of whose grants, models or algorithms does not stand; tells whether it did.

    The message that noticed it succeeds, so that the end is written and everybody sees it.
    """
    code = run.ctx.need(Grants).check(run.id)
    if code:
        end_flow(run, "grant", code, "a grant of the flow no longer stands")
        return True
    return _end_if_retired(run) or _end_if_not_approved(run)


def _end_if_retired(run: Run) -> bool:
    """The same for a model of an earlier flow that was retired."""
    needed = {
        name: model
        for name, model in run.deployed.models.items()
        for step in models.readers(run.deployed.spec, name)
        if not _is_completed(run.step(step.id))
    }
    try:
        models.require_in_use(run.ctx, needed)
    except HanseError as error:
        end_flow(run, "grant", error.code, "a model of the flow was retired")
        return True
    return False


def _end_if_not_approved(run: Run) -> bool:
    """The same for a member's algorithm that was withdrawn or is no longer approved."""
    for step in run.deployed.spec.steps:
        record = run.step(step.id)
        if step.operator in rules.OWN_ALGORITHMS and not _is_completed(record):
            level = run.deployed.levels[step.id]
            try:
                run.ctx.need(Algorithms).require_usable(
                    *rules.algorithm_of(step), run.dids(step.id), level
                )
            except HanseError as error:
                end_flow(run, "grant", error.code, "an algorithm of the flow no longer stands")
                return True
    return False


def _complete_flow(run: Run) -> None:
    escrow = run.ctx.need(Escrow)
    for payment in run.deployed.payments:
        if payment.amount_points:
            escrow.pay(run.escrow, payment.to, payment.amount_points)
    escrow.refund(run.escrow)
    run.put_flow(state="COMPLETED", cause="completed")
    run.ctx.emit(events.FlowCompleted(flow=run.id, payments=run.deployed.payments))


def _is_completed(record: StepRecord | None) -> bool:
    return record is not None and record.state == "COMPLETED"
