"""Fixtures of tests that run a real network of six node processes."""

import os
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from recording_proxy import Recorder

from hanse.cli.demo.flow import flow_text
from hanse.cli.demo.inputs import DemoFiles, own_files
from hanse.cli.demo.market import Published, fund, negotiate, publish
from hanse.cli.demo.network import DemoNetwork, running
from hanse.cli.demo.process import DemoNode
from hanse.core.ports import FIRST_PORT
from hanse.node.settings import SETTINGS_FILE

LINK_PORTS = 100
# Below everything that chooses its own port; each process that shares the tests has its own.
TOWN = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 10
FIRST_LINK_PORT = FIRST_PORT - (TOWN + 1) * 6 * LINK_PORTS


@dataclass
class Town:
    """A running network with published data."""

    network: DemoNetwork
    files: DemoFiles
    bank: Published
    merchant: Published
    recorder: Recorder
    link_ports: range

    def text(self, template: str, *, attempts: int = 3) -> str:
        """A flow of that template on a fresh grant."""
        grant, _ = negotiate(self.network, self.merchant)
        text = flow_text(
            self.network, self.files, self.bank, self.merchant, template=template, grant=grant.id
        )
        return text.replace("attempts: 3", f"attempts: {attempts}")

    def balance(self, key: str) -> int:
        """Points of an organisation, as its own node sees them."""
        node = self.network.nodes[key]
        return node.client().points.account(node.did).balance_points


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Six organisations, admitted and funded, with the demo's data published."""
    root: Path = tmp_path_factory.mktemp("town")
    network = DemoNetwork(root)
    with Recorder() as recorder, running(network):
        for node in network.nodes.values():  # what nodes say to each other is kept
            node.public_url = f"http://127.0.0.1:{_proxy(recorder, node)}"
        network.create()
        for number, node in enumerate(network.nodes.values()):
            _declare_ports(node, FIRST_LINK_PORT + number * LINK_PORTS)
        network.start()
        network.admit()
        fund(network)
        files = own_files()
        bank, merchant = publish(network, files)
        end = FIRST_LINK_PORT + len(network.nodes) * LINK_PORTS
        yield Town(network, files, bank, merchant, recorder, range(FIRST_LINK_PORT, end))
    shutil.rmtree(root, ignore_errors=True)


def _declare_ports(node: DemoNode, first: int) -> None:
    """Let a node's computing links listen in a range of their own, as behind a firewall."""
    path = node.home / SETTINGS_FILE
    text = path.read_text("utf-8")
    for key, port in (("first_port", first), ("last_port", first + LINK_PORTS - 1)):
        assert f"\n{key} = 0\n" in text
        text = text.replace(f"\n{key} = 0\n", f"\n{key} = {port}\n")
    path.write_text(text, "utf-8")


def _proxy(recorder: Recorder, node: DemoNode) -> int:
    return recorder.forward(node.organisation.key, "127.0.0.1", node.port)


@pytest.fixture
def dice() -> random.Random:
    """Reproducible choices of where to strike."""
    return random.Random(20240607)
