"""Privacy budgets: who sets them, what flows they refuse, what is charged and when."""

from __future__ import annotations

from typing import Any

import pytest
from contract_network import Network
from contract_story import Story, steps
from msgspec.structs import replace

from hanse.contracts.catalogue.errors import DatasetNotFound
from hanse.contracts.flows.budgets import TELLING
from hanse.contracts.flows.errors import BadEpsilon
from hanse.contracts.flows.invariants import check_flow
from hanse.contracts.flows.messages import DeployFlow, RerunFlow, ResumeFlow, SuspendFlow
from hanse.contracts.flows.spec import DataUse
from hanse.contracts.privacy import errors, messages
from hanse.contracts.privacy.invariants import PrivacyBroken, check_budget
from hanse.contracts.privacy.queries import get_budget, get_releases
from hanse.contracts.privacy.types import BUDGETS, RELEASES, BudgetRecord
from hanse.core.canonical import NotCanonical

NOBODY = "ds-" + "a" * 26


class Guarded:
    """Two datasets, the merchant's with a budget, and flows of one noisy report."""

    def __init__(self, total: int = 1_000_000, uses: int = 5) -> None:
        self.story = Story(uses=uses, points=10_000)
        self.net: Network = self.story.net
        self.dataset = self.story.dataset
        if total:
            self.set(total)

    def set(self, total: int, sender: str = "merchant", dataset: str = "") -> Any:
        return self.net.send(sender, messages.SetBudget(dataset or self.dataset, total))

    def steps(self, epsilon: Any = "0.4", **changes: Any) -> list[Any]:
        align, split, report = steps()[:3]
        parameters = {} if epsilon is None else {"epsilon": epsilon}
        return [align, split, replace(report, parameters=parameters, **changes)]

    def deploy(self, epsilon: Any = "0.4", **changes: Any) -> str:
        return self.story.deploy(steps=self.steps(epsilon, **changes))

    def run(self, flow: str) -> None:
        for step in ("align", "split", "report"):
            self.story.run_step(flow, step)

    def until_report(self, flow: str) -> None:
        for step in ("align", "split"):
            self.story.run_step(flow, step)

    def budget(self) -> BudgetRecord:
        record = get_budget(self.net.state, self.dataset)
        assert record is not None
        return record

    def refuse(
        self, error: type[Exception], sender: str, message: Any, match: str | None = None
    ) -> None:
        before = dict(self.net.state.data)
        with pytest.raises(error, match=match):
            self.net.send(sender, message)
        assert self.net.state.data == before

    def refuse_flow(self, error: type[Exception], match: str | None = None, **changes: Any) -> None:
        self.refuse(error, "bank", DeployFlow(self.story.spec(**changes)), match)

    def check(self, flow: str) -> None:
        check_budget(self.net.state, self.dataset)
        check_flow(self.net.state, flow)


@pytest.fixture
def guarded() -> Guarded:
    return Guarded()


def test_owner_sets_raises_lowers_and_ends_a_budget(guarded: Guarded) -> None:
    assert (guarded.budget().total_millionths, guarded.budget().state) == (1_000_000, "ACTIVE")
    assert guarded.set(2_000_000).data("BudgetSet")["entry"]["total_millionths"] == 2_000_000
    guarded.set(1)
    ended = guarded.net.send("merchant", messages.EndBudget(guarded.dataset, "public now"))
    assert ended.data("BudgetEnded")["reason"] == "public now"
    guarded.refuse(errors.BudgetEnded, "merchant", messages.EndBudget(guarded.dataset))
    guarded.set(5)
    assert (guarded.budget().total_millionths, guarded.budget().state) == (5, "ACTIVE")


def test_only_the_owner_decides(guarded: Guarded) -> None:
    for message in (messages.SetBudget(guarded.dataset, 1), messages.EndBudget(guarded.dataset)):
        guarded.refuse(errors.NotTheOwner, "bank", message)
    guarded.refuse(DatasetNotFound, "bank", messages.SetBudget(NOBODY, 1))
    guarded.refuse(errors.BudgetNotFound, "bank", messages.EndBudget(guarded.story.own))


@pytest.mark.parametrize("total", [0, -1, 10**12 + 1])
def test_total_is_within_bounds(guarded: Guarded, total: int) -> None:
    guarded.refuse(NotCanonical, "merchant", messages.SetBudget(guarded.dataset, total))


