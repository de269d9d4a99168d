"""A flow from deployment to settlement, and everything that ends it earlier."""

from __future__ import annotations

import pytest
from contract_story import (
    FEE,
    MANIFEST,
    OTHER_MANIFEST,
    PRICE,
    Story,
    failure,
    get_final_grant,
    outcome,
    publish,
)
from msgspec.structs import replace

from hanse.contracts.evidence.queries import find_evidence
from hanse.contracts.flows import errors
from hanse.contracts.flows.invariants import check_flow
from hanse.contracts.flows.messages import (
    ConfirmSession,
    DeployFlow,
    RerunFlow,
    ResumeFlow,
    SuspendFlow,
    TerminateFlow,
    Tick,
)
from hanse.contracts.flows.queries import get_attempt, overdue_steps
from hanse.contracts.flows.spec import DataUse
from hanse.contracts.identity.errors import MemberNotFound, MemberSuspendedError
from hanse.contracts.identity.messages import SuspendMember
from hanse.contracts.points.errors import AccountFrozenError, InsufficientPoints
from hanse.contracts.points.messages import FreezeAccount
from hanse.contracts.points.queries import get_escrow
from hanse.contracts.rights import errors as rights_errors
from hanse.contracts.rights.messages import RevokeGrant
from hanse.contracts.rights.queries import get_use
from hanse.core.errors import HanseError


@pytest.fixture
def story() -> Story:
    return Story()


@pytest.fixture
def flow(story: Story) -> str:
    return story.deploy()


def test_deploy_granted_flow_reserves_use_and_escrows_price(story: Story) -> None:
    result = story.net.send("bank", DeployFlow(story.spec()))
    flow = result.result.flow
    assert result.names() == ["UseReserved", "PointsHeld", "FlowDeployed", "StepRequested"]
    assert result.data("StepRequested")["step"] == "align"
    assert story.flow(flow).state == "REQUESTED"
    assert (story.grant_record().reserved, story.grant_record().consumed) == (1, 0)
    assert (story.balance("bank"), story.held()) == (1_000 - PRICE - FEE, PRICE + FEE)
    check_flow(story.net.state, flow)


def test_run_whole_flow_pays_owner_and_compute_provider_once(story: Story, flow: str) -> None:
    names = story.run_all(flow)
    assert story.flow(flow).state == "COMPLETED"
    assert names.count("FlowStarted") == names.count("UseConsumed") == 1
    assert names.count("FlowCompleted") == 1
    assert names.count("PointsPaid") == 2
    assert names.count("StepCompleted") == 5
    balances = [story.balance(name) for name in ("bank", "merchant", "compute_1")]
    assert balances == [1_000 - PRICE - FEE, PRICE, FEE]
    assert story.held() == 0
    assert story.grant_record().standing == "USED_UP"
    escrow = get_escrow(story.net.state, f"{flow}/1")
    assert escrow is not None
    assert escrow.state == "SETTLED"
    check_flow(story.net.state, flow)


def test_complete_step_with_two_successors_requests_both(story: Story, flow: str) -> None:
    story.run_step(flow, "align")
    names = story.confirm(flow, "split") + story.report(flow, "split")
    assert names.count("StepRequested") == 2
    assert {story.step(flow, step).state for step in ("report", "train")} == {"REQUESTED"}
    with pytest.raises(errors.StepNotRequested):
        story.confirm(flow, "score", "bank", attempt=1)


def test_confirm_first_step_by_all_consumes_use(story: Story, flow: str) -> None:
    names = story.confirm(flow, "align", "bank")
    assert names == ["SessionConfirmed"]
    assert story.grant_record().consumed == 0
    names = story.confirm(flow, "align", "merchant")
    assert names == ["SessionConfirmed", "UseConsumed", "FlowStarted", "StepStarted"]
    assert (story.grant_record().reserved, story.grant_record().consumed) == (0, 1)
    assert story.flow(flow).state == "STARTED"


