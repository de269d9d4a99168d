"""Handlers: what the parties of a step say about an attempt.

Order of checks: party, attempt, repetition, state of the flow, grants, state of the step. So a
repeated message is accepted whatever happened since, a late one is refused and changes
nothing, and a message that finds a grant revoked ends the flow.
"""

from __future__ import annotations

from msgspec.structs import replace

from hanse.contracts.flows import errors, events, messages, progress
from hanse.contracts.flows.needs import Evidence
from hanse.contracts.flows.run import Run
from hanse.contracts.flows.types import AttemptRecord, FailureReport
from hanse.core import canonical
from hanse.core.errors import ConflictError
from hanse.ledger.contract.contract import Context

OUTCOME_DOMAIN = "hanse/outcome/1"


def confirm(ctx: Context, message: messages.ConfirmSession) -> None:
    """Confirm the manifest; the last equal confirmation starts the step."""
    run = Run.load(ctx, message.flow)
    run.require_party_of(message.step)
    step, attempt = run.current(message.step, message.attempt)
    known = attempt.confirmed.get(ctx.sender)
    if known == message.manifest:
        return
    run.require_running()
    if progress.end_if_not_granted(run):
        return
    if step.state != "REQUESTED":
        raise errors.ManifestMismatch("the session was confirmed with another manifest")
    confirmed = {**attempt.confirmed, ctx.sender: message.manifest}
    run.put_attempt(message.step, message.attempt, replace(attempt, confirmed=confirmed))
    _tell_confirmed(ctx, message)
    if known is not None or any(other != message.manifest for other in confirmed.values()):
        blamed = [ctx.sender] if known is not None else []
        report = _found(run, "session", errors.ManifestMismatch, blamed)
        progress.fail_attempt(run, message.step, step, report)
    elif len(confirmed) == len(run.dids(message.step)):
        progress.start_step(run, message.step, step, message.manifest)


def report_outcome(ctx: Context, message: messages.ReportOutcome) -> None:
    """Record a party's evidence; the last outcome completes the step."""
    run = Run.load(ctx, message.flow)
    run.require_party_of(message.step)
    step, attempt = run.current(message.step, message.attempt)
    digest = _digest(ctx, message)
    known = attempt.reported.get(ctx.sender)
    if known == digest:
        return
    if known is not None:
        raise errors.OutcomeDiffers()
    run.require_running()
    if progress.end_if_not_granted(run):
        return
    if step.state != "STARTED":
        raise errors.StepNotStarted()
    evidence = ctx.need(Evidence).record(
        run.id, message.step, message.attempt, ctx.sender, message.evidence
    )
    reported = {**attempt.reported, ctx.sender: digest}
    told = replace(attempt, reported=reported)
    run.put_attempt(message.step, message.attempt, told)
    ctx.emit(
        events.OutcomeReported(
            flow=run.id,
            step=message.step,
            attempt=message.attempt,
            party=ctx.sender,
            evidence=evidence,
        )
    )
    if len(reported) == len(run.dids(message.step)):
        progress.complete_step(run, message.step, step, told)


def report_failure(ctx: Context, message: messages.ReportFailure) -> None:
    """End the attempt for everybody, or add an account to one that failed already."""
    run = Run.load(ctx, message.flow)
    run.require_party_of(message.step)
    if message.blamed and message.blamed not in run.dids(message.step):
        raise errors.UnknownBlamed()
    step = run.step(message.step)
    if step is None:
        raise errors.StepNotRequested()
    attempt = run.attempt(message.step, message.attempt)
    report = FailureReport(
        party=ctx.sender,
        phase=message.phase,
        code=message.code,
        message=message.message,
        blamed=[message.blamed] if message.blamed else [],
        time_ms=ctx.time_ms,
    )
    if attempt.state == "FAILED":
        _add_report(run, message, attempt, report)
        return
    run.current(message.step, message.attempt)
    run.require_running()
    if attempt.state != "OPEN":
        raise errors.StaleAttempt("the attempt is completed")
    if not progress.end_if_not_granted(run):
        progress.fail_attempt(run, message.step, step, report, final=message.final)


def _add_report(
    run: Run, message: messages.ReportFailure, attempt: AttemptRecord, report: FailureReport
) -> None:
    """Keep the first account of each further party; nothing else changes."""
    known = [other for other in attempt.reports if other.party == report.party]
    if known:
        if replace(known[0], time_ms=report.time_ms) == report:
            return
        raise errors.StaleAttempt("the sender has reported this attempt already")
    told = replace(attempt, reports=[*attempt.reports, report])
    run.put_attempt(message.step, message.attempt, told)
    run.ctx.emit(
        events.AttemptReported(
            flow=run.id,
            step=message.step,
            attempt=message.attempt,
            party=report.party,
            phase=report.phase,
            code=report.code,
            message=report.message,
            blamed=report.blamed,
        )
    )


def _tell_confirmed(ctx: Context, message: messages.ConfirmSession) -> None:
    ctx.emit(
        events.SessionConfirmed(
            flow=message.flow,
            step=message.step,
            attempt=message.attempt,
            party=ctx.sender,
            manifest=message.manifest,
        )
    )


def _found(run: Run, phase: str, error: type[ConflictError], blamed: list[str]) -> FailureReport:
    """A report of the ledger itself."""
    return FailureReport(
        party="",
        phase=phase,
        code=error.code,
        message=error.help,
        blamed=blamed,
        time_ms=run.ctx.time_ms,
    )


def _digest(ctx: Context, message: messages.ReportOutcome) -> str:
    items = [canonical.encode(item) for item in message.evidence]
    return ctx.suite.hash(canonical.tagged(OUTCOME_DOMAIN, *items)).hex()
