"""Every invariant check notices the damage it is there for."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from contract_story import Story
from msgspec.structs import replace

from hanse.contracts.catalogue import invariants as catalogue
from hanse.contracts.catalogue.types import DATASETS
from hanse.contracts.evidence import invariants as evidence
from hanse.contracts.evidence.types import BY_ATTEMPT, EvidenceReference
from hanse.contracts.flows import invariants as flows
from hanse.contracts.flows.types import ATTEMPTS, FLOWS, SPECS, STEPS, AttemptRecord, StepRecord
from hanse.contracts.identity import invariants as identity
from hanse.contracts.identity.types import DIDS, KEYS, MEMBERS, KeyPeriod, KeyRecord
from hanse.contracts.points import invariants as points
from hanse.contracts.points.types import ACCOUNTS, ESCROWS
from hanse.contracts.rights import invariants as rights
from hanse.contracts.rights.types import GRANTS


class Damage:
    """A story whose first step is done, to be damaged."""

    def __init__(self) -> None:
        self.story = Story()
        self.flow = self.story.deploy()
        self.story.run_step(self.flow, "align")
        self.state = self.story.net.state
        self.bank = self.story.net.did("bank")

    def flow_with(self, **changes: object) -> None:
        FLOWS.put(self.state, replace(self.story.flow(self.flow), **changes), self.flow)

    def step_with(self, step: str, **changes: object) -> None:
        record = replace(self.story.step(self.flow, step), **changes)
        STEPS.put(self.state, record, self.flow, step)

    def attempt_with(self, step: str, **changes: object) -> None:
        record = ATTEMPTS.get(self.state, self.flow, step, 1)
        assert record is not None
        ATTEMPTS.put(self.state, replace(record, **changes), self.flow, step, 1)

    def grant_with(self, **changes: object) -> None:
        GRANTS.put(self.state, replace(self.story.grant_record(), **changes), self.story.grant)

    def did_with(self, **changes: object) -> None:
        record = DIDS.get(self.state, self.bank)
        assert record is not None
        DIDS.put(self.state, replace(record, **changes), self.bank)


FLOW_DAMAGE: list[Callable[[Damage], None]] = [
    lambda d: SPECS.delete(d.state, d.flow),
    lambda d: d.flow_with(completed=2),
    lambda d: d.flow_with(state="COMPLETED"),
    lambda d: d.flow_with(consumed=False),
    lambda d: d.flow_with(consumed=False, state="REQUESTED"),
    lambda d: STEPS.put(d.state, StepRecord(state="REQUESTED", attempt=1), d.flow, "score"),
    lambda d: ATTEMPTS.delete(d.state, d.flow, "split", 1),
    lambda d: d.attempt_with("split", state="CANCELLED"),
    lambda d: d.step_with("split", state="STARTED"),
    lambda d: d.attempt_with("align", confirmed={}),
    lambda d: d.attempt_with("align", reported={}),
]


@pytest.mark.parametrize("damage", FLOW_DAMAGE)
def test_flow_check_notices(damage: Callable[[Damage], None]) -> None:
    world = Damage()
    flows.check_flow(world.state, world.flow)
    damage(world)
    with pytest.raises(flows.FlowsBroken):
        flows.check_flow(world.state, world.flow)


GRANT_DAMAGE: list[Callable[[Damage], None]] = [
    lambda d: GRANTS.delete(d.state, d.story.grant),
    lambda d: d.grant_with(reserved=-1),
    lambda d: d.grant_with(reserved=1),
    lambda d: d.grant_with(consumed=0),
    lambda d: d.grant_with(state="AGREED"),
    lambda d: d.grant_with(standing=""),
]


@pytest.mark.parametrize("damage", GRANT_DAMAGE)
def test_grant_check_notices(damage: Callable[[Damage], None]) -> None:
    world = Damage()
    rights.check_grant(world.state, world.story.grant, [world.flow])
    damage(world)
    with pytest.raises(rights.RightsBroken):
        rights.check_grant(world.state, world.story.grant, [world.flow])


def test_points_check_notices_escrow_that_lies() -> None:
    world = Damage()
    people = [world.story.net.did(name) for name in world.story.net.names]
    name = f"{world.flow}/1"
    points.check_conservation(world.state, people, [name, "none/1"])
    escrow = ESCROWS.get(world.state, name)
    assert escrow is not None
    for damaged in (
        replace(escrow, paid_points=escrow.amount_points + 1),
        replace(escrow, state="SETTLED"),
        replace(escrow, paid_points=1),
    ):
        ESCROWS.put(world.state, damaged, name)
        with pytest.raises(points.PointsBroken):
            points.check_conservation(world.state, people, [name])
    ACCOUNTS.delete(world.state, world.bank)
    with pytest.raises(points.PointsBroken):
        points.check_conservation(world.state, people, [name])


def key(first: int, last: int | None) -> KeyPeriod:
    return KeyPeriod("t", "00", ["authentication"], first, last)


IDENTITY_DAMAGE: list[Callable[[Damage], None]] = [
    lambda d: MEMBERS.delete(d.state, d.bank),
    lambda d: KEYS.delete(d.state, d.bank, "#key-1"),
    lambda d: KEYS.put(d.state, KeyRecord(periods=[key(0, None)]), d.bank, "#key-1"),
    lambda d: KEYS.put(d.state, KeyRecord(periods=[key(0, 5), key(5, None)]), d.bank, "#key-1"),
    lambda d: KEYS.put(d.state, KeyRecord(periods=[key(0, None), key(5, 6)]), d.bank, "#key-1"),
    lambda d: d.did_with(deactivated=True),
]


@pytest.mark.parametrize("damage", IDENTITY_DAMAGE)
def test_identity_check_notices(damage: Callable[[Damage], None]) -> None:
    world = Damage()
    identity.check_member(world.state, world.bank, world.story.net.height + 1)
    damage(world)
    with pytest.raises(identity.IdentityBroken):
        identity.check_member(world.state, world.bank, world.story.net.height + 1)


def test_catalogue_check_notices_level_and_revision() -> None:
    world = Damage()
    dataset = world.story.dataset
    record = DATASETS.get(world.state, dataset)
    assert record is not None
    for damaged in (replace(record, level=1), replace(record, revision=0)):
        DATASETS.put(world.state, damaged, dataset)
        with pytest.raises(catalogue.CatalogueBroken):
            catalogue.check_dataset(world.state, dataset)


def test_evidence_check_notices_a_reference_elsewhere() -> None:
    world = Damage()
    reference = BY_ATTEMPT.get(world.state, world.flow, "align", 1, world.bank)
    assert reference is not None
    evidence.check_evidence(world.state, reference.evidence)
    other = BY_ATTEMPT.get(world.state, world.flow, "align", 1, world.story.net.did("merchant"))
    assert other is not None
    wrong = EvidenceReference(evidence=other.evidence)
    BY_ATTEMPT.put(world.state, wrong, world.flow, "align", 1, world.bank)
    with pytest.raises(evidence.EvidenceBroken):
        evidence.check_evidence(world.state, reference.evidence)


def test_attempt_record_starts_open() -> None:
    assert AttemptRecord().state == "OPEN"