def test_report_outcome_records_evidence_of_each_party(story: Story, flow: str) -> None:
    story.run_step(flow, "align")
    for name in ("bank", "merchant"):
        record = find_evidence(story.net.state, flow, "align", 1, story.net.did(name))
        assert record is not None
        assert record.items[0].envelope == {"ciphertext": "c"}
    stranger = story.net.did("stranger")
    assert find_evidence(story.net.state, flow, "align", 1, stranger) is None


# -- repetition and late messages ------------------------------------------------------------
def test_confirm_repeated_changes_nothing(story: Story, flow: str) -> None:
    story.confirm(flow, "align", "bank")
    before = dict(story.net.state.data)
    assert story.confirm(flow, "align", "bank") == []
    assert story.net.state.data == before


def test_repeat_confirm_and_outcome_after_completion_is_accepted(story: Story, flow: str) -> None:
    story.run_all(flow)
    before = dict(story.net.state.data)
    assert story.confirm(flow, "score", attempt=1) == []
    assert story.report(flow, "score", attempt=1) == []
    assert story.net.state.data == before


def test_report_other_outcome_after_first_is_refused(story: Story, flow: str) -> None:
    story.confirm(flow, "align")
    story.report(flow, "align", "bank")
    with pytest.raises(errors.OutcomeDiffers):
        story.net.send("bank", outcome(flow, "align", 1, name="other"))


def test_report_outcome_before_start_is_refused(story: Story, flow: str) -> None:
    story.confirm(flow, "align", "bank")
    with pytest.raises(errors.StepNotStarted):
        story.report(flow, "align", "bank")


def test_confirm_old_attempt_is_refused_and_harmless(story: Story, flow: str) -> None:
    story.confirm(flow, "align", "bank")
    story.fail(flow, "align", "merchant")
    before = dict(story.net.state.data)
    with pytest.raises(errors.StaleAttempt):
        story.confirm(flow, "align", "merchant", attempt=1)
    with pytest.raises(errors.StaleAttempt):
        story.report(flow, "align", "merchant", attempt=1)
    assert story.net.state.data == before


def test_confirm_future_attempt_is_refused(story: Story, flow: str) -> None:
    with pytest.raises(errors.UnknownAttempt):
        story.confirm(flow, "align", "bank", attempt=2)
    with pytest.raises(errors.UnknownAttempt):
        story.fail(flow, "align", "bank", attempt=2)


def test_confirm_unknown_flow_or_step_is_refused(story: Story, flow: str) -> None:
    with pytest.raises(errors.StepNotFound):
        story.net.send("bank", ConfirmSession(flow, "nothing", 1, MANIFEST))
    with pytest.raises(errors.FlowNotFound):
        story.net.send("bank", ConfirmSession("fl-" + "a" * 26, "align", 1, MANIFEST))


# -- manifests -------------------------------------------------------------------------------
def test_confirm_different_manifests_fails_attempt_and_retries(story: Story, flow: str) -> None:
    story.confirm(flow, "align", "bank")
    names = story.confirm(flow, "align", "merchant", manifest=OTHER_MANIFEST)
    assert names == ["SessionConfirmed", "AttemptFailed", "StepRequested"]
    attempt = get_attempt(story.net.state, flow, "align", 1)
    assert attempt is not None
    assert attempt.state == "FAILED"
    assert attempt.reports[0].code == "flows.manifest_mismatch"
    assert attempt.reports[0].blamed == []
    assert story.step(flow, "align").attempt == 2
    assert story.grant_record().consumed == 0


def test_confirm_two_manifests_by_one_party_blames_it(story: Story, flow: str) -> None:
    story.confirm(flow, "align", "bank")
    story.confirm(flow, "align", "bank", manifest=OTHER_MANIFEST)
    attempt = get_attempt(story.net.state, flow, "align", 1)
    assert attempt is not None
    assert attempt.reports[0].blamed == [story.net.did("bank")]


