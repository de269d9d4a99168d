"""Declarations are complete, and parameters are checked against them."""

from __future__ import annotations

import pytest

from hanse.compute.errors import (
    BadParameter,
    BadRoles,
    RefusedProtocol,
    UnknownOperator,
    UnknownParameter,
)
from hanse.compute.operators import (
    check_session,
    decimal_of,
    explain,
    get_operator,
    operators,
    protocol_for,
    validate_parameters,
)
from hanse.core import canonical

NAMES = list(operators())
USUAL = ["align", "intersect", "split", "summary", "logistic_regression", "evaluate", "predict"]


def test_operators_are_listed_in_the_order_a_flow_uses_them() -> None:
    assert [name for name in NAMES if name in USUAL] == USUAL


@pytest.mark.parametrize("name", NAMES)
def test_declaration_says_what_every_role_learns_in_both_languages(name: str) -> None:
    spec = get_operator(name)
    assert set(spec.leaks) == set(spec.leaks_zh) == set(spec.roles) == set(spec.roles_zh)
    assert set(spec.collusion) == set(spec.collusion_zh) == set(spec.protocols)
    assert spec.adversary_model == "semi-honest"
    assert "semi2k" not in spec.protocols
    for port in (*spec.inputs.values(), *spec.outputs.values()):
        assert set(port.held_by) <= set(spec.roles)


@pytest.mark.parametrize("name", NAMES)
def test_defaults_pass_their_own_checks(name: str) -> None:
    spec = get_operator(name)
    given: dict[str, object] = {
        key: {"texts": ["id"], "decimal": "1"}.get(p.type, "y")
        for key, p in spec.parameters.items()
        if p.required
    }
    checked = validate_parameters(spec, given)
    assert set(checked) == set(spec.parameters)
    canonical.encode(checked)


def test_explain_names_the_parties() -> None:
    roles = {"owner": ["bank", "merchant"], "compute": ["c1"], "receiver": ["bank"]}
    lines = explain(get_operator("evaluate"), roles)
    assert lines[0].startswith("bank, merchant (data owner): learns")
    assert any(line.startswith("bank (receiver): learns the score") for line in lines)
    chinese = explain(get_operator("evaluate"), roles, "zh")
    assert chinese[0].startswith("bank、merchant（数据提供方）：得知")


def test_unknown_parameter_is_named() -> None:
    with pytest.raises(UnknownParameter, match="epoch'"):
        validate_parameters(get_operator("logistic_regression"), {"label": "y", "epoch": 3})


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("logistic_regression", {}),
        ("logistic_regression", {"label": ""}),
        ("logistic_regression", {"label": 3}),
        ("logistic_regression", {"label": "y", "epochs": 0}),
        ("logistic_regression", {"label": "y", "epochs": "2.5"}),
        ("logistic_regression", {"label": "y", "epochs": True}),
        ("logistic_regression", {"label": "y", "l2": "nan"}),
        ("logistic_regression", {"label": "y", "l2": "ten"}),
        ("logistic_regression", {"label": "y", "exclude": [1]}),
        ("logistic_regression", {"label": "y", "exclude": ["a", "a"]}),
        ("align", {"left_key": "id", "right_key": "id", "case": "upper"}),
    ],
)
def test_bad_values_are_refused(name: str, given: dict[str, object]) -> None:
    with pytest.raises(BadParameter):
        validate_parameters(get_operator(name), given)


def test_decimals_become_plain_strings_whatever_form_they_came_in() -> None:
    spec = get_operator("split")
    for value in ("0.30", 0.3, "3e-1"):
        checked = validate_parameters(spec, {"test_fraction": value})
        assert checked["test_fraction"] == "0.3"
        assert decimal_of(checked["test_fraction"]) == 0.3


def test_one_text_stands_for_a_list_of_one() -> None:
    checked = validate_parameters(get_operator("align"), {"left_key": "id", "right_key": ["no"]})
    assert checked["left_key"] == ["id"]


def test_unknown_operator_and_version_are_refused() -> None:
    with pytest.raises(UnknownOperator, match="there are: align"):
        get_operator("sort")
    with pytest.raises(UnknownOperator, match="version 1"):
        get_operator("align", 2)


def test_protocol_follows_the_number_of_computing_nodes() -> None:
    spec = get_operator("summary")
    assert [protocol_for(spec, n) for n in (2, 3)] == ["cheetah", "aby3"]
    assert protocol_for(get_operator("align"), 0) == "rr22"
    with pytest.raises(RefusedProtocol):
        protocol_for(spec, 4)


@pytest.mark.parametrize(
    ("name", "protocol", "counts", "error"),
    [
        ("summary", "semi2k", (2, 3, 1), RefusedProtocol),
        ("summary", "aby3", (2, 2, 1), RefusedProtocol),
        ("summary", "aby3", (2, 3, 0), BadRoles),
        ("align", "rr22", (3, 0, 0), BadRoles),
        ("align", "rr22_low_comm", (2, 0, 0), RefusedProtocol),
    ],
)
def test_sessions_that_do_not_fit_are_refused(
    name: str, protocol: str, counts: tuple[int, int, int], error: type[Exception]
) -> None:
    owners, computes, receivers = counts
    with pytest.raises(error):
        check_session(
            get_operator(name), protocol, owners=owners, computes=computes, receivers=receivers
        )
