"""The scorecard flow on the page of models compiles, and says who learns what."""

from __future__ import annotations

import re
from pathlib import Path

from contract_story import Story, get_final_grant, publish

from hanse.collaboration.compiler import LedgerDirectory, compile_flow, explain_flow
from hanse.contracts.catalogue.types import Field

PAGE = (Path(__file__).parents[3] / "docs" / "models.md").read_text("utf-8")
OPERATORS = [
    "align",
    "woe_binning",
    "woe_transform",
    "logistic_regression",
    "coefficients",
    "scorecard",
    "predict",
]


def field(name: str) -> Field:
    kind = "int64" if name in {"amount", "duration_months", "age", "y"} else "text"
    return Field(name=name, type=kind, level=2)


def test_the_scorecard_flow_compiles_and_is_explained() -> None:
    net = Story().net
    text = re.findall(r"```yaml\n(hanse.*?)```", PAGE, re.DOTALL)[1]
    lists = re.findall(r"fields: \[(.*?)\]", text)
    loans, shoppers = ([field(name) for name in each.split(", ")] for each in lists)
    own = publish(net, "bank", title="loans", operators=[], purposes=[], fields=loans)
    theirs = publish(net, title="shoppers", operators=OPERATORS, fields=shoppers)
    changes = {
        "did:hanse:mfzwizltoruw63tfoi2dknjwmfzwizlt": net.did("bank"),
        "did:hanse:nfzwizltoruw63tfoi2dknjwmfzwizlt": net.did("merchant"),
        "did:hanse:ofzwizltoruw63tfoi2dknjwmfzwizlt": net.did("compute_1"),
        "ds-" + "a" * 26: own,
        "ds-" + "b" * 26: theirs,
        "gr-" + "c" * 26: get_final_grant(
            net,
            theirs,
            operators=OPERATORS,
            fields=[each.name for each in shoppers],
            receivers=[net.did("bank"), net.did("merchant")],
        ),
    }
    for old, new in changes.items():
        text = text.replace(old, new)
    directory = LedgerDirectory(net.state, net.time_ms, lambda did: 10)
    spec = compile_flow(text, directory, net.did("bank"))
    assert [step.operator for step in spec.steps] == OPERATORS
    assert "points of its own columns" in str(explain_flow(spec))