def test_confirm_other_manifest_after_start_is_refused(story: Story, flow: str) -> None:
    story.confirm(flow, "align")
    with pytest.raises(errors.ManifestMismatch):
        story.confirm(flow, "align", "bank", manifest=OTHER_MANIFEST)


# -- failures, retries -----------------------------------------------------------------------
def test_fail_attempt_below_maximum_retries_on_the_same_use(story: Story, flow: str) -> None:
    story.confirm(flow, "align")
    assert story.fail(flow, "align", "bank") == ["AttemptFailed", "StepRequested"]
    story.confirm(flow, "align")
    assert story.grant_record().consumed == 1
    assert story.report(flow, "align").count("StepCompleted") == 1


def test_fail_last_attempt_before_start_releases_use_and_refunds(story: Story, flow: str) -> None:
    story.fail(flow, "align", "bank")
    names = story.fail(flow, "align", "merchant")
    assert names == ["AttemptFailed", "UseReleased", "PointsRefunded", "FlowTerminated"]
    record = story.flow(flow)
    assert (record.state, record.cause, record.code) == (
        "TERMINATED",
        "failure",
        "compute.peer_lost",
    )
    assert (story.grant_record().reserved, story.grant_record().consumed) == (0, 0)
    assert (story.balance("bank"), story.held()) == (1_000, 0)
    check_flow(story.net.state, flow)


def test_fail_last_attempt_after_start_refunds_but_keeps_use_spent(story: Story, flow: str) -> None:
    story.confirm(flow, "align")
    story.fail(flow, "align", "bank")
    story.fail(flow, "align", "bank")
    assert story.flow(flow).state == "TERMINATED"
    assert (story.grant_record().reserved, story.grant_record().consumed) == (0, 1)
    assert (story.balance("bank"), story.balance("merchant")) == (1_000, 0)
    use = get_use(story.net.state, story.grant, flow)
    assert use is not None
    assert use.state == "CONSUMED"


def test_fail_finally_terminates_without_retry(story: Story, flow: str) -> None:
    names = story.fail(flow, "align", "merchant", code="compute.no_common_rows", final=True)
    assert "StepRequested" not in names
    assert story.flow(flow).code == "compute.no_common_rows"


def test_fail_one_branch_finally_terminates_the_other(story: Story, flow: str) -> None:
    story.run_step(flow, "align")
    story.run_step(flow, "split")
    story.confirm(flow, "report")
    story.fail(flow, "train", "compute_1", final=True)
    assert story.step(flow, "report").state == "TERMINATED"
    assert story.attempt_state(flow, "report", 1) == "CANCELLED"
    assert story.attempt_state(flow, "train", 1) == "FAILED"
    with pytest.raises(errors.FlowEnded):
        story.report(flow, "report", "bank")
    check_flow(story.net.state, flow)


def test_report_failed_attempt_by_further_party_is_kept(story: Story, flow: str) -> None:
    story.confirm(flow, "align")
    story.fail(flow, "align", "bank", blamed=story.net.did("merchant"))
    assert story.fail(flow, "align", "merchant", attempt=1) == ["AttemptReported"]
    assert story.fail(flow, "align", "merchant", attempt=1) == []
    with pytest.raises(errors.StaleAttempt):
        story.fail(flow, "align", "merchant", attempt=1, code="compute.other")
    attempt = get_attempt(story.net.state, flow, "align", 1)
    assert attempt is not None
    assert [report.party for report in attempt.reports] == [
        story.net.did("bank"),
        story.net.did("merchant"),
    ]
    assert story.step(flow, "align").attempt == 2


def test_report_failure_of_last_attempt_after_the_end_is_kept(story: Story, flow: str) -> None:
    story.fail(flow, "align", "bank", final=True)
    assert story.fail(flow, "align", "merchant") == ["AttemptReported"]


def test_report_failure_of_completed_step_is_refused(story: Story, flow: str) -> None:
    story.run_step(flow, "align")
    with pytest.raises(errors.StaleAttempt):
        story.fail(flow, "align", "bank")
    with pytest.raises(errors.StepNotRequested):
        story.net.send("bank", failure(flow, "score", 1))


