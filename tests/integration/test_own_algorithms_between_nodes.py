"""A member's own algorithm between real nodes: published, read, signed by each, run, refused."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from command_line import CommandLine
from market import FLOW_S, Market, code_of
from network_harness import MemberPlan, SmallNetwork, small_network
from own_package import MANIFEST, SOURCE, needs_sandbox

from hanse.api.flows import FlowView
from hanse.sdk.waiting import wait_until

ROWS = 60
NAME = "burden@1.0.0"
WEIGHT = 0.8
MEMBERS = [
    MemberPlan("bank", ["data_consumer", "data_provider"]),
    MemberPlan("shop", ["data_provider"]),
    MemberPlan("lab", ["algorithm_provider", "compute_provider"]),
]
JOINT = """
hanse: 1
name: burden
purpose: credit-risk
parties: {{bank: {bank}, shop: {shop}, lab: {lab}}}
data:
  incomes: {{owner: bank, dataset: {applications}, fields: [id, income]}}
  debts: {{owner: shop, dataset: {purchases}, fields: [id, owed], grant: {grant}}}
compute: {{nodes: [bank, shop, lab]}}
receivers: [bank]
defaults: {{attempts: 6, deadline_seconds: 240}}
steps:
  - id: align
    operator: align
    inputs: {{left: incomes, right: debts}}
    parameters: {{left_key: id, right_key: id}}
  - id: burden
    operator: algorithm
    inputs: {{table: align.table}}
    parameters:
      algorithm: burden@1.0.0
      columns: ["debt=shop.owed"]
      settings: ["weight=0.8"]
"""
PLAIN = """
hanse: 1
name: burden-plain
purpose: credit-risk
parties: {{bank: {bank}, shop: {shop}}}
data:
  accounts: {{owner: shop, dataset: {accounts}, fields: [id, income, debt], grant: {grant}}}
receivers: [bank]
steps:
  - id: burden
    operator: algorithm_plain
    inputs: {{table: accounts}}
    parameters: {{algorithm: burden@1.0.0, settings: ["weight=0.8"]}}
"""

ATTESTED = """
hanse: 1
name: burden-attested
purpose: credit-risk
parties: {{bank: {bank}, shop: {shop}, lab: {lab}}}
data:
  accounts: {{owner: shop, dataset: {accounts}, fields: [id, income, debt], grant: {grant}}}
compute: {{nodes: [lab]}}
receivers: [bank]
steps:
  - id: burden
    operator: algorithm_tee
    protocol: {protocol}
    inputs: {{table: accounts}}
    parameters: {{algorithm: burden@1.0.0, settings: ["weight=0.8"]}}
"""
# The bank and the laboratory accept software workers, the shop at first does not.
DEVELOPING = {"HANSE_COMPUTE__SOFTWARE_WORKERS": "true"}


def number_of(row: dict[str, str]) -> int:
    """Which row of the table a row of the result is, by its key or by its number from 1."""
    return int(row["id"].removeprefix("c")) if "id" in row else int(row["row"]) - 1


class Workshop(Market):
    """A market with a laboratory that writes algorithms and computes."""

    def __init__(self, network: SmallNetwork, root: Path) -> None:
        own = [f"{each}:{NAME}" for each in ("algorithm", "algorithm_plain", "algorithm_tee")]
        super().__init__(network, root, ["align", *own])
        random = np.random.default_rng(5)
        self.income, self.debt = random.uniform(0, 1000, ROWS), random.uniform(0, 1000, ROWS)
        self.expected = WEIGHT * self.debt / (self.income + 1.0)  # the plain function
        rows = list(zip(self.income, self.debt, strict=True))
        both = ["id,income,debt", *(f"c{i},{a:.6f},{b:.6f}" for i, (a, b) in enumerate(rows))]
        self.publish("bank", ["id,income", *(f"c{i},{a:.6f}" for i, (a, _) in enumerate(rows))])
        self.publish("shop", ["id,owed", *(f"c{i},{b:.6f}" for i, (_, b) in enumerate(rows))])
        self.publish("shop", both, name="accounts", level=2)
        self.publish("shop", both, name="secret")  # level 3
        self.folder = root / "burden"
        self.folder.mkdir()
        (self.folder / "manifest.yaml").write_text(MANIFEST, "utf-8")
        (self.folder / "algorithm.py").write_text(SOURCE, "utf-8")

    def joint(self) -> str:
        return self.text(JOINT, lab=self.network["lab"].did)

    def plain(self, name: str) -> str:
        return self.text(PLAIN, accounts=self.datasets[name], grant=self.grant(name))

    def attested(self, name: str, protocol: str) -> str:
        given = {"lab": self.network["lab"].did, "protocol": protocol}
        return self.text(ATTESTED, accounts=self.datasets[name], grant=self.grant(name), **given)

    def ended(self, flow: str) -> FlowView:
        """The flow once it has ended, whichever way."""
        flows = self.network["bank"].client("analyst").flows
        return wait_until(
            lambda: flows.get(flow),
            lambda view: view.state in ("COMPLETED", "TERMINATED"),
            what="the end of the flow",
            timeout_s=FLOW_S,
        )

    def check(self, flow: str, near: float) -> None:
        """Results equal the plain function's."""
        flows = self.network["bank"].client("analyst").flows
        found = flows.result(flow, "burden", "rows").decode()
        rows = {number_of(row): float(row["burden"]) for row in csv.DictReader(io.StringIO(found))}
        # Under MPC: fixed point with 18 fraction bits.
        assert rows == {
            number: pytest.approx(value, rel=near, abs=1e-3)
            for number, value in enumerate(self.expected)
        }

    def kept(self, key: str, fingerprint: str) -> Path:
        """The package as a node keeps it."""
        return self.network[key].home / "algorithms" / fingerprint


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    needs_sandbox()
    root = tmp_path_factory.mktemp("workshop")
    environment = {"bank": DEVELOPING, "lab": DEVELOPING}
    with small_network(
        root, MEMBERS, suite="intl", environment=lambda key: environment.get(key, {})
    ) as network:
        yield Workshop(network, root)


