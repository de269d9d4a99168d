"""Random histories of a service: counts stay within what was signed; a replay gives the same."""

from __future__ import annotations

from contract_story import DAY_MS, Story
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from hanse.contracts.points.invariants import check_conservation
from hanse.contracts.privacy.messages import EndBudget, SetBudget
from hanse.contracts.privacy.queries import get_budget
from hanse.contracts.services import messages
from hanse.contracts.services.invariants import check_service
from hanse.contracts.services.types import ServiceTerms
from hanse.core.errors import HanseError, InternalError
from hanse.ledger.contract.contract import Message

people = st.sampled_from(["bank", "merchant", "compute_1", "stranger"])
counts = st.integers(1, 60)
HEAD = "ab" * 32
EXACT = (messages.OfferService, messages.AcceptService, messages.ReserveUses)
"""Refused while a dataset of another has a privacy budget."""


class ServiceMachine(RuleBasedStateMachine):
    """One service; everybody sends anything at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.story = Story(points=3_000)
        self.net = self.story.net
        self.flow = self.story.deploy()
        self.story.run_all(self.flow)
        terms = ServiceTerms(
            purpose="credit-risk",
            not_after_ms=self.net.time_ms + DAY_MS,
            uses=200,
            window_ms=60_000,
            window_uses=80,
            prices={"merchant": 5, "compute_1": 1},
        )
        self.offer = messages.OfferService(
            kind="prediction",
            name="scores",
            flow=self.flow,
            step="train",
            output="model",
            receiver=self.net.did("bank"),
            terms=terms,
        )
        self.service: str = self.net.send("merchant", self.offer).result.service

    def attempt(self, sender: str, message: Message, after_ms: int = 1_000) -> None:
        before = dict(self.net.state.data)
        try:
            self.net.send(sender, message, after_ms=after_ms)
        except InternalError:
            raise
        except HanseError as error:
            assert error.code
            assert self.net.state.data == before
        else:
            assert not (self.guarded and isinstance(message, EXACT))

    @property
    def guarded(self) -> bool:
        """Whether the merchant's dataset has a privacy budget now."""
        budget = get_budget(self.net.state, self.story.dataset)
        return budget is not None and budget.state == "ACTIVE"

    @rule(sender=people, really=st.integers(0, 3))
    def set_budget(self, sender: str, really: int) -> None:
        if really == 0:
            self.attempt(sender, SetBudget(self.story.dataset, 1_000_000))

    @rule(sender=people)
    def end_budget(self, sender: str) -> None:
        self.attempt(sender, EndBudget(self.story.dataset))

    @rule(sender=people)
    def offer_another(self, sender: str) -> None:
        self.attempt(sender, self.offer)

    @rule(sender=people)
    def accept(self, sender: str) -> None:
        self.attempt(sender, messages.AcceptService(self.service))

    @rule()
    def everybody_accepts(self) -> None:
        for name in ("bank", "compute_1"):
            self.attempt(name, messages.AcceptService(self.service))

    @rule(sender=people, uses=counts, after_ms=st.sampled_from([1, 30_000, 60_000]))
    def reserve(self, sender: str, uses: int, after_ms: int) -> None:
        self.attempt(sender, messages.ReserveUses(self.service, uses), after_ms)

    @rule(sender=people, uses=st.integers(1, 250))
    def record(self, sender: str, uses: int) -> None:
        self.attempt(sender, messages.RecordUses(self.service, uses, HEAD))

    @rule(sender=people)
    def suspend(self, sender: str) -> None:
        self.attempt(sender, messages.SuspendService(self.service))

    @rule(sender=people)
    def resume(self, sender: str) -> None:
        self.attempt(sender, messages.ResumeService(self.service))

    @rule(sender=people, really=st.integers(0, 9))
    def end(self, sender: str, really: int) -> None:
        if really == 0:
            self.attempt(sender, messages.EndService(self.service))

    @rule(sender=people, really=st.integers(0, 9))
    def retire(self, sender: str, really: int) -> None:
        if really == 0:
            self.attempt(sender, messages.RetireModel(self.flow, "train", "model"))

    @invariant()
    def counts_hold(self) -> None:
        check_service(self.net.state, self.service)
        escrows = [f"{self.flow}/1", *(f"{self.service}/{n}" for n in range(1, 60))]
        check_conservation(self.net.state, [self.net.did(n) for n in self.net.names], escrows)

    def teardown(self) -> None:
        assert self.net.replay().state.data == self.net.state.data


ServiceMachine.TestCase.settings = settings(
    max_examples=15,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestServiceMachine = ServiceMachine.TestCase