def test_report_failure_blaming_an_outsider_is_refused(story: Story, flow: str) -> None:
    with pytest.raises(errors.UnknownBlamed):
        story.fail(flow, "align", "bank", blamed=story.net.did("compute_1"))


# -- deadlines -------------------------------------------------------------------------------
def test_tick_before_deadline_changes_nothing(story: Story, flow: str) -> None:
    before = dict(story.net.state.data)
    assert story.net.send("auditor", Tick(flow)).result.failed == 0
    assert story.net.state.data == before


def test_tick_after_deadline_blames_who_did_not_confirm(story: Story, flow: str) -> None:
    story.confirm(flow, "align", "bank")
    deadline = story.step(flow, "align").deadline_ms
    assert overdue_steps(story.net.state, flow, deadline) == []
    assert overdue_steps(story.net.state, flow, deadline + 1) == ["align"]
    result = story.net.send("auditor", Tick(flow), after_ms=60_001)
    assert result.result.failed == 1
    assert result.names() == ["AttemptFailed", "StepRequested"]
    assert result.data("AttemptFailed")["blamed"] == [story.net.did("merchant")]
    assert result.data("AttemptFailed")["phase"] == "session"


def test_tick_after_deadline_blames_who_did_not_report(story: Story, flow: str) -> None:
    story.confirm(flow, "align")
    story.report(flow, "align", "merchant")
    result = story.net.send("operator", Tick(flow), after_ms=60_001)
    assert result.data("AttemptFailed")["blamed"] == [story.net.did("bank")]
    assert result.data("AttemptFailed")["phase"] == "compute"


def test_tick_twice_after_deadline_fails_once(story: Story, flow: str) -> None:
    story.net.send("auditor", Tick(flow), after_ms=60_001)
    assert story.net.send("operator", Tick(flow), after_ms=0).result.failed == 0


def test_tick_last_attempt_terminates_all_branches(story: Story, flow: str) -> None:
    story.run_step(flow, "align")
    story.run_step(flow, "split")
    story.net.send("auditor", Tick(flow), after_ms=70_000)
    result = story.net.send("auditor", Tick(flow), after_ms=70_000)
    assert result.result.failed == 1
    assert story.flow(flow).code == "flows.deadline_passed"
    assert overdue_steps(story.net.state, flow, story.net.time_ms + 10**6) == []
    with pytest.raises(errors.FlowEnded):
        story.net.send("auditor", Tick(flow))


def test_report_outcome_late_but_before_a_tick_is_accepted(story: Story, flow: str) -> None:
    story.confirm(flow, "align")
    story.net.time_ms += 100_000
    assert "StepCompleted" in story.report(flow, "align")


# -- revocation and expiry -------------------------------------------------------------------
def test_revoke_before_start_ends_flow_at_next_confirm_and_releases(
    story: Story, flow: str
) -> None:
    story.confirm(flow, "align", "bank")
    story.net.send("merchant", RevokeGrant(story.grant, "changed our mind"))
    names = story.confirm(flow, "align", "merchant")
    assert "StepStarted" not in names
    assert names[-1] == "FlowTerminated"
    record = story.flow(flow)
    assert (record.cause, record.code) == ("grant", "rights.grant_revoked")
    assert (story.grant_record().reserved, story.grant_record().consumed) == (0, 0)
    assert story.balance("bank") == 1_000


@pytest.mark.parametrize("touch", ["outcome", "failure", "tick", "suspend", "confirm"])
def test_revoke_while_running_ends_flow_at_next_touch(touch: str) -> None:
    story = Story()
    flow = story.deploy()
    story.run_step(flow, "align")
    if touch != "confirm":
        story.confirm(flow, "split")
    story.net.send("merchant", RevokeGrant(story.grant, "breach"))
    messages = {
        "outcome": outcome(flow, "split", 1),
        "failure": failure(flow, "split", 1),
        "tick": Tick(flow),
        "suspend": SuspendFlow(flow),
        "confirm": ConfirmSession(flow, "split", 1, MANIFEST),
    }
    result = story.net.send("bank", messages[touch])
    assert result.names()[-1] == "FlowTerminated"
    assert result.data("FlowTerminated")["uses_consumed"] is True
    assert story.flow(flow).code == "rights.grant_revoked"
    assert story.balance("bank") == 1_000
    assert story.balance("merchant") == 0
    check_flow(story.net.state, flow)


