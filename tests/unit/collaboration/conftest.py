"""A network with both datasets published and a grant, as the compiler sees it."""

from __future__ import annotations

import pytest
from contract_story import Story, get_final_grant, publish

from hanse.collaboration.compiler import LedgerDirectory
from hanse.contracts.catalogue.types import Field

OPERATORS = ["align", "split", "summary", "logistic_regression", "evaluate", "predict"]


class Setting:
    """Bank, merchant and two compute providers; texts are written against it."""

    def __init__(self) -> None:
        self.story = Story()
        net = self.net = self.story.net
        fields = [
            Field(name="id", type="text", level=3),
            Field(name="age", type="int64", level=2),
            Field(name="y", type="int64", level=2),
            Field(name="no", type="int64", level=2),
            Field(name="客户等级", type="text", level=2),
        ]
        self.own = publish(
            net, "bank", title="applications", operators=[], purposes=[], fields=fields
        )
        self.theirs = publish(net, operators=OPERATORS)
        self.grant = get_final_grant(net, self.theirs, operators=OPERATORS)
        self.initiator = net.did("bank")

    @property
    def directory(self) -> LedgerDirectory:
        return LedgerDirectory(self.net.state, self.net.time_ms, lambda did: 10)

    def text(self, *replacements: tuple[str, str]) -> str:
        """The usual flow, with parts of its text replaced."""
        text = f"""\
hanse: 1
name: joint-credit
purpose: credit-risk
parties:
  bank: {self.net.did("bank")}
  merchant: {self.net.did("merchant")}
  compute_1: {self.net.did("compute_1")}
  compute_2: {self.net.did("compute_2")}
data:
  applications: {{owner: bank, dataset: {self.own}, fields: [id, age, y]}}
  purchases: {{owner: merchant, dataset: {self.theirs}, fields: [id, spend], grant: {self.grant}}}
compute: {{nodes: [bank, merchant, compute_1]}}
receivers: [bank]
defaults: {{attempts: 3, deadline_seconds: 600}}
steps:
  - id: align
    operator: align
    inputs: {{left: applications, right: purchases}}
    parameters: {{left_key: id, right_key: id}}
  - id: split
    operator: split
    inputs: {{table: align.table}}
    parameters: {{test_fraction: 0.30, seed: 7}}
  - {{id: report, operator: summary, inputs: {{table: split.train}}}}
  - id: train
    operator: logistic_regression
    inputs: {{table: split.train}}
    parameters: {{label: y, epochs: 20}}
  - id: evaluate
    operator: evaluate
    inputs: {{model: train.model, table: split.test}}
    parameters: {{label: y}}
  - {{id: score, operator: predict, inputs: {{model: train.model, table: align.table}}}}
"""
        for old, new in replacements:
            assert old in text, f"the text has no {old!r}"
            text = text.replace(old, new, 1)
        return text


@pytest.fixture(scope="session")
def setting() -> Setting:
    """Made once; tests only read it."""
    return Setting()
