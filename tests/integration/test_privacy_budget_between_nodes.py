"""A privacy budget between real nodes: every attempt charged, exhausted refused, no way around."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from command_line import CommandLine
from market import FLOW_S, Market, code_of
from network_harness import MemberPlan, SmallNetwork, small_network

from hanse.api.flows import FlowView
from hanse.sdk.waiting import wait_until

ROWS = 60
OPERATORS = ["align", "private_report", "summary", "retrieval_setup", "retrieve"]
MEMBERS = [
    MemberPlan("bank", ["data_consumer", "data_provider"]),
    MemberPlan("shop", ["data_provider"]),
]
HEAD = """
hanse: 1
name: spending
purpose: credit-risk
parties: {{bank: {bank}, shop: {shop}}}
data:
  applications: {{owner: bank, dataset: {applications}, fields: [id, y]}}
  purchases: {{owner: shop, dataset: {purchases}, fields: [id, spend], grant: {grant}}}
compute: {{nodes: [bank, shop]}}
receivers: [bank]
defaults: {{attempts: 3, deadline_seconds: 240}}
steps:
  - id: align
    operator: align
    inputs: {{left: applications, right: purchases}}
    parameters: {{left_key: id, right_key: id}}
"""
NOISY = (
    HEAD
    + """
  - id: report
    operator: private_report
    inputs: {{table: align.table}}
    parameters: {{epsilon: {epsilon}, columns: ["spend:0:1000"], by: ["y:0,1"]}}
"""
)
EXACT = (
    HEAD
    + """
  - id: report
    operator: summary
    inputs: {{table: align.table}}
"""
)
LOOKING_UP = """
hanse: 1
name: limits
purpose: credit-risk
parties: {{bank: {bank}, shop: {shop}}}
data:
  purchases: {{owner: shop, dataset: {purchases}, fields: [id, spend], grant: {grant}}}
receivers: [bank]
steps:
  - id: setup
    operator: retrieval_setup
    inputs: {{table: purchases}}
    parameters: {{table_key: id, payload: [spend]}}
"""


class Guarded(Market):
    """A market whose shop's dataset is going to have a budget."""

    def __init__(self, network: SmallNetwork, root: Path) -> None:
        super().__init__(network, root, OPERATORS)
        spend = np.random.default_rng(3).uniform(0, 1000, ROWS)
        self.spend = spend
        self.publish("bank", ["id,y", *(f"c{i},{i % 2}" for i in range(ROWS))])
        self.publish("shop", ["id,spend", *(f"c{i},{spend[i]:.3f}" for i in range(ROWS))])
        self.dataset = self.datasets["shop"]

    def budget(self) -> tuple[str, str, int]:
        """Spent, left, number of releases, as a node that took no part says."""
        self.network.sync()
        view = self.network["operator"].client("auditor").privacy.show(self.dataset)
        return view.spent_epsilon, view.left_epsilon, view.releases

    def killed_while_reporting(self, flow: str) -> FlowView:
        """The flow's end, though the shop's node is killed as soon as the report has begun."""
        flows = self.network["bank"].client("analyst").flows
        wait_until(
            lambda: {step.id: step.state for step in flows.get(flow).steps}["report"],
            lambda state: state == "STARTED",
            what="the start of the report",
            timeout_s=FLOW_S,
        )
        self.network["shop"].kill()
        self.network["shop"].start()
        return self.ended(flow)

    def ended(self, flow: str) -> FlowView:
        flows = self.network["bank"].client("analyst").flows
        return wait_until(
            lambda: flows.get(flow),
            lambda view: view.state in ("COMPLETED", "TERMINATED"),
            what="the end of the flow",
            timeout_s=FLOW_S,
        )


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    root = tmp_path_factory.mktemp("guarded")
    with small_network(root, MEMBERS, suite="intl") as network:
        yield Guarded(network, root)


