"""The flows contract: handlers of its messages."""

from __future__ import annotations

from hanse.contracts.flows import control, deploy, events, messages, sessions
from hanse.contracts.flows.needs import NEEDS
from hanse.contracts.flows.types import FlowParameters
from hanse.ledger.contract.contract import Contract

SPEC = Contract(
    name="flows",
    version=1,
    handlers={
        messages.DeployFlow: deploy.deploy,
        messages.ConfirmSession: sessions.confirm,
        messages.ReportOutcome: sessions.report_outcome,
        messages.ReportFailure: sessions.report_failure,
        messages.SuspendFlow: control.suspend,
        messages.ResumeFlow: control.resume,
        messages.TerminateFlow: control.terminate,
        messages.RerunFlow: control.rerun,
        messages.Tick: control.tick,
    },
    genesis=deploy.begin,
    genesis_type=FlowParameters,
    needs=NEEDS,
    events=(
        events.FlowDeployed,
        events.StepRequested,
        events.SessionConfirmed,
        events.StepStarted,
        events.OutcomeReported,
        events.StepCompleted,
        events.AttemptFailed,
        events.AttemptReported,
        events.AttemptCancelled,
        events.FlowStarted,
        events.FlowSuspended,
        events.FlowResumed,
        events.FlowRerun,
        events.FlowCompleted,
        events.FlowTerminated,
    ),
)
