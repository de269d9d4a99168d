"""Whatever the text: a flow or a named refusal. Whatever the graph: an order or a cycle."""

from __future__ import annotations

import itertools
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanse.collaboration.compiler.lineage import in_order
from hanse.collaboration.compiler.parameters import compile_parameters
from hanse.collaboration.language import read_flow
from hanse.collaboration.language.errors import FlowCycle, FlowError
from hanse.collaboration.language.source import Scalar
from hanse.collaboration.language.tree import Parameter, StepDeclaration, Word
from hanse.compute.operators import get_operator

FLOW = """\
hanse: 1
name: n
purpose: p
parties: {bank: did:hanse:a}
data: {mine: {owner: bank, dataset: ds-a, fields: [id]}}
receivers: [bank]
steps:
"""


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300) | st.text(alphabet="{}[]:,-&*!|>'\"#%@` \n\tab01", max_size=200))
def test_any_text_is_read_or_refused_by_name(text: str) -> None:
    for candidate in (text, FLOW + text, FLOW.replace("receivers", text, 1)):
        try:
            read_flow(candidate)
        except FlowError as error:
            assert error.code.startswith("flow.")
            assert len(error.message) < 1_000


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=14, unique=True))
def test_steps_come_after_what_they_use_unless_they_wait_for_each_other(
    edges: list[tuple[int, int]],
) -> None:
    text = FLOW
    for step in range(8):
        inputs = {f"p{source}": f"s{source}.out" for target, source in edges if target == step}
        inputs["own"] = "mine"
        body = ", ".join(f"{port}: {reference}" for port, reference in inputs.items())
        text += f"  - {{id: s{step}, operator: op, inputs: {{{body}}}}}\n"
    document = read_flow(text)
    try:
        order = [step.id for step in in_order(document)]
    except FlowCycle as error:
        path = error.message.split(": ", 1)[1].split(" → ")
        assert path[0] == path[-1]
        for target, source in itertools.pairwise(path):
            assert (int(target[1:]), int(source[1:])) in edges
        return
    assert sorted(order) == [f"s{step}" for step in range(8)]
    for target, source in edges:
        assert order.index(f"s{source}") < order.index(f"s{target}")


def split_with(fraction: str) -> StepDeclaration:
    given_value = Parameter(Scalar(fraction, True, 1), 1)
    return StepDeclaration(
        "s", Word("split", 1), None, {}, {"test_fraction": given_value}, None, None, None, None,
        None, 1,
    )  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(st.decimals(min_value=Decimal("0.01"), max_value=Decimal("0.9"), places=8))
def test_decimals_keep_their_value_exactly(number: Decimal) -> None:
    value = compile_parameters(get_operator("split"), split_with(str(number)))["test_fraction"]
    assert isinstance(value, str)
    assert Decimal(value) == number
    assert "e" not in value.lower()


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(["nan", "inf", "-0.3", "1e99", "0x1", "1_0", "", "½", "٣"]))
def test_what_is_no_number_in_range_is_refused(text: str) -> None:
    with pytest.raises(FlowError):
        compile_parameters(get_operator("split"), split_with(text))
