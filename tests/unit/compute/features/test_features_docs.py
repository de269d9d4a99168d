"""The page on features: its flow is read, and its steps fit the declarations."""

from __future__ import annotations

import re
from pathlib import Path

from hanse.collaboration.language import read_flow
from hanse.compute.operators import get_operator
from hanse.compute.operators.features import MODULES

PAGE = (Path(__file__).parents[4] / "docs" / "features.md").read_text("utf-8")


def test_the_flow_on_the_page_is_read_and_its_steps_are_valid() -> None:
    example = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert example is not None
    flow = read_flow(example[1])
    specs = {step.id: get_operator(step.operator.text) for step in flow.steps}
    for step in flow.steps:
        spec = specs[step.id]
        assert set(step.parameters) <= set(spec.parameters)
        for port, reference in step.inputs.items():
            if reference.step:
                made = specs[reference.step].outputs[reference.text.partition(".")[2]]
                assert made.kind == spec.inputs[port].kind


def test_every_operator_of_the_family_is_on_the_page() -> None:
    assert all(f"`{module.SPEC.name}`" in PAGE for module in MODULES)
