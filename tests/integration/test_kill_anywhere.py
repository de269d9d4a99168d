"""kill -9 of any node at any moment of a flow: it completes, pays once, all states agree."""

import random
import time

import pytest

from hanse.cli.demo.flow import ALL_AT_HOME, OUTSOURCED
from hanse.cli.demo.market import COMPUTE_PRICE_POINTS, DATA_PRICE_POINTS
from hanse.cli.demo.network import wait_same_state

KILLS = 20
PER_FLOW = 7
ATTEMPTS = 20


@pytest.mark.faults
def test_kill_any_node_while_a_flow_runs_completes_and_pays_once(town, dice) -> None:
    killed = 0
    while killed < KILLS:
        template = ALL_AT_HOME if (killed // PER_FLOW) % 2 == 0 else OUTSOURCED
        killed += _one_flow(town, dice, template, min(PER_FLOW, KILLS - killed))
    assert killed >= KILLS


def _one_flow(town, dice: random.Random, template: str, kills: int) -> int:
    keys = ("bank", "merchant", "compute_1", "compute_2", "operator", "auditor")
    before = {key: town.balance(key) for key in keys}
    analyst = town.network.nodes["bank"].client("analyst")
    flow = analyst.flows.deploy(town.text(template, attempts=ATTEMPTS))
    done = 0
    while done < kills:
        time.sleep(dice.uniform(0.05, 2.5))
        node = town.network.nodes[dice.choice(keys)]
        node.kill()
        time.sleep(dice.uniform(0.0, 0.5))
        node.start()
        node.wait_ready()
        done += 1
    analyst = town.network.nodes["bank"].client("analyst")
    view = analyst.flows.wait_completed(flow.id, 300.0)
    assert all(step.state == "COMPLETED" for step in view.steps)
    wait_same_state(town.network)
    computing = ["compute_1"] if template == ALL_AT_HOME else ["compute_1", "compute_2"]
    paid = {key: town.balance(key) - before[key] for key in keys}
    fees = COMPUTE_PRICE_POINTS * len(computing)
    expected = dict.fromkeys(keys, 0)
    expected |= {"merchant": DATA_PRICE_POINTS, "bank": -DATA_PRICE_POINTS - fees}
    expected |= dict.fromkeys(computing, COMPUTE_PRICE_POINTS)
    assert paid == expected
    return done
