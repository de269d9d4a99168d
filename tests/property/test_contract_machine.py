"""Random histories of a network: whatever anybody sends, what must hold holds.

Points are conserved, escrow included; uses never exceed a grant; no step starts without its
uses consumed; a flow is paid at most once and only when completed; and executing the same
history again gives the same state, byte for byte.
"""

from __future__ import annotations

import contextlib

from contract_network import Network
from contract_story import (
    MANIFEST,
    OTHER_MANIFEST,
    Story,
    ask,
    failure,
    finish,
    outcome,
)
from contract_story import steps as make_steps
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule
from msgspec.structs import replace

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
from hanse.contracts.flows.queries import get_deployed, get_flow, get_step
from hanse.contracts.flows.rules import grants_of
from hanse.contracts.flows.spec import ModelUse
from hanse.contracts.identity.messages import ReinstateMember, SuspendMember
from hanse.contracts.points.invariants import check_conservation
from hanse.contracts.points.messages import (
    FreezeAccount,
    IssuePoints,
    TransferPoints,
    UnfreezeAccount,
)
from hanse.contracts.points.queries import get_escrow
from hanse.contracts.rights.invariants import check_grant
from hanse.contracts.rights.messages import RevokeGrant
from hanse.contracts.rights.queries import get_use, grants_of_flow
from hanse.core.errors import HanseError, InternalError
from hanse.ledger.contract.contract import Message

PEOPLE = ["bank", "merchant", "compute_1", "operator", "stranger"]
PARTIES = ["bank", "merchant", "compute_1"]
STEPS = ["align", "split", "report", "train", "score"]
people, parties, steps = st.sampled_from(PEOPLE), st.sampled_from(PARTIES), st.sampled_from(STEPS)


