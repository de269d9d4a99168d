"""The page on the flow language tells the truth."""

from __future__ import annotations

import re
from pathlib import Path

from hanse.collaboration.language import errors, read_flow
from hanse.collaboration.language.reader import DATA_KEYS, FLOW_KEYS, MODEL_KEYS, STEP_KEYS
from hanse.collaboration.templates import templates

PAGE = (Path(__file__).parents[3] / "docs" / "flow-language.md").read_text("utf-8")


def test_the_complete_example_is_read():
    example = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert example is not None
    flow = read_flow(example[1])
    assert [step.id for step in flow.steps][-1] == "score"
    assert flow.fees["compute_1"][0] == 20


def test_every_key_error_and_template_is_on_the_page():
    for key in {*FLOW_KEYS, *DATA_KEYS, *MODEL_KEYS, *STEP_KEYS}:
        assert re.search(rf"`{key}[`.:]", PAGE), key
    classes = [value for value in vars(errors).values() if isinstance(value, type)]
    codes = {cls.code for cls in classes if issubclass(cls, errors.FlowError)}
    for code in codes - {"flow.invalid", "flow.unknown_template"}:
        assert f"`{code}`" in PAGE, code
    for name in templates():
        assert f"`{name}`" in PAGE