def test_resume_after_revocation_ends_flow(story: Story, flow: str) -> None:
    story.net.send("bank", SuspendFlow(flow))
    story.net.send("merchant", RevokeGrant(story.grant))
    assert "FlowTerminated" in story.net.send("bank", ResumeFlow(flow)).names()


def test_rerun_after_revocation_ends_flow(story: Story, flow: str) -> None:
    story.net.send("merchant", RevokeGrant(story.grant))
    assert "FlowTerminated" in story.net.send("bank", RerunFlow(flow, "align")).names()


def test_confirm_after_grant_expired_ends_flow(story: Story, flow: str) -> None:
    story.net.time_ms = story.grant_record().terms.not_after_ms
    story.confirm(flow, "align", "bank")
    assert story.flow(flow).code == "rights.grant_expired"


def test_flow_of_used_up_grant_keeps_running(story: Story, flow: str) -> None:
    story.run_step(flow, "align")
    assert story.grant_record().standing == "USED_UP"
    assert "StepCompleted" in story.run_step(flow, "split")


# -- refusals of the demo --------------------------------------------------------------------
def refused(story: Story, **changes: object) -> str:
    """Deploy changed; returns the code of the refusal and checks that nothing was kept."""
    before = dict(story.net.state.data)
    with pytest.raises(HanseError) as caught:
        story.deploy(**changes)
    assert story.net.state.data == before
    return caught.value.code


def test_deploy_without_grant_is_refused(story: Story) -> None:
    data = dict(story.spec().data)
    purchases = data["purchases"]
    data["purchases"] = replace(purchases, fields=["id"], grant="")
    assert refused(story, data=data) == "flows.grant_missing"


def test_deploy_on_used_up_grant_is_refused(story: Story, flow: str) -> None:
    assert refused(story) == "rights.grant_used_up"
    story.run_all(flow)
    assert refused(story) == "rights.grant_used_up"


def test_deploy_for_another_purpose_is_refused(story: Story) -> None:
    assert refused(story, purpose="marketing") == "rights.purpose_not_granted"


def test_deploy_for_other_fields_is_refused(story: Story) -> None:
    data = dict(story.spec().data)
    purchases = data["purchases"]
    data["purchases"] = replace(purchases, fields=["id", "region"])
    assert refused(story, data=data) == "rights.field_not_granted"


def test_deploy_after_revocation_is_refused(story: Story) -> None:
    story.net.send("merchant", RevokeGrant(story.grant))
    assert refused(story) == "rights.grant_revoked"


def test_deploy_after_the_grants_period_is_refused(story: Story) -> None:
    story.net.time_ms = story.grant_record().terms.not_after_ms
    assert refused(story) == "rights.grant_expired"


def test_deploy_by_another_party_is_refused(story: Story) -> None:
    usual = story.spec()
    mine = publish(story.net, "stranger")
    align = replace(usual.steps[0], owners=["merchant", "stranger"])
    spec = replace(
        usual,
        parties={name: story.net.did(name) for name in ("merchant", "stranger")},
        data={
            "applications": DataUse(owner="stranger", dataset=mine, fields=["id"]),
            "purchases": usual.data["purchases"],
        },
        steps=[align],
        fees={},
    )
    with pytest.raises(rights_errors.GrantNotYours):
        story.net.send("stranger", DeployFlow(spec))


def test_deploy_without_points_is_refused() -> None:
    story = Story(points=PRICE + FEE - 1)
    before = dict(story.net.state.data)
    with pytest.raises(InsufficientPoints):
        story.deploy()
    assert story.net.state.data == before


