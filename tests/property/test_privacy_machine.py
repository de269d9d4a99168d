"""Random histories of a budget: never overspent, every millionth by one attempt that started."""

from __future__ import annotations

from contract_story import MANIFEST, Story, failure, outcome, steps
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from msgspec.structs import replace

from hanse.contracts.flows.invariants import check_flow
from hanse.contracts.flows.messages import (
    ConfirmSession,
    DeployFlow,
    RerunFlow,
    ResumeFlow,
    SuspendFlow,
)
from hanse.contracts.flows.queries import get_step
from hanse.contracts.privacy import messages
from hanse.contracts.privacy.invariants import check_budget
from hanse.contracts.privacy.queries import get_releases
from hanse.core.errors import HanseError, InternalError
from hanse.ledger.contract.contract import Message

people = st.sampled_from(["bank", "merchant", "stranger"])
STEPS = ["align", "split", "report"]


class PrivacyMachine(RuleBasedStateMachine):
    """Two datasets with budgets, flows with and without noise, anything at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.story = Story(uses=50, points=50_000)
        self.net = self.story.net
        self.datasets = [self.story.dataset, self.story.own]
        self.flows: list[str] = []
        self.started: dict[str, set[tuple[str, str, int]]] = {name: set() for name in self.datasets}

    def attempt(self, sender: str, message: Message) -> None:
        before = dict(self.net.state.data)
        try:
            done = self.net.send(sender, message)
        except InternalError:
            raise
        except HanseError as error:
            assert error.code
            assert self.net.state.data == before
            return
        for event in done.events:
            if event.name == "BudgetCharged":
                data = event.data
                self.started[data["dataset"]].add((data["flow"], data["step"], data["attempt"]))

    @rule(sender=people, own=st.booleans(), total=st.integers(1, 2_000_000))
    def set_budget(self, sender: str, own: bool, total: int) -> None:
        self.attempt(sender, messages.SetBudget(self.datasets[own], total))

    @rule(sender=people, really=st.integers(0, 4))
    def end_budget(self, sender: str, really: int) -> None:
        if really == 0:
            self.attempt(sender, messages.EndBudget(self.datasets[0]))

    @rule(epsilon=st.sampled_from([None, "0", "0.1", "0.45", "0.9", "1.3333333"]))
    def deploy(self, epsilon: str | None) -> None:
        align, split, report = steps()[:3]
        noise = {} if epsilon is None else {"epsilon": epsilon}
        spec = self.story.spec(steps=[align, split, replace(report, parameters=noise)])
        try:
            self.flows.append(self.net.send("bank", DeployFlow(spec)).result.flow)
        except InternalError:
            raise
        except HanseError as error:
            assert error.code

    @rule(which=st.integers(0, 9), count=st.integers(1, 6), fails=st.booleans())
    def advance(self, which: int, count: int, fails: bool) -> None:
        """Honest parties confirm and report every open step; perhaps one of them fails."""
        if not self.flows:
            return
        flow = self.flows[which % len(self.flows)]
        for _ in range(count):
            for step in STEPS:
                record = get_step(self.net.state, flow, step)
                if record is None or record.state not in ("REQUESTED", "STARTED"):
                    continue
                number = record.attempt
                for name in self.story.parties_of(flow, step):
                    self.attempt(name, ConfirmSession(flow, step, number, MANIFEST))
                if fails and step == "report":
                    self.attempt("merchant", failure(flow, step, number))
                for name in self.story.parties_of(flow, step):
                    self.attempt(name, outcome(flow, step, number))

    @rule(which=st.integers(0, 9), kind=st.sampled_from(["rerun", "suspend", "resume"]))
    def steer(self, which: int, kind: str) -> None:
        if not self.flows:
            return
        flow = self.flows[which % len(self.flows)]
        made: dict[str, Message] = {
            "rerun": RerunFlow(flow, "report"),
            "suspend": SuspendFlow(flow, "pause"),
            "resume": ResumeFlow(flow),
        }
        self.attempt("bank", made[kind])

    @invariant()
    def budgets_hold(self) -> None:
        for dataset in self.datasets:
            check_budget(self.net.state, dataset)
            on_record = {(r.flow, r.step, r.attempt) for r in get_releases(self.net.state, dataset)}
            assert on_record == self.started[dataset]
        for flow in self.flows:
            check_flow(self.net.state, flow)

    def teardown(self) -> None:
        assert self.net.replay().state.data == self.net.state.data


PrivacyMachine.TestCase.settings = settings(
    max_examples=12,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestPrivacyMachine = PrivacyMachine.TestCase