class NetworkMachine(RuleBasedStateMachine):
    """Two grants, several flows, everybody sends anything at any time."""

    grants = Bundle("grants")
    flows = Bundle("flows")

    def __init__(self) -> None:
        super().__init__()
        self.story = Story(uses=2, points=4_000)
        self.net: Network = self.story.net
        self.flow_ids: list[str] = []
        self.grant_ids = [self.story.grant]

    def attempt(self, sender: str, message: Message, after_ms: int = 1_000) -> None:
        """Send; a refusal must leave the state alone."""
        before = dict(self.net.state.data)
        try:
            self.net.send(sender, message, after_ms=after_ms)
        except InternalError:
            raise
        except HanseError as error:
            assert error.code, "every refusal has a name"
            assert self.net.state.data == before

    @initialize(target=flows)
    def begin(self) -> str:
        return self.deploy_on(self.story.grant, "bank")

    # -- people and points ---------------------------------------------------------------
    @rule(
        kind=st.sampled_from(["issue", "transfer", "freeze", "unfreeze", "suspend", "reinstate"]),
        who=people,
        to=people,
        amount=st.integers(1, 300),
    )
    def business(self, kind: str, who: str, to: str, amount: int) -> None:
        did = self.net.did(to)
        messages: dict[str, Message] = {
            "issue": IssuePoints(did, amount),
            "transfer": TransferPoints(did, amount),
            "freeze": FreezeAccount(did),
            "unfreeze": UnfreezeAccount(did),
            "suspend": SuspendMember(did),
            "reinstate": ReinstateMember(did),
        }
        self.attempt(who, messages[kind])

    @rule()
    def calm(self) -> None:
        """Undo what stops everybody, so that histories go on."""
        for name in PARTIES:
            self.attempt("operator", ReinstateMember(self.net.did(name)))
            self.attempt("operator", UnfreezeAccount(self.net.did(name)))

    # -- grants --------------------------------------------------------------------------
    @rule(target=grants)
    def known_grant(self) -> str:
        return self.story.grant

    @rule(target=grants, uses=st.integers(1, 2))
    def negotiate(self, uses: int) -> str:
        try:
            grant = ask(self.net, self.story.dataset, uses=uses)
        except HanseError:
            return self.story.grant
        self.grant_ids.append(grant)
        with contextlib.suppress(HanseError):
            finish(self.net, grant)
        return grant

    # -- flows ---------------------------------------------------------------------------
    @rule(target=flows, grant=grants, who=st.sampled_from(["bank", "bank", "merchant"]))
    def deploy(self, grant: str, who: str) -> str:
        return self.deploy_on(grant, who)

    def deploy_on(self, grant: str, who: str) -> str:
        self.story.grant = grant
        before = dict(self.net.state.data)
        try:
            flow: str = self.net.send(who, DeployFlow(self.story.spec())).result.flow
        except HanseError:
            assert self.net.state.data == before
            return self.flow_ids[-1] if self.flow_ids else "fl-" + "a" * 26
        self.flow_ids.append(flow)
        return flow

    @rule(target=flows, trained=flows)
    def deploy_with_model(self, trained: str) -> str:
        """Score with what another flow trained: only of one that completed."""
        use = ModelUse(
            flow=trained,
            step="train",
            output="table",
            grants={self.story.dataset: self.story.grant},
        )
        align, score = make_steps()[0], make_steps()[-1]
        score = replace(
            score,
            inputs={"model": "scoring", "table": "align.table"},
            parameters={"maximum_rows": 30},
        )
        record = get_flow(self.net.state, trained)
        spec = self.story.spec(models={"scoring": use}, steps=[align, score])
        try:
            flow: str = self.net.send("bank", DeployFlow(spec)).result.flow
        except HanseError:
            return trained
        assert record is not None
        assert record.state == "COMPLETED"
        self.flow_ids.append(flow)
        return flow

    @rule(flow=flows, count=st.integers(1, 5))
    def advance(self, flow: str, count: int) -> None:
        """What honest parties do: confirm and report every open step, some times over."""
        for _ in range(count):
            for step in STEPS:
                record = get_step(self.net.state, flow, step)
                if record is not None and record.state in ("REQUESTED", "STARTED"):
                    self.run_step(flow, step, record.attempt)

    def run_step(self, flow: str, step: str, number: int) -> None:
        for who in PARTIES:
            self.attempt(who, ConfirmSession(flow, step, number, MANIFEST))
        for who in PARTIES:
            self.attempt(who, outcome(flow, step, number))

    @rule(
        flow=flows,
        step=steps,
        who=people,
        back=st.integers(-1, 1),
        manifest=st.sampled_from([MANIFEST, MANIFEST, OTHER_MANIFEST]),
    )
    def confirm(self, flow: str, step: str, who: str, back: int, manifest: str) -> None:
        record = get_step(self.net.state, flow, step)
        number = max(1, (1 if record is None else record.attempt) - back)
        self.attempt(who, ConfirmSession(flow, step, number, manifest))

    @rule(flow=flows, step=steps, who=people, back=st.integers(0, 1))
    def report(self, flow: str, step: str, who: str, back: int) -> None:
        record = get_step(self.net.state, flow, step)
        number = max(1, (1 if record is None else record.attempt) - back)
        self.attempt(who, outcome(flow, step, number))

    @rule(flow=flows, step=steps, who=people, final=st.booleans(), back=st.integers(0, 1))
    def fail(self, flow: str, step: str, who: str, final: bool, back: int) -> None:
        record = get_step(self.net.state, flow, step)
        number = max(1, (1 if record is None else record.attempt) - back)
        self.attempt(who, failure(flow, step, number, final=final))

    @rule(flow=flows, who=people, wait_ms=st.sampled_from([1_000, 61_000]))
    def tick(self, flow: str, who: str, wait_ms: int) -> None:
        self.attempt(who, Tick(flow), after_ms=wait_ms)

    @rule(
        kind=st.sampled_from(["suspend", "resume", "resume", "rerun", "rerun", "end", "revoke"]),
        flow=flows,
        grant=grants,
        step=steps,
        who=st.sampled_from(["bank", "bank", "merchant", "stranger"]),
    )
    def control(self, kind: str, flow: str, grant: str, step: str, who: str) -> None:
        messages: dict[str, Message] = {
            "suspend": SuspendFlow(flow),
            "resume": ResumeFlow(flow),
            "rerun": RerunFlow(flow, step),
            "end": TerminateFlow(flow),
            "revoke": RevokeGrant(grant),
        }
        self.attempt(who, messages[kind])

    # -- what holds ----------------------------------------------------------------------
    @invariant()
    def points_are_conserved(self) -> None:
        escrows = [f"{flow}/{number}" for flow in self.flow_ids for number in range(1, 9)]
        check_conservation(self.net.state, [self.net.did(n) for n in self.net.names], escrows)

    @invariant()
    def uses_never_exceed_the_grant(self) -> None:
        for grant in self.grant_ids:
            check_grant(self.net.state, grant, self.flow_ids)

    @invariant()
    def flows_are_consistent(self) -> None:
        for flow in self.flow_ids:
            check_flow(self.net.state, flow)

    @invariant()
    def no_flow_runs_without_its_uses(self) -> None:
        for flow in self.flow_ids:
            record, deployed = get_flow(self.net.state, flow), get_deployed(self.net.state, flow)
            assert record is not None
            assert deployed is not None
            named = set(grants_of(deployed.spec))
            assert named == set(grants_of_flow(self.net.state, flow))
            states = [get_use(self.net.state, grant, flow) for grant in named]
            if record.consumed:
                assert all(use is not None and use.state == "CONSUMED" for use in states)
            elif record.state != "TERMINATED":
                assert all(use is not None and use.state == "RESERVED" for use in states)

    @invariant()
    def a_flow_is_paid_once_and_only_when_completed(self) -> None:
        for flow in self.flow_ids:
            record = get_flow(self.net.state, flow)
            assert record is not None
            for number in range(1, record.round + 1):
                escrow = get_escrow(self.net.state, f"{flow}/{number}")
                assert escrow is not None
                completed = record.state == "COMPLETED" and number == record.round
                assert escrow.paid_points == (escrow.amount_points if completed else 0)
                ended = number < record.round or record.state in ("COMPLETED", "TERMINATED")
                assert (escrow.state == "OPEN") != ended

    def teardown(self) -> None:
        other = self.net.replay()
        assert other.state.data == self.net.state.data
        assert other.events == self.net.events


TestNetworkMachine = NetworkMachine.TestCase
TestNetworkMachine.settings = settings(
    max_examples=100,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