def test_deploy_from_frozen_account_is_refused_but_running_flow_settles(story: Story) -> None:
    flow = story.deploy()
    story.net.send("operator", FreezeAccount(story.net.did("bank")))
    story.run_all(flow)
    assert story.balance("merchant") == PRICE
    other = Story(uses=2)
    other.net.send("operator", FreezeAccount(other.net.did("bank")))
    with pytest.raises(AccountFrozenError):
        other.deploy()


def test_deploy_twice_on_two_uses_runs_both() -> None:
    story = Story(uses=2)
    first, second = story.deploy(), story.deploy()
    story.run_all(second)
    story.run_all(first)
    assert story.balance("merchant") == 2 * PRICE
    assert story.grant_record().consumed == 2


def test_deploy_free_flow_needs_no_points() -> None:
    story = Story(points=0)
    story.net.send("merchant", RevokeGrant(story.grant))
    story.dataset = publish(story.net, price_points=0)
    story.grant = get_final_grant(story.net, story.dataset)
    flow = story.deploy(fees={})
    story.run_all(flow)
    assert story.flow(flow).state == "COMPLETED"


# -- control ---------------------------------------------------------------------------------
def test_suspend_running_flow_cancels_attempt_and_resume_starts_fresh(
    story: Story, flow: str
) -> None:
    story.confirm(flow, "align")
    result = story.net.send("bank", SuspendFlow(flow, "maintenance"))
    assert result.names() == ["AttemptCancelled", "FlowSuspended"]
    assert story.step(flow, "align").state == "SUSPENDED"
    check_flow(story.net.state, flow)
    with pytest.raises(errors.FlowSuspendedError):
        story.report(flow, "align", "bank")
    with pytest.raises(errors.FlowSuspendedError):
        story.net.send("bank", SuspendFlow(flow))
    with pytest.raises(errors.FlowSuspendedError):
        story.net.send("auditor", Tick(flow))
    assert story.held() == PRICE + FEE
    result = story.net.send("bank", ResumeFlow(flow))
    assert result.names() == ["FlowResumed", "StepRequested"]
    step = story.step(flow, "align")
    assert (step.attempt, step.failures) == (2, 0)
    assert story.flow(flow).state == "STARTED"
    story.run_all(flow)
    assert story.flow(flow).state == "COMPLETED"


def test_resume_flow_that_runs_is_refused(story: Story, flow: str) -> None:
    with pytest.raises(errors.NotSuspended):
        story.net.send("bank", ResumeFlow(flow))


def test_terminate_by_party_ends_flow_for_everybody(story: Story, flow: str) -> None:
    story.confirm(flow, "align")
    result = story.net.send("merchant", TerminateFlow(flow, "wrong data"))
    assert result.names() == ["AttemptCancelled", "PointsRefunded", "FlowTerminated"]
    assert result.data("FlowTerminated")["party"] == story.net.did("merchant")
    assert story.flow(flow).cause == "party"
    with pytest.raises(errors.FlowEnded):
        story.net.send("bank", TerminateFlow(flow))
    with pytest.raises(errors.FlowEnded):
        story.net.send("bank", RerunFlow(flow, "align"))
    with pytest.raises(errors.FlowEnded):
        story.net.send("bank", ResumeFlow(flow))


def test_rerun_completed_step_repeats_it_and_its_successors(story: Story, flow: str) -> None:
    story.run_step(flow, "align")
    story.run_step(flow, "split")
    story.run_step(flow, "report")
    story.confirm(flow, "train")
    result = story.net.send("bank", RerunFlow(flow, "split"))
    assert result.data("FlowRerun")["reset"] == ["split", "report", "train"]
    assert result.names() == ["AttemptCancelled", "FlowRerun", "StepRequested"]
    assert story.step(flow, "split").attempt == 2
    assert story.step(flow, "report").state == "WAITING"
    check_flow(story.net.state, flow)
    for step in ("split", "report", "train", "score"):
        story.run_step(flow, step)
    assert story.flow(flow).state == "COMPLETED"
    assert story.grant_record().consumed == 1
    assert story.balance("merchant") == PRICE


