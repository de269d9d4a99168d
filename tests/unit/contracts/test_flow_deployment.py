"""What a specification must be like to be deployed: structure, members, levels, coverage."""

from __future__ import annotations

from typing import Any

import pytest
from contract_network import Network
from contract_story import Story, ask, description, finish, publish
from msgspec.structs import replace

from hanse.contracts.catalogue.errors import DatasetWithdrawnError
from hanse.contracts.catalogue.messages import UpdateDataset, WithdrawDataset
from hanse.contracts.flows import errors, rules
from hanse.contracts.flows.messages import DeployFlow
from hanse.contracts.flows.queries import get_deployed, get_parameters
from hanse.contracts.flows.spec import DataUse, FlowSpec, StepSpec
from hanse.contracts.flows.types import PARAMETERS, FlowParameters
from hanse.contracts.identity.errors import MemberSuspendedError
from hanse.contracts.identity.messages import SetMemberRoles, SuspendMember
from hanse.contracts.points.queries import get_escrow
from hanse.contracts.rights import errors as rights_errors
from hanse.core.canonical import NotCanonical


@pytest.fixture
def story() -> Story:
    return Story()


def with_step(story: Story, index: int, **changes: Any) -> list[StepSpec]:
    """The usual steps with one changed."""
    steps = list(story.spec().steps)
    steps[index] = replace(steps[index], **changes)
    return steps


def refuse(story: Story, error: type[Exception], **changes: Any) -> None:
    before = dict(story.net.state.data)
    with pytest.raises(error):
        story.deploy(**changes)
    assert story.net.state.data == before


# -- structure -------------------------------------------------------------------------------
def test_plan_orders_steps_and_follows_lineage(story: Story) -> None:
    spec = story.spec()
    plan = rules.make_plan(replace(spec, steps=list(reversed(spec.steps))))
    assert plan.order[0] == "align"
    assert plan.order[-1] == "score"
    assert plan.sources["score"] == ["align", "train"]
    assert plan.lineage["score"] == ["applications", "purchases"]
    assert rules.descendants(plan, "train") == ["train", "score"]
    assert rules.operators_on(spec, plan, "purchases") == [
        "align",
        "logistic_regression",
        "predict",
        "split",
        "summary",
    ]


def test_steps_in_any_order_deploy(story: Story) -> None:
    flow = story.deploy(steps=list(reversed(story.spec().steps)))
    story.run_all(flow)
    assert story.flow(flow).state == "COMPLETED"


def test_cycle_is_refused(story: Story) -> None:
    steps = with_step(story, 1, inputs={"table": "train.model"})
    refuse(story, errors.CyclicSteps, steps=steps)


@pytest.mark.parametrize("reference", ["nothing", "nothing.table", "purchases.table", "align"])
def test_input_that_refers_to_nothing_is_refused(story: Story, reference: str) -> None:
    refuse(story, errors.UnknownInput, steps=with_step(story, 1, inputs={"table": reference}))
    refuse(story, errors.UnknownInput, steps=with_step(story, 1, inputs={}))


def test_step_or_data_named_twice_is_refused(story: Story) -> None:
    refuse(story, errors.DuplicateStep, steps=[*story.spec().steps, story.spec().steps[0]])
    refuse(story, errors.DuplicateStep, steps=with_step(story, 4, id="purchases"))


def test_data_nobody_reads_is_refused(story: Story) -> None:
    extra = {**story.spec().data, "spare": DataUse(owner="bank", dataset=story.own, fields=["id"])}
    refuse(story, errors.UnusedData, data=extra)


def test_reading_data_without_its_owner_is_refused(story: Story) -> None:
    steps = with_step(story, 0, owners=["bank", "compute_1"])
    refuse(story, errors.OwnerMissing, steps=steps)
    nobody = with_step(story, 1, owners=[], computes=[], receivers=[])
    refuse(story, errors.OwnerMissing, steps=nobody)