@pytest.mark.long
def test_every_attempt_is_charged_and_an_empty_budget_ends_it(guarded: Guarded) -> None:
    network = guarded.network
    analyst = network["bank"].client("analyst")
    shop = CommandLine(network["shop"], "steward", guarded.root)
    person = CommandLine(network["bank"], "analyst", guarded.root)
    service = _service(guarded)
    assert shop("privacy", "set", guarded.dataset, "1").code == 0
    network.sync()
    # Said before it runs, by command line and SDK.
    text = guarded.text(NOISY, epsilon="0.4")
    file = guarded.root / "report.yaml"
    file.write_text(text, "utf-8")
    checked = person.json("flows", "check", str(file))
    assert [step["charges"] for step in checked["steps"]] == [{}, {guarded.dataset: "0.4"}]
    (planned,) = analyst.flows.check(text).budgets
    shown = (planned.charge_epsilon, planned.most_epsilon, planned.left_epsilon)
    assert (shown, planned.problem) == (("0.4", "1.2", "1"), "")
    assert guarded.dataset in person("flows", "check", str(file)).text
    # Charged once.
    flow = analyst.flows.deploy(text).id
    assert guarded.ended(flow).state == "COMPLETED"
    assert guarded.budget() == ("0.4", "0.6", 1)
    report = json.loads(analyst.flows.result(flow, "report", "report"))
    assert report["rows"] == ROWS
    # Every attempt again, when a node is killed in the middle.
    ended = guarded.killed_while_reporting(
        analyst.flows.deploy(guarded.text(NOISY, epsilon="0.1")).id
    )
    assert ended.state == "COMPLETED"
    attempts = {step.id: step.attempt for step in ended.steps}["report"]
    assert attempts > 1
    spent, left, releases = guarded.budget()
    assert (float(spent), releases) == (pytest.approx(0.4 + 0.1 * attempts), 1 + attempts)
    charged = shop.json("privacy", "releases", guarded.dataset)["items"]
    assert [one["attempt"] for one in charged] == [*range(attempts, 0, -1), 1]
    # More than is left: refused before anything runs.
    more = guarded.text(NOISY, epsilon=f"{float(left) + 0.1:.6f}")
    assert [one.problem for one in analyst.flows.check(more).budgets] == ["privacy.budget_spent"]
    assert code_of(lambda: analyst.flows.deploy(more)) == "privacy.budget_spent"
    # Enough for one attempt, not for two: the second ends the flow.
    once = analyst.flows.deploy(guarded.text(NOISY, epsilon=left)).id
    ended = guarded.killed_while_reporting(once)
    assert (ended.state, ended.code) == ("TERMINATED", "privacy.budget_spent")
    assert guarded.budget() == ("1", "0", 2 + attempts)
    _refused_without_noise(guarded, service)


def _service(guarded: Guarded) -> str:
    """A service of exact look-ups, from before there was a budget, with uses reserved."""
    network = guarded.network
    flow = guarded.run(LOOKING_UP)
    shop, bank = network["shop"].client("steward"), network["bank"].client("steward")
    service = shop.services.offer(
        "retrieval", flow, "setup", "service", name="limits", receiver=network["bank"].did,
        purpose="credit-risk", not_after_ms=2**50, uses=20,
    ).id  # fmt: skip
    network.sync()
    bank.services.accept(service)
    analyst = network["bank"].client("analyst")
    analyst.services.reserve(service, 10)
    network.sync()
    rows = analyst.services.retrieve(service, ["c1"]).rows
    assert rows[0][0]["spend"] == pytest.approx(guarded.spend[1], abs=1e-3)
    return service


def _refused_without_noise(guarded: Guarded, service: str) -> None:
    network = guarded.network
    bank, shop = network["bank"].client("analyst"), network["shop"].client("steward")
    exact = guarded.text(EXACT)
    flow = bank.services.get(service).flow
    for refused in (
        lambda: bank.flows.deploy(exact),
        lambda: shop.services.offer(
            "retrieval", flow, "setup", "service", name="again", receiver=network["bank"].did,
            purpose="credit-risk", not_after_ms=2**50, uses=20,
        ),
        lambda: bank.services.reserve(service, 1),
        lambda: bank.services.retrieve(service, ["c1"]),  # of the uses reserved before
    ):  # fmt: skip
        assert code_of(refused) == "privacy.noise_required"
    assert bank.services.get(service).problem == "privacy.noise_required"
    shop.privacy.end(guarded.dataset, "no longer")
    network.sync()
    assert len(bank.services.retrieve(service, ["c1"]).rows) == 1