def test_a_release_is_charged_when_its_attempt_starts(guarded: Guarded) -> None:
    flow = guarded.deploy()
    guarded.until_report(flow)
    assert guarded.budget().spent_millionths == 0
    names = guarded.story.confirm(flow, "report")
    assert names.index("BudgetCharged") < names.index("StepStarted")
    assert (guarded.budget().spent_millionths, guarded.budget().releases) == (400_000, 1)
    (release,) = get_releases(guarded.net.state, guarded.dataset)
    assert (release.flow, release.step, release.attempt) == (flow, "report", 1)
    guarded.story.report(flow, "report")
    assert guarded.story.flow(flow).state == "COMPLETED"
    assert guarded.budget().spent_millionths == 400_000
    guarded.check(flow)


def test_dataset_without_a_budget_is_charged_nothing() -> None:
    guarded = Guarded(total=0)
    flow = guarded.deploy()
    guarded.run(flow)
    assert get_budget(guarded.net.state, guarded.dataset) is None
    assert get_releases(guarded.net.state, guarded.dataset) == []
    guarded.check(flow)


def test_every_dataset_the_step_descends_from_is_charged(guarded: Guarded) -> None:
    guarded.set(500_000, "bank", guarded.story.own)
    guarded.run(guarded.deploy())
    for dataset in (guarded.dataset, guarded.story.own):
        (release,) = get_releases(guarded.net.state, dataset)
        assert release.millionths == 400_000


def test_retry_is_charged_again(guarded: Guarded) -> None:
    flow = guarded.deploy()
    guarded.until_report(flow)
    guarded.story.confirm(flow, "report")
    guarded.story.fail(flow, "report", "merchant")
    assert guarded.budget().spent_millionths == 400_000
    guarded.story.run_step(flow, "report")
    attempts = [release.attempt for release in get_releases(guarded.net.state, guarded.dataset)]
    assert attempts == [1, 2]
    assert guarded.budget().spent_millionths == 800_000
    guarded.check(flow)


def test_attempt_that_failed_before_it_started_costs_nothing(guarded: Guarded) -> None:
    flow = guarded.deploy()
    guarded.until_report(flow)
    guarded.story.fail(flow, "report", "merchant")
    assert guarded.budget().spent_millionths == 0
    guarded.story.run_step(flow, "report")
    assert guarded.budget().spent_millionths == 400_000


def test_retry_that_cannot_be_paid_ends_the_flow(guarded: Guarded) -> None:
    flow = guarded.deploy("0.6")
    guarded.until_report(flow)
    guarded.story.confirm(flow, "report")
    guarded.story.fail(flow, "report", "merchant")
    names = guarded.story.confirm(flow, "report")
    assert "StepStarted" not in names
    assert names[-1] == "FlowTerminated"
    record = guarded.story.flow(flow)
    assert (record.state, record.code) == ("TERMINATED", "privacy.budget_spent")
    assert guarded.budget().spent_millionths == 600_000
    assert guarded.story.held() == 0
    guarded.check(flow)


def test_flow_ended_by_its_budget_goes_on_once_that_is_raised(guarded: Guarded) -> None:
    flow = guarded.deploy("0.6")
    guarded.until_report(flow)
    guarded.story.confirm(flow, "report")
    guarded.story.fail(flow, "report", "merchant")
    guarded.story.confirm(flow, "report")
    guarded.refuse(errors.BudgetSpent, "bank", RerunFlow(flow, "report"))
    guarded.set(1_200_000)
    guarded.net.send("bank", RerunFlow(flow, "report"))
    guarded.story.run_step(flow, "report")
    assert guarded.story.flow(flow).state == "COMPLETED"
    assert guarded.budget().spent_millionths == 1_200_000
    guarded.check(flow)


def test_resumed_and_repeated_steps_are_charged_again(guarded: Guarded) -> None:
    flow = guarded.deploy("0.25")
    guarded.until_report(flow)
    guarded.story.confirm(flow, "report")
    guarded.net.send("bank", SuspendFlow(flow, "pause"))
    guarded.net.send("bank", ResumeFlow(flow))
    guarded.story.confirm(flow, "report")
    guarded.net.send("bank", RerunFlow(flow, "report"))
    guarded.story.run_step(flow, "report")
    assert guarded.budget().spent_millionths == 750_000
    guarded.check(flow)


def test_third_release_is_refused_when_it_is_deployed(guarded: Guarded) -> None:
    for _ in range(2):
        guarded.run(guarded.deploy())
    guarded.refuse_flow(
        errors.BudgetSpent, f"step report: dataset {guarded.dataset}", steps=guarded.steps()
    )
    guarded.run(guarded.deploy("0.2"))
    assert guarded.budget().spent_millionths == 1_000_000


def test_budget_must_pay_for_every_step_of_a_flow(guarded: Guarded) -> None:
    align, split, report = guarded.steps("0.6")
    twice = [align, split, report, replace(report, id="again")]
    guarded.refuse_flow(errors.BudgetSpent, "step again", steps=twice)