@pytest.mark.parametrize(
    "changes",
    [
        {"owners": ["bank", "merchant", "ghost"]},
        {"receivers": ["ghost"]},
        {"computes": ["bank", "bank", "merchant"]},
    ],
)
def test_alias_unknown_or_listed_twice_is_refused(story: Story, changes: dict[str, Any]) -> None:
    refuse(story, errors.UnknownAlias, steps=with_step(story, 2, **changes))


def test_unknown_alias_of_owner_or_fee_is_refused(story: Story) -> None:
    refuse(story, errors.UnknownAlias, fees={"ghost": 1})
    data = {**story.spec().data, "more": DataUse(owner="ghost", dataset=story.own, fields=["id"])}
    refuse(story, errors.UnknownAlias, data=data)


def test_initiator_outside_or_member_under_two_aliases_is_refused(story: Story) -> None:
    with pytest.raises(errors.NotAParty):
        story.net.send("stranger", DeployFlow(story.spec()))
    parties = {**story.spec().parties, "again": story.net.did("bank")}
    refuse(story, errors.DuplicateParty, parties=parties)


@pytest.mark.parametrize(
    ("index", "changes"),
    [
        (2, {"protocol": "cheetah"}),
        (2, {"computes": ["bank", "merchant"]}),
        (0, {"owners": ["bank"], "inputs": {"left": "applications"}}),
        (0, {"computes": ["compute_1"]}),
        (1, {"computes": ["compute_1"]}),
    ],
)
def test_wrong_compute_parties_are_refused(
    story: Story, index: int, changes: dict[str, Any]
) -> None:
    refuse(story, errors.WrongComputes, steps=with_step(story, index, **changes))


def test_fee_to_who_computes_nothing_is_refused(story: Story) -> None:
    parties = {**story.spec().parties, "idle": story.net.did("compute_2")}
    refuse(story, errors.FeeWithoutWork, parties=parties, fees={"idle": 1})


# -- members ---------------------------------------------------------------------------------
def test_compute_nodes_under_one_controller_are_refused(story: Story) -> None:
    change = SetMemberRoles(
        story.net.did("compute_1"), ["compute_provider"], controller=story.net.did("bank")
    )
    story.net.send("operator", change)
    refuse(story, errors.SameController)


def test_compute_node_without_role_is_refused(story: Story) -> None:
    parties = {**story.spec().parties, "compute_1": story.net.did("auditor")}
    refuse(story, errors.NotAComputeProvider, parties=parties)


def test_suspended_party_is_refused(story: Story) -> None:
    story.net.send("operator", SuspendMember(story.net.did("compute_1")))
    refuse(story, MemberSuspendedError)


# -- data ------------------------------------------------------------------------------------
def test_dataset_of_another_owner_or_withdrawn_is_refused(story: Story) -> None:
    data = dict(story.spec().data)
    data["purchases"] = replace(data["purchases"], dataset=story.own)
    refuse(story, errors.WrongOwner, data=data)
    story.net.send("merchant", WithdrawDataset(story.dataset))
    refuse(story, DatasetWithdrawnError)


@pytest.mark.parametrize("fields", [["id", "salary"], ["id", "id"]])
def test_field_unknown_or_named_twice_is_refused(story: Story, fields: list[str]) -> None:
    data = dict(story.spec().data)
    data["applications"] = replace(data["applications"], fields=fields)
    refuse(story, errors.UnknownField, data=data)


def test_grant_for_own_data_is_refused(story: Story) -> None:
    data = dict(story.spec().data)
    data["applications"] = replace(data["applications"], grant=story.grant)
    refuse(story, errors.GrantForOwnData, data=data)


def test_grant_of_another_dataset_is_refused(story: Story) -> None:
    data = dict(story.spec().data)
    data["purchases"] = replace(data["purchases"], dataset=publish(story.net))
    refuse(story, rights_errors.DatasetNotGranted, data=data)


def test_grant_not_final_is_refused(story: Story) -> None:
    story.grant = ask(story.net, story.dataset)
    refuse(story, rights_errors.GrantNotFinal)


def test_operator_anywhere_downstream_must_be_granted(story: Story) -> None:
    story.grant = ask(
        story.net, story.dataset, operators=["align", "split", "summary", "logistic_regression"]
    )
    finish(story.net, story.grant)
    refuse(story, rights_errors.OperatorNotGranted)
    flow = story.deploy(steps=story.spec().steps[:4])
    assert story.flow(flow).steps == 4


