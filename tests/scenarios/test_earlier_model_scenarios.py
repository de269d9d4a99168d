"""Models of earlier flows: used by those who hold them, granted again, counted, retired."""

from __future__ import annotations

from typing import Any

import pytest
from contract_story import get_final_grant
from model_story import MOST, Later
from msgspec.structs import replace

from hanse.contracts.flows import errors
from hanse.contracts.flows.invariants import check_flow
from hanse.contracts.flows.messages import DeployFlow, Tick
from hanse.contracts.flows.queries import get_deployed, get_scores
from hanse.contracts.privacy.errors import NoiseRequired
from hanse.contracts.privacy.messages import SetBudget
from hanse.contracts.rights import errors as rights_errors
from hanse.contracts.rights.messages import RevokeGrant
from hanse.contracts.services.errors import ModelRetiredError
from hanse.contracts.services.messages import RetireModel


@pytest.fixture
def later() -> Later:
    return Later()


def refuse(later: Later, error: type[Exception], match: str | None = None, **changes: Any) -> None:
    before = dict(later.net.state.data)
    with pytest.raises(error, match=match):
        later.net.send("bank", DeployFlow(later.spec(**changes)))
    assert later.net.state.data == before


def counted(later: Later) -> int:
    return get_scores(later.net.state, later.trained, "train", "model", later.net.did("bank"))


def test_later_flow_scores_and_spends_a_use_of_the_grant_it_was_trained_under(later: Later) -> None:
    used = later.story.grant_record().consumed
    assert counted(later) == 0
    flow = later.run()
    assert later.story.flow(flow).state == "COMPLETED"
    assert later.story.grant_record().consumed == used + 1
    assert counted(later) == MOST
    later.run()
    assert counted(later) == 2 * MOST
    check_flow(later.net.state, flow)


def test_level_and_lineage_of_the_model_carry_over(later: Later) -> None:
    deployed = get_deployed(later.net.state, later.deploy())
    trained = get_deployed(later.net.state, later.trained)
    assert deployed is not None
    assert trained is not None
    model = deployed.models["scoring"]
    assert set(model.datasets) == {later.story.own, later.story.dataset}
    assert model.level == trained.levels["train"]
    assert deployed.levels["score"] >= model.level


def test_scores_count_once_the_flow_starts_and_not_again_for_a_retry(later: Later) -> None:
    flow = later.deploy()
    assert counted(later) == 0
    later.run_step(flow, "align")
    later.story.confirm(flow, "score")
    later.story.fail(flow, "score", "merchant")
    later.story.confirm(flow, "score")
    assert counted(later) == MOST


@pytest.mark.parametrize(
    "changes", [{"flow": "fl-" + "a" * 26}, {"step": "nothing"}, {"output": "nothing"}]
)
def test_unknown_model_is_refused(later: Later, changes: dict[str, str]) -> None:
    refuse(later, errors.ModelNotFound, models={"scoring": later.use(**changes)})


def test_model_of_a_flow_that_has_not_completed_is_refused(later: Later) -> None:
    running = later.story.deploy()
    for step in ("align", "split", "report", "train"):
        later.run_step(running, step)
    refuse(later, errors.ModelNotFound, models={"scoring": later.use(flow=running)})


def test_missing_holder_is_named(later: Later) -> None:
    computes = ["bank", "merchant", "compute_2"]
    parties = {name: later.net.did(name) for name in ("bank", "merchant", "compute_1", "compute_2")}
    refuse(
        later,
        errors.ModelHolderMissing,
        match=f"computing node {later.net.did('compute_1')}",
        parties=parties,
        steps=later.steps(computes=computes),
        fees={},
    )
    refuse(
        later,
        errors.ModelHolderMissing,
        match=f"owner {later.net.did('merchant')}",
        steps=later.steps(owners=["bank"]),
    )


def test_aliases_that_sort_otherwise_would_give_shares_another_rank(later: Later) -> None:
    """The bank holds the first share; as ``zeta`` it would come last."""
    renamed = {"zeta": "bank", "merchant": "merchant", "compute_1": "compute_1"}
    alias = {"bank": "zeta"}
    spec = later.spec()
    steps = [
        replace(
            step,
            owners=[alias.get(name, name) for name in step.owners],
            computes=[alias.get(name, name) for name in step.computes],
            receivers=[alias.get(name, name) for name in step.receivers],
        )
        for step in spec.steps
    ]
    refuse(
        later,
        errors.ModelHeldOtherwise,
        match="sort otherwise",
        parties={name: later.net.did(who) for name, who in renamed.items()},
        data={**spec.data, "applications": replace(spec.data["applications"], owner="zeta")},
        steps=steps,
    )


def test_another_protocol_is_refused(later: Later) -> None:
    refuse(later, errors.WrongComputes, steps=later.steps(protocol="cheetah"))


def test_only_predict_reads_it_and_says_how_many_scores_it_opens(later: Later) -> None:
    refuse(later, errors.ModelNotReadable, steps=later.steps(operator="evaluate"))
    refuse(later, errors.ScoresNotLimited, steps=later.steps(parameters={}))
    refuse(later, errors.ScoresNotLimited, steps=later.steps(parameters={"maximum_rows": True}))
    refuse(later, errors.UnusedData, steps=later.steps()[:1])


def test_grants_of_what_it_was_trained_on_are_asked(later: Later) -> None:
    refuse(later, errors.ModelGrantMissing, models={"scoring": later.use(grants={})})
    wrong = {later.story.dataset: later.rows_grant}
    refuse(later, rights_errors.DatasetNotGranted, models={"scoring": later.use(grants=wrong)})
    surplus = {later.story.dataset: later.story.grant, later.rows: later.rows_grant}
    refuse(later, errors.GrantForOwnData, models={"scoring": later.use(grants=surplus)})
    narrow = get_final_grant(
        later.net, later.story.dataset, uses=1, operators=["align", "logistic_regression"]
    )
    narrowed = {"scoring": later.use(grants={later.story.dataset: narrow})}
    refuse(later, rights_errors.OperatorNotGranted, models=narrowed)


def test_retired_model_is_refused_and_ends_a_flow_that_has_yet_to_read_it(later: Later) -> None:
    flow = later.deploy()
    later.run_step(flow, "align")
    later.net.send("merchant", RetireModel(later.trained, "train", "model", "replaced"))
    refuse(later, ModelRetiredError)
    later.net.send("bank", Tick(flow))
    ended = later.story.flow(flow)
    assert (ended.state, ended.code) == ("TERMINATED", "services.model_retired")
    check_flow(later.net.state, flow)


def test_revoked_grant_of_the_training_ends_a_flow_that_uses_the_model(later: Later) -> None:
    flow = later.deploy()
    later.net.send("merchant", RevokeGrant(later.story.grant))
    later.net.send("bank", Tick(flow))
    assert later.story.flow(flow).code == "rights.grant_revoked"


def test_privacy_budget_of_what_it_was_trained_on_forbids_exact_scores(later: Later) -> None:
    flow = later.deploy()
    later.net.send("merchant", SetBudget(later.story.dataset, 1_000_000))
    refuse(later, NoiseRequired)
    later.run_step(flow, "align")
    later.story.confirm(flow, "score")
    ended = later.story.flow(flow)
    assert (ended.state, ended.code) == ("TERMINATED", NoiseRequired.code)
