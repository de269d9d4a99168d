"""Random registrations, votes, key changes and reports against a small model of the rules.

The model keeps powers, votes and accusations as plain dicts and decides on its own; after each
block the contract's sets must be the model's, act two blocks later, and never change again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from fractions import Fraction

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from validator_network import NodeKeys, registration, replacement, validator_network

from hanse.contracts.validators.invariants import check_nodes, check_sets
from hanse.contracts.validators.messages import (
    DeregisterNode,
    ReportFault,
    VoteValidator,
)
from hanse.contracts.validators.queries import ContractValidators, get_node
from hanse.core.errors import HanseError
from hanse.ledger.contract.contract import Message
from hanse.ledger.validators import Validator

PEOPLE = ("operator", "bank", "merchant", "auditor", "compute_1", "compute_2")
LIFETIME_MS = 20_000
people = st.sampled_from(PEOPLE)
voters = st.sampled_from(PEOPLE[:4])


class ValidatorMachine(RuleBasedStateMachine):
    """One network; every message a block, sometimes two in one block."""

    @initialize(
        powers=st.lists(st.integers(1, 4), min_size=1, max_size=4),
        min_validators=st.integers(1, 3),
        expel=st.booleans(),
    )
    def begin(self, powers: list[int], min_validators: int, expel: bool) -> None:
        self.powers = dict(zip(PEOPLE, powers, strict=False))
        self.min_validators = min(min_validators, len(powers))
        self.expel = expel
        self.net = validator_network(
            self.powers,
            min_validators=self.min_validators,
            expel_on_reports=expel,
            vote_lifetime_ms=LIFETIME_MS,
        )
        self.votes: dict[str, dict[str, tuple[int, int]]] = {}
        self.accused: dict[str, dict[str, int]] = {}
        self.owners = set(self.powers)  # who registered its first keys at some time
        self.keys = dict.fromkeys(self.powers, 0)  # name → number of its engine key
        self.final: dict[int, tuple[Validator, ...]] = {}
        self.same_block = False

    def attempt(self, who: str, message: Message, *, wait_ms: int = 1_000) -> bool:
        if self.same_block and self.net.height:
            self.net.height -= 1
            wait_ms = 0
        self.same_block = False
        with contextlib.suppress(HanseError):
            self.net.send(who, message, after_ms=wait_ms)
            return True
        return False

    # -- what people try ---------------------------------------------------------------------
    @rule()
    def next_message_joins_the_last_block(self) -> None:
        self.same_block = True

    @rule(who=people)
    def register(self, who: str) -> None:
        done = self.attempt(who, registration(self.net, who))
        assert done == (who not in self.keys)
        if done:
            self.keys[who] = 0
            self.owners.add(who)

    @rule(who=people, thief=people)
    def register_with_anothers_key(self, who: str, thief: str) -> None:
        if who not in self.owners or who == thief:
            return
        stolen = NodeKeys(who).proofs(self.net.did(thief))
        assert not self.attempt(thief, registration(self.net, thief, **stolen))

    @rule(who=people)
    def deregister(self, who: str) -> None:
        did = self.net.did(who)
        if self.attempt(who, DeregisterNode()):
            height = self.net.height
            for ahead in range(3):
                dids = [v.did for v in self.sets(height + ahead)]
                assert did not in dids
            del self.keys[who]

    @rule(who=people, number=st.integers(0, 3))
    def replace(self, who: str, number: int) -> None:
        done = self.attempt(who, replacement(self.net, who, engine=number))
        assert done == (who in self.keys and self.keys[who] != number)
        if done:
            self.keys[who] = number

    @rule(
        voter=st.one_of(voters, voters, people),
        who=people,
        power=st.integers(0, 4),
        wait_ms=st.sampled_from([1, 1_000, LIFETIME_MS // 2]),
    )
    def vote(self, voter: str, who: str, power: int, wait_ms: int) -> None:
        did = self.net.did(who)
        if self.attempt(voter, VoteValidator(did, power), wait_ms=wait_ms):
            now = self.net.time_ms
            cast = {
                name: (wish, until)
                for name, (wish, until) in self.votes.get(who, {}).items()
                if until > now and name in self.powers
            }
            self.votes[who] = {**cast, voter: (power, now + LIFETIME_MS)}
            self.decide(who, power)

    @rule(who=people, power=st.integers(0, 4))
    def everybody_votes(self, who: str, power: int) -> None:
        for voter in PEOPLE:
            self.vote(voter, who, power, 1)

    @rule(
        reporter=st.one_of(voters, voters, people),
        offender=people,
        kind=st.sampled_from(["bad_extension", "bad_proposal"]),
        back=st.integers(-1, 3),
        wait_ms=st.sampled_from([1_000, LIFETIME_MS // 2]),
    )
    def report(self, reporter: str, offender: str, kind: str, back: int, wait_ms: int) -> None:
        height = max(0, self.net.height - back)
        message = ReportFault(self.net.did(offender), height, kind)  # type: ignore[arg-type]
        if self.attempt(reporter, message, wait_ms=wait_ms):
            assert reporter != offender
            assert reporter in self.powers
            now = self.net.time_ms
            standing = {
                name: until
                for name, until in self.accused.get(offender, {}).items()
                if until > now and name in self.powers
            }
            self.accused[offender] = {**standing, reporter: now + LIFETIME_MS}
            self.judge(offender)

    # -- the model's own decisions ------------------------------------------------------------
    def share(self, names: list[str]) -> Fraction:
        held = sum(self.powers.get(name, 0) for name in names)
        return Fraction(held, sum(self.powers.values()))

    def decide(self, who: str, power: int) -> None:
        wishing = [name for name, (wish, _) in self.votes[who].items() if wish == power]
        if self.share(wishing) > Fraction(2, 3) and self.powers.get(who, 0) != power:
            self.powers[who] = power
            self.settle(who)

    def judge(self, offender: str) -> None:
        accusing = list(self.accused[offender])
        spare = len(self.powers) > self.min_validators
        enough = self.share(accusing) > Fraction(1, 3) and len(accusing) >= 2
        if self.expel and spare and enough:
            self.powers[offender] = 0
            self.settle(offender)

    def settle(self, who: str) -> None:
        self.votes.pop(who, None)
        self.accused.pop(who, None)
        if not self.powers[who]:
            del self.powers[who]

    # -- what holds ------------------------------------------------------------------------------
    def sets(self, height: int) -> tuple[Validator, ...]:
        return ContractValidators().validators(self.net.state, height)

    @invariant()
    def contract_keeps_its_own_invariants(self) -> None:
        check_sets(self.net.state, self.net.height)
        check_nodes(self.net.state, [self.net.did(name) for name in PEOPLE])

    @invariant()
    def newest_set_is_the_models_and_never_empty(self) -> None:
        decided = self.sets(10**9)
        assert {v.did: v.power for v in decided} == {
            self.net.did(name): power for name, power in self.powers.items()
        }
        assert len(decided) >= self.min_validators
        for v in decided:
            node = get_node(self.net.state, v.did)
            assert node is not None
            assert v.engine_public == node.engine_public
            assert v.certificate_public == node.certificate_public

    @invariant()
    def a_set_is_final_two_blocks_before_it_votes(self) -> None:
        # The last block may still take messages, so what it can decide is final one later.
        for height in range(self.net.height + 2):
            known = self.final.setdefault(height, self.sets(height))
            assert self.sets(height) == known

    @invariant()
    def no_key_stands_twice(self) -> None:
        for height in (self.net.height, self.net.height + 1, self.net.height + 2):
            keys = [k for v in self.sets(height) for k in (v.engine_public, v.certificate_public)]
            assert len(keys) == len(set(keys))

    def teardown(self) -> None:
        if hasattr(self, "net"):
            other = self.net.replay()
            assert other.state.data == self.net.state.data
            assert other.events == self.net.events


TestValidatorMachine: Callable[[], object] = ValidatorMachine.TestCase
TestValidatorMachine.settings = settings(  # type: ignore[attr-defined]
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
