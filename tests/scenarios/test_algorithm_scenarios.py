"""Algorithms published, approved, revoked, withdrawn; flows that name them; who may not."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from contract_network import Network
from contract_story import MANIFEST, Story, ask, finish, publish
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.contracts.algorithms import errors, messages
from hanse.contracts.algorithms.invariants import AlgorithmsBroken, check_algorithm
from hanse.contracts.algorithms.queries import get_algorithm, get_approval
from hanse.contracts.algorithms.types import ALGORITHMS, APPROVALS, NAMES, NameRecord
from hanse.contracts.flows import rules
from hanse.contracts.flows.errors import AlgorithmMissing, ProtocolNotAllowed, WrongComputes
from hanse.contracts.flows.messages import ConfirmSession, DeployFlow, Tick
from hanse.contracts.flows.spec import FlowSpec, StepSpec
from hanse.contracts.flows.types import PARAMETERS, FlowParameters
from hanse.contracts.identity.errors import RoleRequired
from hanse.contracts.plain import ObjectTooLarge
from hanse.contracts.rights.errors import OperatorNotGranted
from hanse.core.errors import HanseError

NAME, FINGERPRINT = "burden@1.0.0", "ab" * 32
PEOPLE = ("bank", "merchant", "compute_1", "stranger")


def entry(**changes: Any) -> messages.PublishAlgorithm:
    values: dict[str, Any] = {
        "name": "burden",
        "version": "1.0.0",
        "fingerprint": FINGERPRINT,
        "size_bytes": 900,
        "manifest": {"name": "burden"},
        "levels": [3, 1],
        "environment": {"jax": "0.4.34"},
        **changes,
    }
    return messages.PublishAlgorithm(**values)


def approve(net: Network, *people: str) -> None:
    for name in people:
        net.send(name, messages.ApproveAlgorithm(NAME, FINGERPRINT))


@pytest.fixture
def net() -> Network:
    net = Network()
    net.send("stranger", entry())
    return net


def test_publish_makes_the_sender_the_author(net: Network) -> None:
    record = get_algorithm(net.state, NAME)
    assert record is not None
    assert (record.author, record.levels, record.state) == (
        net.did("stranger"),
        [1, 3],
        "PUBLISHED",
    )
    assert len(record.manifest_digest) == 64
    check_algorithm(net.state, NAME, [])
    net.send("stranger", entry(version="1.1.0"))


def test_publish_by_who_provides_no_algorithms_is_refused(net: Network) -> None:
    with pytest.raises(RoleRequired):
        net.send("merchant", entry(name="other"))


def test_version_is_published_once_and_a_name_has_one_author(net: Network) -> None:
    with pytest.raises(errors.AlgorithmExists):
        net.send("stranger", entry(fingerprint="cd" * 32))
    NAMES.put(net.state, NameRecord(author=net.did("bank")), "taken")
    with pytest.raises(errors.NameTaken):
        net.send("stranger", entry(name="taken"))
    with pytest.raises(errors.RepeatedLevel):
        net.send("stranger", entry(version="2.0.0", levels=[1, 1]))
    with pytest.raises(ObjectTooLarge):
        net.send("stranger", entry(version="2.0.0", manifest={"a": "x" * 30_000}))


def test_approval_is_of_one_fingerprint_and_can_be_taken_back(net: Network) -> None:
    with pytest.raises(errors.OtherFingerprint):
        net.send("bank", messages.ApproveAlgorithm(NAME, "cd" * 32))
    with pytest.raises(errors.AlgorithmNotFound):
        net.send("bank", messages.ApproveAlgorithm("other@1.0.0", FINGERPRINT))
    with pytest.raises(errors.NotApproved):
        net.send("bank", messages.RevokeApproval(NAME))
    approved = net.send("bank", messages.ApproveAlgorithm(NAME, FINGERPRINT))
    assert approved.names() == ["AlgorithmApproved"]
    assert net.send("bank", messages.ApproveAlgorithm(NAME, FINGERPRINT)).names() == []
    assert net.send("bank", messages.RevokeApproval(NAME, "bug")).names() == ["ApprovalRevoked"]
    held = get_approval(net.state, NAME, net.did("bank"))
    assert held is not None
    assert held.state == "REVOKED"
    approve(net, "bank")
    check_algorithm(net.state, NAME, [net.did("bank")])


def test_only_the_author_withdraws_and_for_good(net: Network) -> None:
    approve(net, "bank")
    with pytest.raises(errors.NotYourAlgorithm):
        net.send("bank", messages.WithdrawAlgorithm(NAME))
    net.send("stranger", messages.WithdrawAlgorithm(NAME, "superseded"))
    for message in (messages.ApproveAlgorithm(NAME, FINGERPRINT), messages.WithdrawAlgorithm(NAME)):
        with pytest.raises(errors.AlgorithmWithdrawnError):
            net.send("stranger", message)
    net.send("bank", messages.RevokeApproval(NAME))


def test_broken_records_are_found(net: Network) -> None:
    with pytest.raises(AlgorithmsBroken):
        check_algorithm(net.state, "other@1.0.0", [])
    approve(net, "bank")
    held = get_approval(net.state, NAME, net.did("bank"))
    assert held is not None
    other = msgspec.structs.replace(held, fingerprint="cd" * 32)
    APPROVALS.put(net.state, other, NAME, net.did("bank"))
    with pytest.raises(AlgorithmsBroken):
        check_algorithm(net.state, NAME, [net.did("bank")])
    NAMES.put(net.state, NameRecord(author=net.did("bank")), "burden")
    with pytest.raises(AlgorithmsBroken):
        check_algorithm(net.state, NAME, [])


ACTIONS = st.tuples(
    st.sampled_from(PEOPLE),
    st.sampled_from(["publish", "withdraw", "approve", "revoke", "wrong"]),
    st.sampled_from(["1.0.0", "2.0.0"]),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(ACTIONS, max_size=12))
def test_whatever_is_sent_records_hold_and_a_replay_agrees(actions: list[Any]) -> None:
    net = Network()
    for sender, action, version in actions:
        reference = f"burden@{version}"
        message = {
            "publish": entry(version=version),
            "withdraw": messages.WithdrawAlgorithm(reference),
            "approve": messages.ApproveAlgorithm(reference, FINGERPRINT),
            "revoke": messages.RevokeApproval(reference),
            "wrong": messages.ApproveAlgorithm(reference, "ee" * 32),
        }[action]
        before = dict(net.state.data)
        try:
            net.send(sender, message)
        except HanseError:
            assert net.state.data == before
        if get_algorithm(net.state, reference):
            check_algorithm(net.state, reference, [net.did(name) for name in PEOPLE])
    again = Network()
    for call in net.calls:
        try:
            again.execute(call)
        except HanseError:
            continue
    assert again.state.data == net.state.data


# -- flows -----------------------------------------------------------------------------------


class AlgorithmStory(Story):
    """The story's parties with a grant that names the algorithm."""

    def __init__(self, operator: str = "algorithm", level: int = 3) -> None:
        super().__init__()
        self.net.send("stranger", entry(levels=[1, 2, 3]))
        self.term = f"{operator}:{NAME}"
        self.dataset = publish(
            self.net, operators=["align", self.term], level=level,
            fields=[f for f in _fields() if f.level <= level],
        )  # fmt: skip
        self.own = publish(
            self.net, "bank", operators=[], purposes=[], level=level,
            fields=[f for f in _fields() if f.level <= level],
        )  # fmt: skip
        self.grant = ask(self.net, self.dataset, operators=["align", self.term], fields=["spend"])
        finish(self.net, self.grant)

    def own_flow(self, **changes: Any) -> FlowSpec:
        data = {name: use for name, use in self.spec().data.items() if name == "purchases"}
        use = msgspec.structs.replace(data["purchases"], fields=["spend"])
        values: dict[str, Any] = {
            "id": "run",
            "operator": "algorithm",
            "inputs": {"table": "purchases"},
            "parameters": {"algorithm": NAME, "fingerprint": FINGERPRINT},
            "owners": ["merchant"],
            "computes": ["bank", "merchant", "compute_1"],
            "receivers": ["bank"],
            "protocol": "aby3",
            **changes,
        }
        return self.spec(data={"purchases": use}, steps=[StepSpec(**values)], fees={})


