"""A node is killed in the middle of a training: the flow goes on from the last checkpoint."""

from __future__ import annotations

import re
from typing import Any

import pytest

from hanse.api.flows import FlowView, StepView
from hanse.cli.demo.flow import ALL_AT_HOME
from hanse.sdk import Client
from hanse.sdk.waiting import wait_until

LONG = "epochs: 40, batch_size: 64"
BEFORE = 5
PATIENCE_S = 240.0


@pytest.mark.long
def test_training_of_a_killed_node_goes_on_from_its_checkpoint(town: Any) -> None:
    bank, merchant = town.network.nodes["bank"], town.network.nodes["merchant"]
    text, changed = re.subn(r"epochs: \d+", LONG, town.text(ALL_AT_HOME, attempts=9))
    assert changed == 1
    analyst = bank.client("analyst")
    before = town.balance("merchant")
    flow = analyst.flows.deploy(text).id

    def trained(wanted_attempt: int) -> StepView:
        """The training once it has done some epochs in that attempt or a later one."""

        def look() -> StepView | None:
            step = training(analyst, flow)
            told = step.progress
            if told is None or step.attempt < wanted_attempt or told.phase != "train":
                return None
            return step if told.done >= BEFORE else None

        found = wait_until(look, lambda step: step is not None, what="epochs", timeout_s=PATIENCE_S)
        assert found is not None
        return found

    first = trained(1)
    merchant.kill()
    merchant.start()
    merchant.wait_ready()
    second = trained(first.attempt + 1)
    assert second.progress is not None
    assert second.progress.resumed_at >= BEFORE
    analyst.flows.wait_completed(flow, PATIENCE_S)
    assert town.balance("merchant") > before


def training(analyst: Client, flow: str) -> StepView:
    view: FlowView = analyst.flows.get(flow)
    return next(step for step in view.steps if step.operator == "logistic_regression")
