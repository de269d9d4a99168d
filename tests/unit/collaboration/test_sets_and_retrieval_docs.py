"""The flows on the pages about sets and private retrieval compile."""

from __future__ import annotations

import re
from pathlib import Path

from contract_story import Story, ask, finish, publish

from hanse.collaboration.compiler import LedgerDirectory, compile_flow, explain_flow
from hanse.contracts.catalogue.types import Field
from hanse.contracts.flows.spec import FlowSpec, StepSpec
from hanse.core.errors import HanseError

DOCS = Path(__file__).parents[3] / "docs"
DIDS = {"m": "bank", "n": "merchant", "o": "stranger"}
DID = "did:hanse:{}fzwizltoruw63tfoi2dknjwmfzwizlt"


def example(page: str) -> str:
    found = re.search(r"```yaml\n(.*?)```", (DOCS / page).read_text("utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


def compiled(text: str, operators: list[str], *replaced: tuple[str, str]) -> FlowSpec:
    """Compile with real identifiers in the place of those on the page."""
    net = Story().net
    fields = [Field(name="id", type="text", level=3), Field(name="age", type="int64", level=2)]
    own = publish(net, "bank", title="applications", operators=[], purposes=[], fields=fields)
    places = {f"ds-{'a' * 26}": own}
    for owner, dataset, grant in (("merchant", "b", "c"), ("stranger", "d", "e")):
        published = publish(net, owner, operators=operators)
        granted = ask(net, published, operators=operators)
        finish(net, granted, owner=owner)
        places |= {f"ds-{dataset * 26}": published, f"gr-{grant * 26}": granted}
    places |= {DID.format(letter): net.did(name) for letter, name in DIDS.items()}
    for old, new in (*places.items(), *replaced):
        text = text.replace(old, new)
    directory = LedgerDirectory(net.state, net.time_ms, lambda _did: 10)
    spec = compile_flow(text, directory, net.did("bank"))
    assert explain_flow(spec)
    return spec


def step(spec: FlowSpec, name: str) -> StepSpec:
    return next(one for one in spec.steps if one.id == name)


def test_flow_on_retrieval_sets_up_at_the_holder_and_asks_at_the_asker() -> None:
    spec = compiled(example("private-retrieval.md"), ["retrieval_setup", "retrieve"])
    setup, lookup = step(spec, "setup"), step(spec, "lookup")
    assert (setup.owners, setup.receivers) == (["merchant"], ["bank"])
    assert (lookup.owners, lookup.receivers) == (["bank", "merchant"], ["bank"])
    assert lookup.inputs == {"service": "setup.service", "keys": "today"}


def test_payload_of_a_retrieval_can_be_named_by_later_steps() -> None:
    following = (
        "  - id: again\n    operator: retrieve\n    inputs: {service: setup.service, "
        "keys: lookup.table}\n    parameters: {key: NAMED}\n"
    )
    operators = ["retrieval_setup", "retrieve"]
    text = example("private-retrieval.md") + following
    assert step(compiled(text, operators, ("NAMED", "spend")), "again").parameters["key"] == [
        "spend"
    ]
    try:
        compiled(text, operators, ("NAMED", "nothing"))
    except HanseError as error:
        assert error.code == "flow.unknown_column"
    else:
        raise AssertionError("a column that nobody has was accepted")


def test_flow_on_sets_has_three_owners_and_one_receiver() -> None:
    operators = ["intersection", "difference", "intersection_count"]
    spec = compiled(example("sets.md"), operators)
    for one in spec.steps:
        assert one.owners == ["bank", "merchant", "carrier"]
        assert (one.receivers, one.protocol) == (["bank"], "ecdh_ring")
    assert step(spec, "unknown").parameters["duplicates"] == "first"
    assert step(spec, "known").parameters["count_by"] == ["age"]
