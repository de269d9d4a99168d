"""The demo's six organisations on a ledger kept by four validators, funded, with data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from namespaces import Hosts

from hanse.cli.demo.flow import flow_text
from hanse.cli.demo.inputs import DemoFiles, own_files
from hanse.cli.demo.market import Published, fund, negotiate, publish
from hanse.cli.demo.network import DemoNetwork, running
from hanse.cli.demo.process import DemoNode


@dataclass
class BftTown:
    """A running network with published data."""

    network: DemoNetwork
    files: DemoFiles
    bank: Published
    merchant: Published

    def text(self, template: str, attempts: int) -> str:
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


@contextmanager
def bft_town(
    root: Path, hosts: Hosts | None = None, homes: Mapping[str, Path] | None = None
) -> Iterator[BftTown]:
    """The network, stopped at the end.

    Args:
        root: of all homes.
        hosts: one for each node, in order; None when all run on this one.
        homes: those that lie elsewhere, by organisation.
    """
    network = DemoNetwork(root, ledger="cometbft")
    for key, home in (homes or {}).items():
        node = network.nodes[key]
        network.nodes[key] = DemoNode(node.organisation, home, node.port)
    if hosts is not None:
        for index, (key, node) in enumerate(network.nodes.items()):
            moved = DemoNode(node.organisation, node.home, node.port, hosts.addresses[index])
            moved.program = [*hosts.prefix(index), *node.program]
            network.nodes[key] = moved
    with running(network):
        network.create()
        network.start()
        network.admit()
        fund(network)
        files = own_files()
        bank, merchant = publish(network, files)
        yield BftTown(network, files, bank, merchant)
