"""Privacy budgets in the views: what the contract says, after every block."""

from __future__ import annotations

import pytest
from contract_network import Network
from contract_story import Story, steps
from msgspec.structs import replace
from projected_chain import Chain

from hanse.contracts.flows.spec import StepSpec
from hanse.contracts.privacy.messages import EndBudget, SetBudget
from hanse.node.database.engine import Database
from hanse.node.errors import NothingFound
from hanse.node.views.queries import privacy
from hanse.node.views.queries.paging import PageRequest
from hanse.node.views.queries.planned_budgets import PlannedBudgets, plan_budgets


@pytest.fixture
def told(database_url: str, monkeypatch):
    """The usual story, with every block projected from the first on."""
    database = Database.open(database_url, durable=False)
    made: list[Chain] = []
    post_init = Network.__post_init__

    def follow(self: Network) -> None:
        post_init(self)
        made.append(Chain(self, database))

    monkeypatch.setattr(Network, "__post_init__", follow)
    yield Story(uses=3), database
    database.close()


def test_budget_and_its_charges_are_shown(told) -> None:
    story, database = told
    story.net.send("merchant", SetBudget(story.dataset, 2_500_000))
    align, split, report = steps()[:3]
    report = replace(report, parameters={"epsilon": "0.4"})
    flow = story.deploy(steps=[align, split, report])
    for step in ("align", "split"):
        story.run_step(flow, step)
    story.confirm(flow, "report")
    story.fail(flow, "report", "merchant")
    story.run_step(flow, "report")
    with database.read() as connection:
        shown = privacy.get_budget(connection, story.dataset)
        assert privacy.list_budgets(connection, PageRequest()).items == [shown]
        with pytest.raises(NothingFound):
            privacy.get_budget(connection, story.own)
    assert (shown.total_epsilon, shown.spent_epsilon, shown.left_epsilon) == ("2.5", "0.8", "1.7")
    assert (shown.state, shown.releases) == ("ACTIVE", 2)
    state = story.net.state
    first = privacy.list_releases(state, story.dataset, PageRequest(limit=1))
    (newest,) = first.items
    assert (newest.flow, newest.step, newest.attempt, newest.epsilon) == (flow, "report", 2, "0.4")
    rest = privacy.list_releases(state, story.dataset, PageRequest(limit=1, after=first.next))
    assert [release.attempt for release in rest.items] == [1]
    assert rest.next == ""
    with pytest.raises(NothingFound):
        privacy.list_releases(state, story.own, PageRequest())
    story.net.send("merchant", EndBudget(story.dataset))
    with database.read() as connection:
        assert privacy.get_budget(connection, story.dataset).state == "ENDED"


def test_check_says_what_each_attempt_and_all_would_charge() -> None:
    story = Story(uses=3)
    align, split, report = steps()[:3]
    noisy = replace(report, parameters={"epsilon": "0.4"}, max_attempts=3)

    def planned(report: StepSpec) -> PlannedBudgets:
        spec = story.spec(steps=[align, split, report])
        return plan_budgets(story.net.state, spec, {story.net.did("merchant"): "Shop"})

    assert planned(noisy) == ({"align": {}, "split": {}, "report": {}}, [])
    story.net.send("merchant", SetBudget(story.dataset, 1_000_000))
    found = planned(noisy)
    assert found.steps == {"align": {}, "split": {}, "report": {story.dataset: "0.4"}}
    (budget,) = found.budgets
    assert (budget.dataset, budget.owner_name, budget.problem) == (story.dataset, "Shop", "")
    shown = (budget.charge_epsilon, budget.most_epsilon, budget.left_epsilon)
    assert shown == ("0.4", "1.2", "1")
    much = replace(report, parameters={"epsilon": "1.000001"})
    assert [one.problem for one in planned(much).budgets] == ["privacy.budget_spent"]
    assert [one.problem for one in planned(report).budgets] == ["privacy.noise_required"]
    story.net.send("merchant", EndBudget(story.dataset))
    assert planned(report).budgets == []


def test_check_and_contract_agree_on_what_a_flow_is_charged() -> None:
    story = Story(uses=3)
    story.net.send("merchant", SetBudget(story.dataset, 1_000_000))
    align, split, report = steps()[:3]
    parts = [align, split, replace(report, parameters={"epsilon": "0.4"})]
    (before,) = plan_budgets(story.net.state, story.spec(steps=parts), {}).budgets
    flow = story.deploy(steps=parts)
    for step in ("align", "split", "report"):
        story.run_step(flow, step)
    (after,) = plan_budgets(story.net.state, story.spec(steps=parts), {}).budgets
    assert (before.charge_epsilon, before.left_epsilon) == ("0.4", "1")
    assert after.left_epsilon == "0.6"


@pytest.mark.parametrize(
    ("millionths", "text"), [(0, "0"), (1, "0.000001"), (1_500_000, "1.5"), (20_000_000, "20")]
)
def test_millionths_are_shown_as_epsilon(millionths: int, text: str) -> None:
    assert privacy.epsilon_of(millionths) == text
