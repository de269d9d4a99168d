"""Templates fill into flows that compile."""

from __future__ import annotations

import pytest

from hanse.collaboration.compiler import compile_flow
from hanse.collaboration.templates import fill_template, get_template, templates
from hanse.core.errors import HanseError


def values(setting, name: str) -> dict[str, str | list[str]]:
    known = {
        "name": "joint: credit # 1",
        "purpose": "credit-risk",
        "bank": setting.net.did("bank"),
        "merchant": setting.net.did("merchant"),
        "compute_1": setting.net.did("compute_1"),
        "compute_2": setting.net.did("compute_2"),
        "bank_dataset": setting.own,
        "bank_fields": ["id", "age", "no", "客户等级"],
        "merchant_dataset": setting.theirs,
        "merchant_fields": ["id", "spend"],
        "grant": setting.grant,
        "bank_key": "id",
        "merchant_key": "id",
        "label": "no",
    }
    return {place: known[place] for place in get_template(name).places}


@pytest.mark.parametrize(
    ("name", "protocol", "computes"),
    [
        ("joint-credit-scoring", "aby3", ["bank", "merchant", "compute_1"]),
        ("joint-credit-scoring-outsourced", "aby3", ["bank", "compute_1", "compute_2"]),
        ("joint-credit-scoring-two-party", "cheetah", ["bank", "merchant"]),
    ],
)
def test_template_compiles(setting, name, protocol, computes):
    text = fill_template(name, values(setting, name))
    spec = compile_flow(text, setting.directory, setting.initiator)
    train = next(step for step in spec.steps if step.id == "train")
    assert (train.protocol, train.computes, train.parameters["label"]) == (protocol, computes, "no")
    assert spec.name == "joint: credit # 1"
    assert spec.data["applications"].fields == ["id", "age", "no", "客户等级"]


def test_every_template_says_what_it_is_for():
    assert len(templates()) == 3
    assert all(len(template.summary) > 60 for template in templates().values())


def test_a_value_cannot_change_the_shape_of_the_flow(setting):
    name = "joint-credit-scoring"
    filled = values(setting, name) | {"label": "no}\n  - {id: more, operator: predict"}
    with pytest.raises(HanseError) as caught:
        compile_flow(fill_template(name, filled), setting.directory, setting.initiator)
    assert caught.value.code == "flow.unknown_column"


def test_missing_and_unknown_places_are_named(setting):
    name = "joint-credit-scoring"
    full = values(setting, name)
    with pytest.raises(HanseError, match="'label'"):
        fill_template(name, {k: v for k, v in full.items() if k != "label"})
    with pytest.raises(HanseError, match="'colour'"):
        fill_template(name, full | {"colour": "blue"})
    for wrong in ({"merchant_fields": "id"}, {"label": ["no"]}):
        with pytest.raises(HanseError, match="takes") as caught:
            fill_template(name, full | wrong)
        assert caught.value.code == "flow.wrong_type"
    with pytest.raises(HanseError) as caught:
        fill_template("nothing", {})
    assert caught.value.code == "flow.unknown_template"
