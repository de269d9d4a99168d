"""The flow on the page of differential privacy compiles, and is what the page says of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from contract_story import Story, get_final_grant, publish

from hanse.collaboration.compiler import LedgerDirectory, compile_flow, explain_flow
from hanse.compute.operators.reports.noise import calibrate
from hanse.compute.operators.reports.private_questions import HALF, read_questions
from hanse.contracts.catalogue.types import Field
from hanse.contracts.flows.messages import DeployFlow
from hanse.contracts.privacy.errors import NoiseRequired
from hanse.contracts.privacy.messages import SetBudget

PAGE = (Path(__file__).parents[3] / "docs" / "differential-privacy.md").read_text("utf-8")
OPERATORS = ["align", "private_report", "group_by"]


def test_flow_of_the_page_compiles_and_is_deployed_within_a_budget() -> None:
    net = Story().net
    fields = [Field(name=n, type=t, level=2) for n, t in (("id", "text"), ("age", "int64"))]
    fields.append(Field(name="y", type="int64", level=2))
    own = publish(net, "bank", title="applications", operators=[], purposes=[], fields=fields)
    theirs = publish(net, operators=OPERATORS)
    net.send("merchant", SetBudget(theirs, 2_000_000))
    names = {
        "BANK": net.did("bank"),
        "MERCHANT": net.did("merchant"),
        "COMPUTE": net.did("compute_1"),
        "APPLICATIONS": own,
        "PURCHASES": theirs,
        "GRANT": get_final_grant(net, theirs, operators=OPERATORS, uses=2),
    }
    found = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    text = re.sub(r"\b[A-Z]{4,}\b", lambda m: names.get(m[0], m[0]), found[1])
    directory = LedgerDirectory(net.state, net.time_ms, lambda did: 10)
    spec = compile_flow(text, directory, net.did("bank"))
    assert spec.steps[1].parameters["epsilon"] == "0.5"
    assert "noise" in str(explain_flow(spec))
    net.send("bank", DeployFlow(spec))
    bare = re.sub(
        r"operator: private_report(.*?)epsilon.*",
        r"operator: group_by\1by: [y]",
        text,
        flags=re.DOTALL,
    )
    plain = compile_flow(bare, directory, net.did("bank"))
    with pytest.raises(NoiseRequired, match=f"step report: dataset {theirs}"):
        net.send("bank", DeployFlow(plain))


def test_noise_of_the_page_is_as_large_as_it_says() -> None:
    questions = read_questions(["spend:0:5000"], ["y:0,1"], 500)
    counts, sums = calibrate("0.5", questions.sensitivities)
    step = questions.columns[0].step
    assert step * HALF == 2_500
    assert f"counts ± {counts.variance(3) ** 0.5:.0f}," in PAGE
    assert f"sums ± {round(step * sums.variance(3) ** 0.5, -3):,.0f};" in PAGE