def test_first_step_to_spend_the_rest_wins(guarded: Guarded) -> None:
    first, second = guarded.deploy("0.6"), guarded.deploy("0.6")
    guarded.run(first)
    guarded.until_report(second)
    guarded.story.confirm(second, "report")
    assert guarded.story.flow(second).code == "privacy.budget_spent"
    guarded.check(second)


@pytest.mark.parametrize("epsilon", [None, "0", "0.0", 0])
def test_result_without_noise_is_refused(guarded: Guarded, epsilon: Any) -> None:
    guarded.refuse_flow(
        errors.NoiseRequired,
        f"step report: dataset {guarded.dataset}",
        steps=guarded.steps(epsilon),
    )


@pytest.mark.parametrize("operator", TELLING)
def test_operator_that_tells_owners_is_refused_whoever_receives(
    guarded: Guarded, operator: str
) -> None:
    align, split, report = guarded.steps(None)
    telling = replace(report, operator=operator, receivers=["merchant"])
    guarded.refuse_flow(
        errors.NoiseRequired, f"dataset {guarded.dataset}", steps=[align, split, telling]
    )
    quiet = replace(report, operator="logistic_regression", receivers=["merchant"])
    guarded.story.deploy(steps=[align, split, quiet])


def test_own_results_need_no_noise() -> None:
    guarded = Guarded(total=0)
    guarded.set(1, "bank", guarded.story.own)
    guarded.run(guarded.deploy(None))
    budget = get_budget(guarded.net.state, guarded.story.own)
    assert budget is not None
    assert budget.spent_millionths == 0


def test_budget_set_after_deployment_stops_results_without_noise() -> None:
    guarded = Guarded(total=0)
    flow = guarded.deploy(None)
    guarded.until_report(flow)
    guarded.set(1_000_000)
    guarded.story.confirm(flow, "report")
    assert guarded.story.flow(flow).code == "privacy.noise_required"
    guarded.check(flow)


def test_ended_budget_asks_for_nothing_and_keeps_what_was_spent(guarded: Guarded) -> None:
    guarded.run(guarded.deploy())
    guarded.net.send("merchant", messages.EndBudget(guarded.dataset))
    guarded.run(guarded.deploy(None))
    guarded.run(guarded.deploy("5"))
    assert guarded.budget().spent_millionths == 400_000
    guarded.refuse(
        errors.BelowSpent, "merchant", messages.SetBudget(guarded.dataset, 399_999), "400000"
    )
    guarded.set(400_000)
    guarded.refuse_flow(errors.BudgetSpent, steps=guarded.steps("0.000001"))


@pytest.mark.parametrize(
    ("epsilon", "millionths"),
    [
        ("0.1", 100_000),
        ("0.1000000", 100_000),
        ("0.0000001", 1),
        ("0.1234561", 123_457),
        (1, 10**6),
    ],
)
def test_epsilon_is_counted_in_millionths_rounded_up(
    guarded: Guarded, epsilon: Any, millionths: int
) -> None:
    guarded.run(guarded.deploy(epsilon))
    assert guarded.budget().spent_millionths == millionths


@pytest.mark.parametrize("epsilon", ["-1", "1e3", "", "x", "٣", "100000", -1, True, ["1"], "1."])
def test_epsilon_that_is_no_number_is_refused(guarded: Guarded, epsilon: Any) -> None:
    guarded.refuse_flow(BadEpsilon, "step report", steps=guarded.steps(epsilon))


def test_dataset_that_enters_twice_is_charged_twice(guarded: Guarded) -> None:
    align, split, report = guarded.steps("0.4")
    data = guarded.story.spec().data
    again = DataUse(
        owner="merchant", dataset=guarded.dataset, fields=["id"], grant=guarded.story.grant
    )
    joined = replace(split, inputs={"table": "align.table", "also": "again"})
    guarded.run(guarded.story.deploy(data={**data, "again": again}, steps=[align, joined, report]))
    assert guarded.budget().spent_millionths == 800_000


def test_invariants_notice_what_must_not_be(guarded: Guarded) -> None:
    guarded.run(guarded.deploy())
    budget, dataset = guarded.budget(), guarded.dataset
    (release,) = get_releases(guarded.net.state, dataset)
    for wrong in (
        replace(budget, spent_millionths=1_000_001),
        replace(budget, spent_millionths=1),
        replace(budget, releases=2),
    ):
        BUDGETS.put(guarded.net.state, wrong, dataset)
        with pytest.raises(PrivacyBroken):
            check_budget(guarded.net.state, dataset)
    RELEASES.put(guarded.net.state, release, dataset, 2)
    twice = replace(budget, spent_millionths=800_000, releases=2)
    BUDGETS.put(guarded.net.state, twice, dataset)
    with pytest.raises(PrivacyBroken, match="twice"):
        check_budget(guarded.net.state, dataset)