@pytest.mark.long
def test_own_algorithm_is_read_signed_by_each_and_run_on_shares(workshop: Workshop) -> None:
    network = workshop.network
    lab, shop = (CommandLine(network[key], "steward", workshop.root) for key in ("lab", "shop"))
    analyst = CommandLine(network["bank"], "analyst", workshop.root)
    bank = network["bank"].client("steward")
    assert shop.refused("algorithms", "publish", "burden") == "identity.role_required"
    published = lab.json("algorithms", "publish", "burden")
    fingerprint = published["fingerprint"]
    network.sync()
    # Read at another node: what was published, checked against the ledger.
    assert shop("algorithms", "fetch", NAME, "--output", "review").code == 0
    for file in workshop.folder.iterdir():
        assert (workshop.root / "review" / file.name).read_bytes() == file.read_bytes()
    wrong = shop.refused("algorithms", "approve", NAME, "--fingerprint", "0" * 64)
    assert wrong == "algorithms.other_fingerprint"
    assert shop("algorithms", "approve", NAME, "--fingerprint", fingerprint).code == 0
    assert lab("algorithms", "approve", NAME, "--fingerprint", fingerprint).code == 0
    network.sync()
    flow_file = workshop.root / "burden.yaml"
    flow_file.write_text(workshop.joint(), "utf-8")
    # One approval is missing: the bank's own.
    for action in ("check", "deploy"):
        assert analyst.refused("flows", action, str(flow_file)) == "algorithms.not_approved"
    bank.algorithms.approve(NAME, fingerprint)
    shown = bank.algorithms.show(NAME)
    assert len(shown.approved_by) == 3
    assert "read it before approving it" in analyst("flows", "check", str(flow_file)).text
    done = analyst.json("flows", "deploy", str(flow_file), "--wait", "--timeout", str(FLOW_S))
    assert done["state"] == "COMPLETED"
    workshop.check(done["id"], near=1e-2)
    report = analyst.json("flows", "result", done["id"], "burden", "report")
    assert (report["fingerprint"], report["engine"]) == (fingerprint, "spu")
    assert report["outputs"]["mean"] == pytest.approx(workshop.expected.mean(), rel=1e-2)
    top = np.sort(workshop.expected)[-3:]
    assert report["outputs"]["top"] == [pytest.approx(value, rel=1e-2) for value in top]


@pytest.mark.long
def test_own_algorithm_in_plaintext_only_where_levels_allow(workshop: Workshop) -> None:
    fingerprint = approved(workshop)
    analyst = workshop.network["bank"].client("analyst")
    flow = analyst.flows.deploy(workshop.plain("accounts")).id
    assert workshop.ended(flow).state == "COMPLETED"
    workshop.check(flow, near=1e-4)
    assert fingerprint.encode() in analyst.flows.result(flow, "burden", "report")
    secret = workshop.plain("secret")
    assert code_of(lambda: analyst.flows.check(secret)) == "flow.bad_protocol"
    assert code_of(lambda: analyst.flows.deploy(secret)) == "flow.bad_protocol"


