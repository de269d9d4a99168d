"""The compiler: parties by lineage, protocols, parameters, and named refusals with lines."""

from __future__ import annotations

import msgspec
import pytest
from contract_story import ask

from hanse.collaboration.compiler import compile_flow, explain_flow
from hanse.contracts.flows.messages import DeployFlow
from hanse.contracts.flows.spec import FlowSpec
from hanse.core import canonical
from hanse.core.errors import HanseError


def compiled(setting, *replacements) -> FlowSpec:
    return compile_flow(setting.text(*replacements), setting.directory, setting.initiator)


def step(spec: FlowSpec, name: str):
    return next(s for s in spec.steps if s.id == name)


def test_parties_of_each_step_follow_the_lineage(setting):
    spec = compiled(setting)
    align, train, score = step(spec, "align"), step(spec, "train"), step(spec, "score")
    assert (align.owners, align.computes, align.receivers) == (["bank", "merchant"], [], [])
    assert align.protocol == "rr22"
    assert step(spec, "split").protocol == "local"
    assert train.owners == ["bank", "merchant"]
    assert train.computes == ["bank", "merchant", "compute_1"]
    assert (train.protocol, train.receivers) == ("aby3", [])
    assert (score.computes, score.receivers) == (train.computes, ["bank"])


def test_unused_party_is_allowed_but_unused_compute_node_is_not(setting):
    assert "compute_2" in compiled(setting).parties
    with pytest.raises(HanseError) as caught:
        compiled(
            setting,
            (
                "fields: [id, age, y]}",
                "fields: [id, age, y]}\n  extra: {owner: bank,"
                f" dataset: {setting.own}, fields: [id]}}",
            ),
        )
    assert caught.value.code == "flow.unused"


def test_compiled_flow_is_accepted_by_the_contract(setting):
    spec = compiled(setting)
    assert canonical.decode(canonical.encode(spec), FlowSpec) == spec
    copy = setting.net.replay()
    outcome = copy.send("bank", DeployFlow(spec))
    assert outcome.names().count("StepRequested") == 1
    assert outcome.data("FlowDeployed")["price_points"] == 110


def test_two_nodes_run_cheetah_and_three_aby3(setting):
    two = compiled(setting, ("[bank, merchant, compute_1]", "[merchant, bank]"))
    assert step(two, "train").protocol == "cheetah"
    assert step(two, "train").computes == ["bank", "merchant"]
    assert two.fees == {}
    apart = compiled(setting, ("[bank, merchant, compute_1]", "[bank, compute_1, compute_2]"))
    assert step(apart, "train").owners == ["bank", "merchant"]
    assert step(apart, "train").computes == ["bank", "compute_1", "compute_2"]
    assert apart.fees == {"compute_1": 10, "compute_2": 10}


def test_parameters_are_canonical_with_defaults_written_out(setting):
    spec = compiled(setting)
    assert step(spec, "split").parameters == {"test_fraction": "0.3", "seed": 7}
    train = step(spec, "train").parameters
    assert (train["label"], train["epochs"], train["learning_rate"]) == ("y", 20, "0.1")
    assert step(spec, "align").parameters["left_key"] == ["id"]


def test_words_that_yaml_reads_as_truth_values_stay_column_names(setting):
    spec = compiled(
        setting,
        ("[id, age, y]}", "[id, age, no, 客户等级]}"),
        ("label: y, epochs", "label: no, exclude: [客户等级], epochs"),
        ("parameters: {label: y}", "parameters: {label: no}"),
    )
    assert spec.data["applications"].fields == ["id", "age", "no", "客户等级"]
    assert step(spec, "train").parameters["label"] == "no"


def test_steps_may_stand_in_any_order(setting):
    text = setting.text()
    head, body = text.split("steps:\n")
    blocks = ["  - " + block for block in body.split("  - ")[1:]]
    shuffled = head + "steps:\n" + "".join(reversed(blocks))
    spec = compile_flow(shuffled, setting.directory, setting.initiator)
    names = [s.id for s in spec.steps]
    assert names.index("align") < names.index("split") < names.index("train") < names.index("score")
    assert sorted(names) == sorted(s.id for s in compiled(setting).steps)


SECOND = "inputs: {table: align.table}"
REFUSALS = [
    ("operator: split", "operator: splitt", "flow.unknown_operator", 21),
    ("operator: split", "operator: split\n    version: 9", "flow.unknown_operator", 21),
    ("{nodes: [bank, ", "{nodes: [bank2, ", "flow.unknown_party", 12),
    ("receivers: [bank]", "receivers: [baank]", "flow.unknown_party", 13),
    (SECOND, "inputs: {table: aligned.table}", "flow.unknown_reference", 22),
    (SECOND, "inputs: {table: align.tables}", "flow.unknown_reference", 22),
    (SECOND, "inputs: {table: nothing}", "flow.unknown_reference", 22),
    (SECOND, "inputs: {tables: align.table}", "flow.unknown_port", 22),
    (SECOND, "inputs: {}", "flow.missing_input", 20),
    (SECOND, "inputs: {table: train.model}", "flow.cycle", 20),
    ("{model: train.model, table: split.test}", "{model: split.test, table: split.test}",
     "flow.wrong_kind", 31),
    ("seed: 7", "sed: 7", "flow.unknown_parameter", 23),
    ("seed: 7", "seed: 7.5", "flow.bad_parameter", 23),
    ("seed: 7", "seed: -1", "flow.bad_parameter", 23),
    ("0.30", "0.95", "flow.bad_parameter", 23),
    ("0.30", "a third", "flow.bad_parameter", 23),
    ("label: y, epochs: 20", "epochs: 20", "flow.bad_parameter", 25),
    ("label: y, epochs", "label: z, epochs", "flow.unknown_column", 28),
    ("left_key: id", "left_key: ids", "flow.unknown_column", 19),
    ("fields: [id, spend]", "fields: [id, spent]", "flow.unknown_field", 11),
    ("[bank, merchant, compute_1]", "[bank]", "flow.bad_compute", 24),
    ("[bank, merchant, compute_1]", "[bank, merchant, compute_1, compute_2]",
     "flow.bad_compute", 24),
    ("operator: split", "operator: split\n    compute: [bank, merchant]", "flow.bad_compute", 20),
    ("operator: split", "operator: split\n    protocol: rr22", "flow.bad_protocol", 22),
    ("operator: align\n", "operator: align\n    receivers: [bank]\n", "flow.bad_parties", 16),
    ("right: purchases", "right: applications", "flow.bad_parties", 16),
    ("purpose: credit-risk", "purpose: marketing", "rights.purpose_not_granted", 11),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "code", "line"), REFUSALS)