def _fields() -> list[Any]:
    from hanse.contracts.catalogue.types import Field

    return [
        Field(name="spend", type="float64", level=1),
        Field(name="region", type="text", level=2),
        Field(name="name", type="text", level=3),
    ]


PLAIN = {
    "operator": "algorithm_plain",
    "protocol": "plain",
    "computes": [],
}


def deploy(story: AlgorithmStory, **changes: Any) -> str:
    flow: str = story.net.send("bank", DeployFlow(story.own_flow(**changes))).result.flow
    return flow


def test_flow_needs_the_approval_of_every_party_of_the_step() -> None:
    story = AlgorithmStory()
    approve(story.net, "bank", "merchant")
    with pytest.raises(errors.NotApproved, match=story.net.did("compute_1")):
        deploy(story)
    approve(story.net, "compute_1")
    assert story.flow(deploy(story)).state == "REQUESTED"


def test_flow_must_name_the_published_fingerprint() -> None:
    story = AlgorithmStory()
    approve(story.net, "bank", "merchant", "compute_1")
    with pytest.raises(errors.OtherFingerprint):
        deploy(story, parameters={"algorithm": NAME, "fingerprint": "cd" * 32})
    with pytest.raises(errors.AlgorithmNotFound):
        story2 = AlgorithmStory()
        ALGORITHMS.delete(story2.net.state, NAME)
        deploy(story2)
    for parameters in ({"algorithm": NAME}, {"algorithm": "", "fingerprint": FINGERPRINT}):
        with pytest.raises(AlgorithmMissing):
            deploy(story, parameters=parameters)


