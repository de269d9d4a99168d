"""A flow of two parties while validators are killed: it completes and pays once."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from bft_network import require_engine
from bft_town import bft_town

from hanse.cli.demo.flow import TWO_PARTY
from hanse.cli.demo.market import DATA_PRICE_POINTS
from hanse.cli.demo.network import wait_same_state

pytestmark = pytest.mark.faults

ATTEMPTS = 20
STRIKES = ("auditor", "merchant", "operator", "bank")
BEFORE_S = 2.0


def test_flow_completes_and_pays_once_while_validators_are_killed(tmp_path: Path) -> None:
    require_engine()
    with bft_town(tmp_path) as town:
        nodes = town.network.nodes
        before = {key: town.balance(key) for key in nodes}
        flow = nodes["bank"].client("analyst").flows.deploy(town.text(TWO_PARTY, ATTEMPTS))
        for key in STRIKES:
            time.sleep(BEFORE_S)
            nodes[key].kill()
            nodes[key].start()
            nodes[key].wait_ready()
        view = nodes["bank"].client("analyst").flows.wait_completed(flow.id, 600.0)
        assert all(step.state == "COMPLETED" for step in view.steps)
        for organisation in town.network.validators:
            town.network[organisation].wait_healthy()
        wait_same_state(town.network)
        paid = {key: town.balance(key) - before[key] for key in nodes}
        expected = dict.fromkeys(nodes, 0)
        assert paid == expected | {"merchant": DATA_PRICE_POINTS, "bank": -DATA_PRICE_POINTS}
