"""The six nodes together: set up, admit, stop."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hanse.cli.demo.organisations import EVERYBODY, MEMBERS, OPERATOR, Organisation
from hanse.cli.demo.process import DemoNode
from hanse.core.ports import free_ports
from hanse.node.bootstrap import create_network, join_network
from hanse.sdk.waiting import wait_until

USERS = {
    "operator": (),
    "bank": (("analyst", "analyst"), ("steward", "steward")),
    "merchant": (("analyst", "analyst"), ("steward", "steward")),
    "compute_1": (("analyst", "analyst"),),
    "compute_2": (),
    "auditor": (("auditor", "auditor"),),
}


class DemoNetwork:
    """Homes and processes under one directory."""

    def __init__(self, root: Path, suite: str = "sm") -> None:
        self.root = root
        self.suite = suite
        ports = free_ports(len(EVERYBODY))
        self.nodes = {
            org.key: DemoNode(org, root / org.key, port)
            for org, port in zip(EVERYBODY, ports, strict=True)
        }

    def __getitem__(self, organisation: Organisation) -> DemoNode:
        return self.nodes[organisation.key]

    @property
    def genesis_file(self) -> Path:
        """The genesis file the operator hands out."""
        return self.root / "genesis.json"

    def create(self) -> None:
        """Make six homes and the genesis of the network."""
        self.root.mkdir(parents=True, exist_ok=True)
        for node in self.nodes.values():
            node.init(self.suite)
        made = create_network(self[OPERATOR].home, name="hanse-demo")
        shutil.copyfile(made.genesis_file, self.genesis_file)

    def start(self) -> None:
        """Start the operator, then the members, which apply for membership."""
        self[OPERATOR].start()
        self[OPERATOR].wait_ready()
        for org in MEMBERS:
            join_network(
                self[org].home,
                genesis_file=self.genesis_file,
                operator_url=self[OPERATOR].public_url,
                roles=org.roles,
                controller=org.controller,
            )
            self[org].start()
        for org in MEMBERS:
            self[org].wait_ready()

    def admit(self) -> None:
        """The operator's administrator admits every applicant; each keeps its credential."""
        operator = self[OPERATOR].client()
        pending = {item.did: item for item in operator.applications.list(state="PENDING").items}
        for org in MEMBERS:
            operator.applications.admit(pending[self[org].did].id)
        height = operator.ledger.status().height
        for org in EVERYBODY:
            node = self[org]
            node.client().ledger.wait_height(height)
            for name, role in USERS[org.key]:
                node.add_user(name, role)
        for org in MEMBERS:
            _wait_credential(self[org])

    def let_go(self) -> None:
        """Leave the processes running."""
        for node in self.nodes.values():
            node.let_go()

    def stop(self) -> None:
        """Stop every node, members first."""
        for node in reversed(self.nodes.values()):
            node.stop()


def _wait_credential(node: DemoNode) -> None:
    wait_until(
        lambda: node.client().credentials.list(side="held").items,
        bool,
        what=f"the credential of {node.organisation.name}",
        timeout_s=120.0,
    )


@contextmanager
def running(network: DemoNetwork, keep: bool = False) -> Iterator[DemoNetwork]:
    """Stop whatever was started when the block ends; with ``keep`` only when it fails."""
    try:
        yield network
    except BaseException:
        network.stop()
        raise
    if keep:
        network.let_go()
    else:
        network.stop()