def test_grant_must_name_the_algorithm_and_not_only_the_operator() -> None:
    story = AlgorithmStory("algorithm_plain")
    approve(story.net, "bank", "merchant", "compute_1")
    with pytest.raises(OperatorNotGranted, match=f"algorithm:{NAME}"):
        deploy(story)


@pytest.mark.parametrize("how", ["revoke", "withdraw"])
def test_flow_ends_when_an_algorithm_no_longer_stands(how: str) -> None:
    story = AlgorithmStory()
    approve(story.net, "bank", "merchant", "compute_1")
    flow = deploy(story)
    story.net.send("bank", ConfirmSession(flow, "run", 1, MANIFEST))
    if how == "revoke":
        story.net.send("merchant", messages.RevokeApproval(NAME))
    else:
        story.net.send("stranger", messages.WithdrawAlgorithm(NAME))
    story.net.send("merchant", ConfirmSession(flow, "run", 1, MANIFEST))
    ended = story.flow(flow)
    code = "algorithms.not_approved" if how == "revoke" else "algorithms.withdrawn"
    assert (ended.state, ended.cause, ended.code) == ("TERMINATED", "grant", code)


def test_tick_ends_it_too() -> None:
    story = AlgorithmStory()
    approve(story.net, "bank", "merchant", "compute_1")
    flow = deploy(story)
    story.net.send("compute_1", messages.RevokeApproval(NAME))
    story.net.send("bank", Tick(flow))
    assert story.flow(flow).code == "algorithms.not_approved"


def test_level_beyond_the_manifest_is_refused() -> None:
    story = AlgorithmStory(level=4)
    approve(story.net, "bank", "merchant", "compute_1")
    with pytest.raises(errors.LevelNotAllowed, match="level 4"):
        deploy(story)


def test_plain_engine_is_refused_from_level_3_on_and_runs_below() -> None:
    story = AlgorithmStory("algorithm_plain")
    approve(story.net, "bank", "merchant")
    with pytest.raises(
        ProtocolNotAllowed, match=r"engine plain \(plain\) is not allowed at level 3"
    ):
        deploy(story, **PLAIN)
    lower = AlgorithmStory("algorithm_plain", level=2)
    approve(lower.net, "bank", "merchant")
    assert lower.flow(deploy(lower, **PLAIN)).state == "REQUESTED"
    with pytest.raises(WrongComputes, match="owners only"):
        deploy(lower, **{**PLAIN, "computes": ["bank"]})


TEE = {"operator": "algorithm_tee", "computes": ["compute_1"]}


def test_trusted_hardware_from_level_3_on_and_software_workers_only_below() -> None:
    story = AlgorithmStory("algorithm_tee")
    approve(story.net, "bank", "merchant")
    with pytest.raises(errors.NotApproved, match=story.net.did("compute_1")):
        deploy(story, **TEE, protocol="tdx")
    approve(story.net, "compute_1")
    assert story.flow(deploy(story, **TEE, protocol="tdx")).state == "REQUESTED"
    with pytest.raises(ProtocolNotAllowed, match=r"engine tee \(software\).* level 3"):
        deploy(story, **TEE, protocol="software")
    with pytest.raises(WrongComputes, match="tdx needs 1 computes"):
        deploy(story, **{**TEE, "computes": ["bank", "compute_1"]}, protocol="tdx")
    lower = AlgorithmStory("algorithm_tee", level=2)
    approve(lower.net, "bank", "merchant", "compute_1")
    assert lower.flow(deploy(lower, **TEE, protocol="software")).state == "REQUESTED"


@pytest.mark.parametrize(
    "protocol", ["sgx", "software", "kkrt", "ecdh_ring", "simplepir", "semi2k"]
)
def test_network_decides_which_engine_may_touch_which_level(protocol: str) -> None:
    """Refused unless listed; a worker without hardware from level 3 on even then."""
    story = AlgorithmStory()
    spec = story.own_flow(protocol=protocol, computes=[])
    none, listed = FlowParameters(protocols={}), FlowParameters(protocols={"3": [protocol]})
    named = rules.engine_of(protocol) or "unknown"
    with pytest.raises(ProtocolNotAllowed, match=f"engine {named} "):
        rules.require_protocols(spec, {"run": 3}, none)
    if protocol == "software":
        with pytest.raises(ProtocolNotAllowed, match="engine tee"):
            rules.require_protocols(spec, {"run": 3}, listed)
        lower = FlowParameters(protocols={"2": [protocol]})
        rules.require_protocols(spec, {"run": 2}, lower)
    else:
        rules.require_protocols(spec, {"run": 3}, listed)
    PARAMETERS.put(story.net.state, none)


def test_every_protocol_of_an_operator_belongs_to_an_engine_and_is_allowed_somewhere() -> None:
    from hanse.compute.operators import operators

    for spec in operators().values():
        for protocol in spec.protocols:
            assert rules.engine_of(protocol), protocol
            assert any(protocol in a for a in rules.DEFAULT_PARAMETERS.protocols.values()), protocol
