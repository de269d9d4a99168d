"""A model trained by one flow scores new rows in another, between real nodes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from market import FLOW_S, Market, code_of
from network_harness import MemberPlan, SmallNetwork, small_network

from hanse.sdk.waiting import wait_until

ROWS = 80
SAME = 1e-3
"""Between two predictions under MPC: fixed point, 18 fraction bits, and an approximated sigmoid."""
OPERATORS = ["align", "logistic_regression", "predict"]
BANK = MemberPlan("bank", ["data_consumer", "data_provider"])
SHOP = MemberPlan("shop", ["data_provider"])
HEAD = """
hanse: 1
name: {name}
purpose: credit-risk
parties: {{bank: {bank}, shop: {shop}}}
compute: {{nodes: [bank, shop]}}
receivers: [bank]
"""
NEW = """
  new_applications: {{owner: bank, dataset: {new_applications}, fields: [id, age]}}
  new_purchases: {{owner: shop, dataset: {new_purchases}, fields: [id, spend], grant: {new_grant}}}
"""
ALIGN_NEW = """
  - id: match
    operator: align
    inputs: {{left: new_applications, right: new_purchases}}
    parameters: {{left_key: id, right_key: id}}
"""
TRAINING = f"""{HEAD}data:
  applications: {{{{owner: bank, dataset: {{applications}}, fields: [id, age, y]}}}}
  purchases: {{{{owner: shop, dataset: {{purchases}}, fields: [id, spend], grant: {{grant}}}}}}{NEW}
steps:
  - id: align
    operator: align
    inputs: {{{{left: applications, right: purchases}}}}
    parameters: {{{{left_key: id, right_key: id}}}}
  - id: train
    operator: logistic_regression
    inputs: {{{{table: align.table}}}}
    parameters: {{{{label: y, epochs: 1}}}}{ALIGN_NEW}
  - id: score
    operator: predict
    inputs: {{{{model: train.model, table: match.table}}}}
"""
ALONE = """
hanse: 1
name: {name}
purpose: credit-risk
parties: {{bank: {bank}}}
receivers: [bank]
data:
  applications: {{owner: bank, dataset: {new_applications}, fields: [id, age]}}
models:
  scoring: {{flow: {flow}, step: train, output: model}}
steps:
  - id: score
    operator: predict
    inputs: {{model: scoring, table: applications}}
    parameters: {{maximum_rows: 100}}
"""
SCORING = f"""{HEAD}data:{NEW}
models:
  scoring:
    flow: {{flow}}
    step: train
    output: {{output}}
    grants: {{{{{{purchases}}: {{grant}}}}}}
steps:{ALIGN_NEW}
  - id: score
    operator: predict
    inputs: {{{{model: scoring, table: match.table}}}}
    parameters: {{{{maximum_rows: {{most}}}}}}
"""


class Trained(Market):
    """Two tables to learn from and two with new rows."""

    def __init__(self, network: SmallNetwork, root: Path) -> None:
        super().__init__(network, root, OPERATORS)
        random = np.random.default_rng(11)
        age, spend = random.normal(40, 9, 2 * ROWS), random.normal(300, 80, 2 * ROWS)
        label = ((age - 40) / 9 + (spend - 300) / 80 > 0).astype(int)
        own = [f"c{i},{age[i]:.3f},{label[i]}" for i in range(ROWS)]
        self.publish("bank", ["id,age,y", *own])
        self.publish("shop", ["id,spend", *(f"c{i},{spend[i]:.3f}" for i in range(ROWS))])
        new = range(ROWS, 2 * ROWS)
        self.publish("bank", ["id,age", *(f"c{i},{age[i]:.3f}" for i in new)], name="new_bank")
        self.publish("shop", ["id,spend", *(f"c{i},{spend[i]:.3f}" for i in new)], name="new_shop")

    def values(self, **changes: str) -> dict[str, str]:
        return {
            "name": "scores",
            "new_applications": self.datasets["new_bank"],
            "new_purchases": self.datasets["new_shop"],
            "new_grant": self.grant("new_shop"),
            "output": "model",
            "most": "100",
            **changes,
        }

    def scores(self, flow: str) -> dict[str, float]:
        content = self.network["bank"].client("analyst").flows.result(flow, "score", "scores")
        rows = csv.DictReader(io.StringIO(bytes(content).decode()))
        return {row["id"]: float(row["score"]) for row in rows}


@pytest.fixture
def market(tmp_path: Path) -> Iterator[Trained]:
    with small_network(tmp_path, [BANK, SHOP], suite="intl") as network:
        yield Trained(network, tmp_path)


@pytest.mark.long
def test_model_of_an_earlier_flow_scores_new_rows_as_in_its_own(market: Trained) -> None:
    analyst = market.network["bank"].client("analyst")
    trained = market.run(TRAINING, **market.values())
    known = market.scores(trained)
    assert len(known) == ROWS

    for node in ("bank", "shop"):
        market.network[node].kill()
        market.network[node].start()
    values = market.values(flow=trained)
    plan = analyst.flows.check(market.text(SCORING, **values))
    assert [m.name for m in plan.models] == ["scoring"]
    later = market.run(SCORING, **values)
    scores = market.scores(later)
    assert scores.keys() == known.keys()
    assert max(abs(scores[key] - known[key]) for key in known) < SAME
    told = analyst.models.get(trained, "train", "model", receiver=market.network["bank"].did)
    assert told.scores_opened == 100

    few = analyst.flows.deploy(market.text(SCORING, **market.values(flow=trained, most="20")))
    ended = wait_until(
        lambda: analyst.flows.get(few.id),
        lambda flow: flow.state == "TERMINATED",
        what="the end of the flow",
        timeout_s=FLOW_S,
    )
    assert (ended.state, ended.code) == ("TERMINATED", "compute.too_many_scores")

    def deploy(**changes: str) -> str:
        text = market.text(SCORING, **market.values(flow=trained, **changes))
        return code_of(lambda: analyst.flows.deploy(text))

    alone = ALONE.format(**market.values(flow=trained), bank=market.network["bank"].did)
    assert code_of(lambda: analyst.flows.deploy(alone)) == "flows.model_holder_missing"
    assert deploy(output="nothing") == "flows.model_not_found"
    assert deploy(most="0") == "flows.scores_not_limited"
    market.network["shop"].client("steward").models.retire(trained, "train", "model")
    market.network.sync()
    assert deploy() == "services.model_retired"
