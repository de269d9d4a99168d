"""The language: what parses, what is refused, and on which line."""

from __future__ import annotations

import pytest

from hanse.collaboration.language import read_flow
from hanse.collaboration.language.errors import FlowError
from hanse.collaboration.language.source import MAX_BYTES, Mapping, Scalar, parse_source

FLOW = """\
hanse: 1
name: two owners
purpose: credit-risk
parties: {bank: did:hanse:a, merchant: did:hanse:b}
data:
  mine: {owner: bank, dataset: ds-a, fields: [id, y]}
compute: {nodes: [bank, merchant]}
receivers: [bank]
steps:
  - {id: first, operator: summary, inputs: {table: mine}}
"""


def refusal(text: str) -> FlowError:
    with pytest.raises(FlowError) as caught:
        read_flow(text)
    return caught.value


def test_defaults_apply_where_nothing_is_said():
    flow = read_flow(FLOW)
    assert (flow.attempts, flow.deadline_seconds) == (3, 600)
    step = flow.steps[0]
    assert (step.version, step.compute, step.receivers, step.attempts) == (None, None, None, None)
    assert step.inputs["table"].text == "mine"
    assert step.line == 10


def test_scalars_stay_text_until_somebody_knows_their_type():
    root = parse_source("a: 0.10\nb: no\nc: 2020\nd: '1'\ne: 2020-01-01")
    assert isinstance(root, Mapping)
    texts = {key: node.text for key, node in root.entries.items() if isinstance(node, Scalar)}
    assert texts == {"a": "0.10", "b": "no", "c": "2020", "d": "1", "e": "2020-01-01"}
    quoted = root.entries["d"]
    assert isinstance(quoted, Scalar)
    assert not quoted.plain


CASES = [
    ("hanse: 1", "hanse: 2", "flow.unsupported_version", 1),
    ("hanse: 1\n", "", "flow.unsupported_version", 1),
    ("name: two owners\n", "", "flow.missing_key", 1),
    ("purpose:", "purposes:", "flow.unknown_key", 3),
    ("name: two owners", "name: two owners\nname: three", "flow.duplicate_key", 3),
    ("owner: bank,", "owner: bank, owner: bank,", "flow.duplicate_key", 6),
    ("fields: [id, y]", "fields: [id, id]", "flow.duplicate_name", 6),
    ("fields: [id, y]", "fields: id", "flow.wrong_type", 6),
    ("fields: [id, y]", "fields: []", "flow.missing_key", 6),
    ("fields: [id, y]", "fields: [id, [y]]", "flow.wrong_type", 6),
    ("fields: [id, y]", "fields: [id, null]", "flow.wrong_type", 6),
    ("{bank: did:hanse:a", "{Bank: did:hanse:a", "flow.bad_name", 4),
    ("merchant: did:hanse:b", "merchant: did:hanse:a", "flow.duplicate_name", 4),
    ("{nodes: [bank, merchant]}", "[bank, merchant]", "flow.wrong_type", 7),
    ("receivers: [bank]", "receivers: &who [bank]", "flow.alias_refused", 8),
    ("receivers: [bank]", "receivers: !!python/tuple [bank]", "flow.alias_refused", 8),
    ("receivers: [bank]", "receivers: *who", "flow.alias_refused", 8),
    ("receivers: [bank]", "receivers: [bank", "flow.not_yaml", 9),
    ("receivers: [bank]", "receivers: [bank]\n<<: {a: b}", "flow.alias_refused", 9),
    ("receivers: [bank]", "receivers: [[[[[[[[[bank]]]]]]]]]", "flow.too_deep", 8),
    ("receivers: [bank]", "receivers: [bank]\n---\na: b", "flow.not_yaml", 9),
    ("receivers: [bank]", "receivers: [bank]\ndefaults: {attempts: 0}", "flow.wrong_type", 9),
    ("receivers: [bank]", "receivers: [bank]\ndefaults: {attempts: '3'}", "flow.wrong_type", 9),
    ("receivers: [bank]", "receivers: [bank]\ndefaults: {tries: 3}", "flow.unknown_key", 9),
    ("receivers: [bank]", "receivers: [bank]\nfees: {bank: -1}", "flow.wrong_type", 9),
    ("id: first", "id: first, deadline_seconds: 5", "flow.wrong_type", 10),
    ("id: first", "id: 'First step'", "flow.bad_name", 10),
    ("{table: mine}", "{table: [mine]}", "flow.wrong_type", 10),
    ("{table: mine}", "{table: a.b.c}", "flow.bad_name", 10),
    ("{table: mine}", "{table: mine}, parameters: {columns: {a: b}}", "flow.wrong_type", 10),
    ("id: first, ", "", "flow.missing_key", 10),
    ("{table: mine}}", "{table: mine}}\n  - {id: first, operator: a, inputs: {}}",
     "flow.duplicate_name", 11),
    ("two owners", "two\x00owners", "flow.not_yaml", 0),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "code", "line"), CASES)
def test_what_is_wrong_is_named_with_its_line(old, new, code, line):
    assert old in FLOW
    error = refusal(FLOW.replace(old, new, 1))
    assert (error.code, error.line) == (code, line), error.message


def test_a_typing_mistake_gets_a_suggestion():
    assert "did you mean 'receivers'?" in refusal(FLOW.replace("receivers", "recievers")).message


@pytest.mark.parametrize("text", ["", "# nothing\n", "- a\n- b\n", "just words"])
def test_texts_that_are_no_mapping_are_refused(text):
    assert refusal(text).code in {"flow.missing_key", "flow.wrong_type"}


def test_oversized_texts_are_refused_before_parsing():
    assert refusal("a: " + "x" * MAX_BYTES).code == "flow.too_large"
    assert refusal("a: " + "数" * (MAX_BYTES // 3)).code == "flow.too_large"
    steps = "".join(f"  - {{id: s{i}, operator: a, inputs: {{}}}}\n" for i in range(65))
    assert refusal(FLOW + steps).code == "flow.too_large"


def test_an_alias_bomb_costs_nothing():
    bomb = "a: &a [x, x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]\n" for i in range(20)
    )
    assert refusal(bomb).code == "flow.alias_refused"


def test_deep_nesting_does_not_exhaust_the_stack():
    assert refusal("a: " + "[" * 30_000).code == "flow.too_deep"


def test_errors_carry_line_and_column_in_their_public_form():
    shown = refusal(FLOW.replace("purpose:", "purposes:")).as_dict()
    assert (shown["line"], shown["column"], shown["code"]) == (3, 1, "flow.unknown_key")