def test_two_uses_of_one_grant_share_a_use_and_a_price(story: Story) -> None:
    data = dict(story.spec().data)
    data["more"] = replace(data["purchases"], fields=["spend"])
    steps = with_step(story, 0, inputs={"left": "applications", "right": "purchases", "x": "more"})
    flow = story.deploy(data=data, steps=steps)
    assert story.grant_record().reserved == 1
    deployed = get_deployed(story.net.state, flow)
    assert deployed is not None
    assert [payment.kind for payment in deployed.payments] == ["grant", "fee"]


def test_deployment_pins_commitment_and_price(story: Story) -> None:
    flow = story.deploy()
    changes = {"commitment": "99" * 32, "price_points": 900}
    story.net.send("merchant", UpdateDataset(dataset=story.dataset, **description(**changes)))
    deployed = get_deployed(story.net.state, flow)
    assert deployed is not None
    assert deployed.data["purchases"].commitment == "11" * 32
    assert deployed.data["purchases"].revision == 1
    story.run_all(flow)
    assert story.balance("merchant") == 100


# -- receivers -------------------------------------------------------------------------------
def test_result_to_a_receiver_the_grant_does_not_name_is_refused(story: Story) -> None:
    steps = with_step(story, 2, receivers=["bank", "compute_1"])
    refuse(story, rights_errors.ReceiverNotGranted, steps=steps)


def test_result_to_a_receiver_the_grant_names_is_deployed(story: Story) -> None:
    story.grant = ask(story.net, story.dataset, receivers=[story.net.did("compute_1")])
    finish(story.net, story.grant)
    assert story.deploy(steps=with_step(story, 2, receivers=["bank", "compute_1"]))


def test_result_of_own_data_may_go_to_its_owner(story: Story) -> None:
    assert story.deploy(steps=with_step(story, 2, receivers=["bank", "merchant"]))


def test_owners_of_set_intersection_learn_from_each_other(story: Story) -> None:
    spec = story.spec()
    plan = rules.make_plan(spec)
    assert rules.receivers_of(spec, plan, "purchases") == [spec.parties["bank"]]
    alone = replace(spec, steps=spec.steps[:1])
    plan = rules.make_plan(alone)
    assert rules.receivers_of(alone, plan, "applications") == [spec.parties["merchant"]]


def test_intersection_of_two_owners_needs_grants_that_name_the_other() -> None:
    story = Story()
    net = story.net
    first, second = publish(net), publish(net, "stranger")
    pair = ["merchant", "stranger"]

    def deploy(**terms: Any) -> None:
        grants = [ask(net, dataset, **terms) for dataset in (first, second)]
        for grant, owner in zip(grants, pair, strict=True):
            finish(net, grant, owner=owner)
        step = StepSpec(
            id="align",
            operator="align",
            inputs={"left": "one", "right": "two"},
            owners=pair,
            protocol="rr22",
        )
        uses = [
            DataUse(owner=owner, dataset=dataset, fields=["id"], grant=grant)
            for owner, dataset, grant in zip(pair, (first, second), grants, strict=True)
        ]
        parties = {name: net.did(name) for name in ("bank", *pair)}
        data = dict(zip(("one", "two"), uses, strict=True))
        spec = FlowSpec(name="n", purpose="credit-risk", parties=parties, data=data, steps=[step])
        net.send("bank", DeployFlow(spec))

    with pytest.raises(rights_errors.ReceiverNotGranted):
        deploy()
    deploy(receivers=[net.did(name) for name in pair])


def test_owner_that_holds_nothing_is_refused(story: Story) -> None:
    steps = with_step(story, 1, owners=["bank", "merchant", "compute_1"])
    refuse(story, errors.NotAnOwner, steps=steps)
    alone = with_step(story, 0, owners=["merchant", "compute_1"], inputs={"x": "purchases"})
    refuse(story, errors.NotAnOwner, steps=alone)


