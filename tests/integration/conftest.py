"""Fixtures of tests that run a real network of six node processes."""

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


@dataclass
class Town:
    """A running network with published data."""

    network: DemoNetwork
    files: DemoFiles
    bank: Published
    merchant: Published
    recorder: Recorder

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
        network.start()
        network.admit()
        fund(network)
        files = own_files()
        bank, merchant = publish(network, files)
        yield Town(network, files, bank, merchant, recorder)
    shutil.rmtree(root, ignore_errors=True)


def _proxy(recorder: Recorder, node: DemoNode) -> int:
    return recorder.forward(node.organisation.key, "127.0.0.1", node.port)


@pytest.fixture
def dice() -> random.Random:
    """Reproducible choices of where to strike."""
    return random.Random(20240607)