def test_rerun_failed_flow_takes_it_up_on_the_same_use(story: Story, flow: str) -> None:
    story.run_step(flow, "align")
    story.run_step(flow, "split")
    story.run_step(flow, "report")
    story.fail(flow, "train", "bank", final=True)
    assert story.balance("bank") == 1_000
    result = story.net.send("bank", RerunFlow(flow, "train"))
    assert result.data("FlowRerun")["round"] == 2
    assert story.held() == PRICE + FEE
    story.run_step(flow, "train")
    story.run_step(flow, "score")
    assert story.flow(flow).state == "COMPLETED"
    assert story.grant_record().consumed == 1
    assert (story.balance("bank"), story.balance("merchant")) == (1_000 - PRICE - FEE, PRICE)


def test_rerun_failed_flow_that_freed_its_use_takes_another(story: Story, flow: str) -> None:
    story.fail(flow, "align", "bank", final=True)
    other = story.deploy()
    with pytest.raises(rights_errors.GrantUsedUp):
        story.net.send("bank", RerunFlow(flow, "align"))
    story.net.send("bank", TerminateFlow(other))
    story.net.send("bank", RerunFlow(flow, "align"))
    assert story.grant_record().reserved == 1
    story.run_all(flow)
    assert story.balance("merchant") == PRICE


def test_rerun_failed_flow_after_revocation_is_refused(story: Story, flow: str) -> None:
    story.confirm(flow, "align")
    story.fail(flow, "align", "bank", final=True)
    story.net.send("merchant", RevokeGrant(story.grant))
    with pytest.raises(rights_errors.GrantRevokedError):
        story.net.send("bank", RerunFlow(flow, "align"))


def test_rerun_completed_flow_or_waiting_step_is_refused(story: Story, flow: str) -> None:
    with pytest.raises(errors.StepNotRequested):
        story.net.send("bank", RerunFlow(flow, "score"))
    story.run_all(flow)
    with pytest.raises(errors.FlowEnded):
        story.net.send("bank", RerunFlow(flow, "align"))


# -- unauthorised actors ---------------------------------------------------------------------
@pytest.mark.parametrize("actor", ["compute_1", "operator", "auditor", "stranger"])
def test_confirm_or_report_by_non_party_of_step_is_refused(actor: str) -> None:
    story = Story()
    flow = story.deploy()
    before = dict(story.net.state.data)
    for message in (
        ConfirmSession(flow, "align", 1, MANIFEST),
        outcome(flow, "align", 1),
        failure(flow, "align", 1),
    ):
        with pytest.raises(errors.NotAParty):
            story.net.send(actor, message)
    assert story.net.state.data == before


@pytest.mark.parametrize("actor", ["merchant", "compute_1", "operator", "auditor", "stranger"])
def test_control_by_anybody_but_initiator_is_refused(actor: str) -> None:
    story = Story()
    flow = story.deploy()
    for message in (SuspendFlow(flow), ResumeFlow(flow), RerunFlow(flow, "align")):
        with pytest.raises(errors.NotTheInitiator):
            story.net.send(actor, message)


@pytest.mark.parametrize("actor", ["operator", "auditor", "stranger", "compute_2"])
def test_terminate_by_non_party_is_refused(actor: str) -> None:
    story = Story()
    flow = story.deploy()
    with pytest.raises(errors.NotAParty):
        story.net.send(actor, TerminateFlow(flow))


def test_act_as_suspended_or_unknown_member_is_refused(story: Story, flow: str) -> None:
    story.net.send("operator", SuspendMember(story.net.did("merchant")))
    with pytest.raises(MemberSuspendedError):
        story.confirm(flow, "align", "merchant")
    with pytest.raises(MemberNotFound):
        story.net.send("did:hanse:" + "a" * 32, Tick(flow))
    with pytest.raises(MemberSuspendedError):
        story.deploy()