def test_receiver_of_a_result_may_bring_it_to_a_later_step(story: Story) -> None:
    receiver = story.net.did("compute_1")
    story.grant = ask(story.net, story.dataset, receivers=[receiver])
    finish(story.net, story.grant)
    steps = with_step(story, 2, receivers=["compute_1"])
    last = StepSpec(
        id="last",
        operator="summary",
        inputs={"table": "report.report"},
        owners=["compute_1"],
        protocol="local",
    )
    assert story.deploy(steps=[*steps, last])


def test_receivers_of_unrelated_steps_do_not_count(story: Story) -> None:
    spec = story.spec()
    mine = StepSpec(
        id="mine",
        operator="summary",
        inputs={"table": "applications"},
        owners=["bank"],
        receivers=["compute_1"],
        protocol="local",
    )
    spec = replace(spec, steps=[*spec.steps, mine])
    plan = rules.make_plan(spec)
    assert rules.receivers_of(spec, plan, "purchases") == [spec.parties["bank"]]
    assert spec.parties["compute_1"] in rules.receivers_of(spec, plan, "applications")


# -- levels ----------------------------------------------------------------------------------
def test_level_5_data_stays_with_its_owner_by_default() -> None:
    story = Story()
    story.dataset = publish(story.net, level=5)
    story.grant = ask(story.net, story.dataset)
    finish(story.net, story.grant)
    refuse(story, errors.ProtocolNotAllowed)


def test_level_table_of_the_network_decides(story: Story) -> None:
    assert get_parameters(story.net.state) == rules.DEFAULT_PARAMETERS
    PARAMETERS.put(story.net.state, FlowParameters(protocols={"3": ["rr22", "local"]}))
    refuse(story, errors.ProtocolNotAllowed)
    PARAMETERS.put(story.net.state, FlowParameters(protocols={"3": ["rr22", "local", "aby3"]}))
    flow = story.deploy()
    deployed = get_deployed(story.net.state, flow)
    assert deployed is not None
    assert deployed.levels == dict.fromkeys(("align", "split", "report", "train", "score"), 3)


def test_flow_on_own_data_alone_needs_no_grant() -> None:
    net = Network()
    own = publish(net, "bank")
    step = StepSpec(
        id="summary",
        operator="summary",
        inputs={"table": "mine"},
        owners=["bank"],
        receivers=["bank"],
        protocol="local",
    )
    spec = FlowSpec(
        name="alone",
        purpose="anything",
        parties={"bank": net.did("bank")},
        data={"mine": DataUse(owner="bank", dataset=own, fields=["id"])},
        steps=[step],
    )
    outcome = net.send("bank", DeployFlow(spec))
    assert outcome.names() == ["PointsHeld", "FlowDeployed", "StepRequested"]
    escrow = get_escrow(net.state, f"{outcome.result.flow}/1")
    assert escrow is not None
    assert escrow.amount_points == 0


# -- bounds ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": "x" * 201},
        {"purpose": "x" * 101},
        {"parties": {}},
        {"parties": {"bank": "did:web:x"}},
        {"fees": {"compute_1": -1}},
        {"fees": {"compute_1": 10**15 + 1}},
        {"steps": []},
        {"v": 2},
    ],
)
def test_specification_out_of_bounds_is_refused(story: Story, changes: dict[str, Any]) -> None:
    refuse(story, NotCanonical, **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "a.b"},
        {"id": "x" * 65},
        {"operator": "no spaces"},
        {"operator_version": 0},
        {"deadline_ms": 999},
        {"max_attempts": 0},
        {"max_attempts": 21},
        {"parameters": {"rate": "x" * 2_001}},
        {"parameters": {"epochs": 2**53}},
        {"inputs": {"table": "a.b.c"}},
        {"owners": ["bank"] * 33},
    ],
)
def test_step_out_of_bounds_is_refused(story: Story, changes: dict[str, Any]) -> None:
    refuse(story, NotCanonical, steps=with_step(story, 1, **changes))


def test_too_many_steps_are_refused(story: Story) -> None:
    refuse(story, NotCanonical, steps=list(story.spec().steps) * 13)
