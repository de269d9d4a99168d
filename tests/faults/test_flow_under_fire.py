"""A flow of two parties while validators are struck: it completes and pays once."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
from bft_network import require_engine
from bft_town import BftTown, bft_town
from namespaces import hosts_apart
from small_disk import fill, small_disk

from hanse.cli.demo.flow import TWO_PARTY
from hanse.cli.demo.market import DATA_PRICE_POINTS
from hanse.cli.demo.network import wait_same_state
from hanse.cli.demo.process import DemoNode
from hanse.sdk.waiting import wait_until

pytestmark = pytest.mark.faults

ATTEMPTS = 20
BEFORE_S = 2.0
STRUCK_S = 30.0
HOME_MIB = 512
VICTIM = "merchant"  # it votes, computes, and is paid


@contextmanager
def flow_under_fire(town: BftTown) -> Iterator[None]:
    """A flow is deployed; after the block it completes, and its data is paid for once."""
    nodes = town.network.nodes
    before = {key: town.balance(key) for key in nodes}
    analyst = nodes["bank"].client("analyst")
    flow = analyst.flows.deploy(town.text(TWO_PARTY, ATTEMPTS))
    time.sleep(BEFORE_S)
    yield
    view = analyst.flows.wait_completed(flow.id, 600.0)
    assert all(step.state == "COMPLETED" for step in view.steps)
    for organisation in town.network.validators:
        town.network[organisation].wait_healthy()
    wait_same_state(town.network)
    paid = {key: town.balance(key) - before[key] for key in nodes}
    expected = dict.fromkeys(nodes, 0)
    assert paid == expected | {"merchant": DATA_PRICE_POINTS, "bank": -DATA_PRICE_POINTS}


def test_while_validators_are_killed_one_after_the_other(tmp_path: Path) -> None:
    require_engine()
    with bft_town(tmp_path) as town, flow_under_fire(town):
        for key in ("auditor", "merchant", "operator", "bank"):
            node = town.network.nodes[key]
            node.kill()
            node.start()
            node.wait_ready()
            time.sleep(BEFORE_S)


def test_while_one_is_paused(tmp_path: Path) -> None:
    require_engine()
    with bft_town(tmp_path) as town, flow_under_fire(town):
        signalled(town.network.nodes[VICTIM], signal.SIGSTOP)
        time.sleep(STRUCK_S)
        signalled(town.network.nodes[VICTIM], signal.SIGCONT)


def test_while_one_is_cut_off(tmp_path: Path) -> None:
    require_engine()
    with hosts_apart(6) as hosts, bft_town(tmp_path, hosts) as town, flow_under_fire(town):
        index = list(town.network.nodes).index(VICTIM)
        hosts.cut(index)
        time.sleep(STRUCK_S)
        hosts.heal(index)


def test_while_the_disk_of_one_is_full(tmp_path: Path) -> None:
    require_engine()
    with (
        small_disk(tmp_path / "disk", HOME_MIB) as disk,
        bft_town(tmp_path / "town", homes={VICTIM: disk / VICTIM}) as town,
        flow_under_fire(town),
    ):
        ballast = fill(disk)
        wait_until(
            town.network.nodes[VICTIM].client().node.health,
            lambda health: not health.ok,
            what="the full disk to be noticed",
            timeout_s=120.0,
        )
        time.sleep(STRUCK_S)
        ballast.unlink()


def signalled(node: DemoNode, number: int) -> None:
    """Send a signal to a node, its engine and its workers."""
    process = psutil.Process(node.pid)
    for each in (process, *process.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            each.send_signal(number)