def test_what_is_wrong_is_refused_by_name_and_line(setting, old, new, code, line):
    with pytest.raises(HanseError) as caught:
        compiled(setting, (old, new))
    assert caught.value.code == code, caught.value.message
    assert caught.value.message.startswith(f"line {line}: "), caught.value.message


def test_shares_of_a_model_stay_where_they_are(setting):
    with pytest.raises(HanseError) as caught:
        compiled(
            setting,
            (
                ", inputs: {model: train.model, table: align.table}}",
                ", compute: [bank, compute_1, compute_2],"
                " inputs: {model: train.model, table: align.table}}",
            ),
        )
    assert caught.value.code == "flow.bad_compute"
    assert "shares" in caught.value.message


def test_parties_unknown_to_the_network_are_refused(setting):
    stranger = "did:hanse:" + "a" * 32
    with pytest.raises(HanseError) as caught:
        compiled(setting, (setting.net.did("compute_2"), stranger))
    assert (caught.value.code, caught.value.line) == ("flow.unknown_party", 8)
    with pytest.raises(HanseError) as caught:
        compile_flow(setting.text(), setting.directory, setting.net.did("auditor"))
    assert caught.value.code == "flow.unknown_party"


def test_datasets_are_those_of_the_owner_named(setting):
    for old, new in [
        (f"dataset: {setting.own}", f"dataset: {setting.theirs}"),
        (f"dataset: {setting.own}", "dataset: ds-nothing"),
    ]:
        with pytest.raises(HanseError) as caught:
            compiled(setting, (old, new))
        assert caught.value.code == "flow.unknown_dataset"


def test_grants_are_refused_with_the_names_the_contract_uses(setting):
    net = setting.net
    pending = ask(net, setting.theirs)
    cases = {
        f", grant: {setting.grant}": ("", "flow.missing_grant"),
        f"grant: {setting.grant}": (f"grant: {pending}", "rights.grant_not_final"),
        f" {setting.grant}": (f" {setting.story.grant}", "rights.dataset_not_granted"),
        f"{setting.grant}": ("gr-" + "a" * 26, "rights.grant_not_found"),
    }
    for old, (new, code) in cases.items():
        with pytest.raises(HanseError) as caught:
            compiled(setting, (old, new))
        assert caught.value.code == code
    merchant_first = setting.text()
    with pytest.raises(HanseError) as caught:
        compile_flow(merchant_first, setting.directory, net.did("compute_1"))
    assert caught.value.code == "flow.missing_grant"


def test_grant_must_cover_operators_fields_and_receivers(setting):
    with pytest.raises(HanseError) as caught:
        compiled(setting, ("[id, spend]", "[id, spend, region]"))
    assert caught.value.code == "rights.field_not_granted"
    with pytest.raises(HanseError) as caught:
        compiled(setting, ("receivers: [bank]", "receivers: [bank, compute_1]"))
    assert caught.value.code == "rights.receiver_not_granted"
    with pytest.raises(HanseError) as caught:
        compiled(
            setting,
            ("operator: align\n", "operator: intersect\n    receivers: [bank]\n"),
        )
    assert caught.value.code == "rights.operator_not_granted"


def test_explanation_names_parties_fields_and_what_each_learns(setting):
    spec = compiled(setting)
    names = {setting.net.did("bank"): "North Bank", setting.net.did("merchant"): "Shop Ltd"}
    told = explain_flow(spec, names)
    text = "\n".join(told.lines())
    assert "Shop Ltd brings the fields id, spend of purchases" in text
    assert "North Bank, Shop Ltd (data owner): learns which of its own keys" in text
    assert "compute_1" in text
    assert "ABY3" in text
    assert "CHEETAH" not in text
    assert told.operators["purchases"] == (
        "align", "split", "summary", "logistic_regression", "evaluate", "predict",
    )  # fmt: skip
    chinese = "\n".join(explain_flow(spec, names, "zh").lines())
    assert "用途：credit-risk" in chinese
    assert "North Bank、Shop Ltd（数据提供方）" in chinese


def test_explanation_of_an_operator_this_node_lacks_is_refused(setting):
    spec = compiled(setting)
    steps = [msgspec.structs.replace(spec.steps[0], operator="other"), *spec.steps[1:]]
    with pytest.raises(HanseError) as caught:
        explain_flow(msgspec.structs.replace(spec, steps=steps))
    assert caught.value.code == "compute.unknown_operator"
