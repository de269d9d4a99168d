"""Privacy budgets in the views: what the contract says, after every block."""

from __future__ import annotations

import pytest
from contract_network import Network
from contract_story import Story, steps
from msgspec.structs import replace
from projected_chain import Chain

from hanse.contracts.privacy.messages import EndBudget, SetBudget
from hanse.node.database.engine import Database
from hanse.node.errors import NothingFound
from hanse.node.views.queries import privacy
from hanse.node.views.queries.paging import PageRequest


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


@pytest.mark.parametrize(
    ("millionths", "text"), [(0, "0"), (1, "0.000001"), (1_500_000, "1.5"), (20_000_000, "20")]
)
def test_millionths_are_shown_as_epsilon(millionths: int, text: str) -> None:
    assert privacy.epsilon_of(millionths) == text
