"""The page on boosted trees: its flow is read, and its steps are ones that run."""

from __future__ import annotations

import re
from pathlib import Path

from hanse.collaboration.language import read_flow
from hanse.compute.operators import get_operator

PAGE = (Path(__file__).parents[4] / "docs" / "trees.md").read_text("utf-8")


def test_the_flow_on_the_page_is_read_and_its_steps_are_valid() -> None:
    example = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert example is not None
    flow = read_flow(example[1])
    for step in flow.steps:
        spec = get_operator(step.operator.text)
        assert spec.name in {"align", "split", "boosted_trees", "evaluate"}
        assert set(step.parameters) <= set(spec.parameters)
        assert set(step.inputs) <= set(spec.inputs)
    assert [step.operator.text for step in flow.steps][2] == "boosted_trees"


def test_parameters_on_the_page_exist() -> None:
    named = {"max_bin", "max_categories", "early_stopping_rounds", "subsample", "importance"}
    assert named <= set(get_operator("boosted_trees").parameters)
    assert all(f"`{name}" in PAGE for name in named)
