"""The flow on the page of reports compiles, and the pages' examples say what they claim."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from contract_story import Story, get_final_grant, publish

from hanse.collaboration.compiler import LedgerDirectory, compile_flow, explain_flow
from hanse.compute.operators.reports.query import read_query
from hanse.contracts.catalogue.types import Field
from hanse.core.errors import HanseError

DOCS = Path(__file__).parents[3] / "docs"
OPERATORS = ["align", "statistics", "group_by", "calculate", "sql"]


def block(page: str, language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", (DOCS / page).read_text("utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture(scope="module")
def flow() -> tuple[str, LedgerDirectory, str]:
    """The page's flow with a network's names, the network with the grant it needs, and who asks."""
    net = Story().net
    fields = [Field(name=n, type=t, level=2) for n, t in (("id", "text"), ("age", "int64"))]
    fields.append(Field(name="y", type="int64", level=2))
    own = publish(net, "bank", title="applications", operators=[], purposes=[], fields=fields)
    theirs = publish(net, operators=OPERATORS)
    names = {
        "BANK": net.did("bank"),
        "MERCHANT": net.did("merchant"),
        "COMPUTE": net.did("compute_1"),
        "APPLICATIONS": own,
        "PURCHASES": theirs,
        "GRANT": get_final_grant(net, theirs, operators=OPERATORS),
    }
    text = re.sub(r"\b[A-Z]{4,}\b", lambda m: names.get(m[0], m[0]), block("reports.md", "yaml"))
    directory = LedgerDirectory(net.state, net.time_ms, lambda did: 10)
    return text, directory, net.did("bank")


def test_flow_of_the_page_compiles_and_is_explained(flow: tuple[str, Any, str]) -> None:
    spec = compile_flow(*flow)
    assert [step.operator for step in spec.steps] == OPERATORS[:-1]
    assert all(step.protocol == "aby3" for step in spec.steps[1:])
    assert "group size does not stop differencing" in str(explain_flow(spec))


def test_column_that_no_table_has_is_refused_with_its_line(flow: tuple[str, Any, str]) -> None:
    text, directory, initiator = flow
    with pytest.raises(HanseError) as caught:
        compile_flow(text.replace("[age, y]", "[age, z]"), directory, initiator)
    assert caught.value.code == "flow.unknown_column"


def test_query_of_the_page_is_read() -> None:
    numbers = dict.fromkeys(["age", "income"], "int64")
    schema = {
        "bank": {"id": "text", "education": "text", **numbers},
        "shop": {"no": "text", "segment": "text", "spend": "int64", "share": "float64"},
    }
    query = read_query(block("joint-sql.md", "sql"), schema)
    assert query.limit == 20
    assert len(query.joins) == 1


def test_plan_of_the_page_is_shown_before_the_flow_is_deployed(flow: tuple[str, Any, str]) -> None:
    text, directory, initiator = flow
    text += block("joint-sql.md", "yaml")
    spec = compile_flow(text, directory, initiator)
    told = explain_flow(spec, directory=directory).lines()
    for line in block("joint-sql.md", "text").splitlines():
        assert f"  {line}" in told
    assert not any("rule encrypted_only" in line for line in explain_flow(spec).lines())


def test_query_that_breaks_a_rule_is_refused_before_the_flow_is_deployed(
    flow: tuple[str, Any, str],
) -> None:
    text, directory, initiator = flow
    forbidden = block("joint-sql.md", "yaml").replace("SELECT y,", "SELECT y, max(age) AS oldest,")
    spec = compile_flow(text + forbidden, directory, initiator)
    with pytest.raises(HanseError) as caught:
        explain_flow(spec, directory=directory)
    assert caught.value.code == "compute.undisclosed"
    assert "age" in caught.value.message