@pytest.mark.long
def test_own_algorithm_in_an_attested_worker_that_every_party_accepts(workshop: Workshop) -> None:
    approved(workshop)
    network = workshop.network
    analyst = network["bank"].client("analyst")
    low, secret = workshop.attested("accounts", "software"), workshop.attested("secret", "software")
    assert code_of(lambda: analyst.flows.check(secret)) == "flow.bad_protocol"
    shown = CommandLine(network["bank"], "analyst", workshop.root)
    (workshop.root / "attested.yaml").write_text(low, "utf-8")
    told = " ".join(shown("flows", "check", "attested.yaml").text.split())
    assert "whoever runs the machine can read everything" in told
    ended = workshop.ended(analyst.flows.deploy(low).id)
    assert (ended.state, ended.code) == ("TERMINATED", "attestation.no_policy")
    network["shop"].environment = DEVELOPING
    network["shop"].kill()
    network["shop"].start()
    flow = analyst.flows.deploy(workshop.attested("accounts", "software")).id
    assert workshop.ended(flow).state == "COMPLETED"
    workshop.check(flow, near=1e-4)
    report = analyst.flows.result(flow, "burden", "report")
    assert b'"engine":"tee"' in report.replace(b" ", b"")
    # No machine here has the hardware: the laboratory's worker cannot prove what it runs.
    hard = workshop.ended(analyst.flows.deploy(workshop.attested("secret", "tdx")).id)
    assert (hard.state, hard.code) == ("TERMINATED", "attestation.no_policy")


@pytest.mark.long
def test_own_algorithm_completes_though_a_node_is_killed_in_the_middle(workshop: Workshop) -> None:
    approved(workshop)
    network = workshop.network
    analyst = network["bank"].client("analyst")
    flow = analyst.flows.deploy(workshop.joint()).id
    wait_until(
        lambda: {step.id: step.state for step in analyst.flows.get(flow).steps}["burden"],
        lambda state: state == "STARTED",
        what="the start of the algorithm",
        timeout_s=FLOW_S,
    )
    network["shop"].kill()
    network["shop"].start()
    ended = workshop.ended(flow)
    assert (ended.state, ended.code) == ("COMPLETED", "")
    assert {step.id: step.attempt > 1 for step in ended.steps}["burden"]
    workshop.check(flow, near=1e-2)


@pytest.mark.long
def test_altered_package_and_revoked_approval_end_the_flow(workshop: Workshop) -> None:
    fingerprint = approved(workshop)
    network = workshop.network
    analyst = network["bank"].client("analyst")
    kept = workshop.kept("bank", fingerprint)
    whole = kept.read_bytes()
    assert b"weight * debt" in whole
    kept.write_bytes(whole.replace(b"weight * debt", b"weight + debt"))
    ended = workshop.ended(analyst.flows.deploy(workshop.joint()).id)
    assert (ended.state, ended.code) == ("TERMINATED", "algorithm.fingerprint_differs")
    kept.write_bytes(whole)
    # Taken back while a flow runs: the flow ends; the next one is refused before it begins.
    # One node is down, so that the flow cannot complete before the approval is gone.
    network["lab"].kill()
    running = analyst.flows.deploy(workshop.joint()).id
    shop = CommandLine(network["shop"], "steward", workshop.root)
    assert shop("algorithms", "revoke", NAME, "--reason", "found a leak", "--yes").code == 0
    network["lab"].start()
    ended = workshop.ended(running)
    assert (ended.state, ended.code) == ("TERMINATED", "algorithms.not_approved")
    network.sync()
    assert code_of(lambda: analyst.flows.deploy(workshop.joint())) == "algorithms.not_approved"
    lab = network["lab"].client("steward")
    lab.algorithms.withdraw(NAME, "replaced")
    network.sync()
    steward = network["shop"].client("steward")
    assert code_of(lambda: steward.algorithms.approve(NAME, fingerprint)) == "algorithms.withdrawn"


@pytest.mark.long
def test_package_altered_at_its_author_is_taken_by_nobody(workshop: Workshop) -> None:
    network = workshop.network
    lab, bank = network["lab"].client("steward"), network["bank"].client("steward")
    manifest = MANIFEST.replace("version: 1.0.0", "version: 1.0.1")
    published = lab.algorithms.publish(manifest, SOURCE)
    network.sync()
    kept = workshop.kept("lab", published.fingerprint)
    kept.write_bytes(kept.read_bytes().replace(b"weight * debt", b"weight + debt"))
    for refused in (
        lambda: bank.algorithms.package("burden@1.0.1"),
        lambda: bank.algorithms.approve("burden@1.0.1", published.fingerprint),
    ):
        assert code_of(refused) == "algorithm.fingerprint_differs"
    assert not workshop.kept("bank", published.fingerprint).exists()


def approved(workshop: Workshop) -> str:
    """Published and approved by all, whichever test came first; its fingerprint."""
    network = workshop.network
    lab = network["lab"].client("steward")
    if not lab.algorithms.list().items:
        lab.algorithms.publish(MANIFEST, SOURCE)
    network.sync()
    fingerprint = lab.algorithms.show(NAME).fingerprint
    for key in ("bank", "shop", "lab"):
        network[key].client("steward").algorithms.approve(NAME, fingerprint)
    network.sync()
    return fingerprint
