"""The page on models: its flow is read, and what it names exists."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from hanse.collaboration.language import read_flow
from hanse.compute.operators import get_operator, other_metrics, validate_parameters
from hanse.compute.operators import metrics as binary
from hanse.compute.operators.models import MODULES

PAGE = (Path(__file__).parents[3] / "docs" / "models.md").read_text("utf-8")


def test_the_flows_on_the_page_are_read_and_their_parameters_are_valid() -> None:
    flows = [
        read_flow(example) for example in re.findall(r"```yaml\n(hanse.*?)```", PAGE, re.DOTALL)
    ]
    names = [[step.operator.text for step in flow.steps] for flow in flows]
    assert names[0] == ["align", "split", "linear_regression", "evaluate"]
    assert names[1][-3:] == ["coefficients", "scorecard", "predict"]
    for step in (step for flow in flows for step in flow.steps):
        spec = get_operator(step.operator.text)
        assert set(step.parameters) <= set(spec.parameters)
        assert set(step.inputs) <= set(spec.inputs)
    validate_parameters(get_operator("linear_regression"), {"label": "motor_speed", "l2": "0.001"})
    validate_parameters(get_operator("scorecard"), {"base_score": "600", "pdo": "50"})


def test_every_operator_of_the_family_and_every_metric_is_named() -> None:
    named = set(re.findall(r"`(\w+)`", PAGE))
    assert {module.SPEC.name for module in MODULES} <= named
    truth, rng = np.array([0, 1, 0, 1]), np.random.default_rng(1)
    reports = [
        binary.evaluate(truth, rng.normal(size=4), 0.5),
        other_metrics.regression(truth, rng.normal(size=4)),
        other_metrics.classes(truth, rng.random((4, 2)), ["a", "b"]),
    ]
    shown = {name for report in reports for name in report}
    assert shown - {"rows", "positives", "threshold", "classes"} <= named
