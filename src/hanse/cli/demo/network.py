"""The six nodes together: set up, admit, stop."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hanse.cli.demo.inputs import LedgerKind
from hanse.cli.demo.organisations import (
    EVERYBODY,
    MEMBERS,
    OPERATOR,
    VALIDATORS,
    Organisation,
)
from hanse.cli.demo.process import DemoNode
from hanse.core.ports import free_ports
from hanse.node.bootstrap import create_network, join_network, prepare_validator
from hanse.node.validator import write_validator
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

    def __init__(self, root: Path, suite: str = "sm", ledger: LedgerKind = "embedded") -> None:
        self.root = root
        self.suite = suite
        self.validators = VALIDATORS if ledger == "cometbft" else ()
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
        described = [self._describe_validator(org) for org in self.validators]
        made = create_network(self[OPERATOR].home, name="hanse-demo", validators=described)
        shutil.copyfile(made.genesis_file, self.genesis_file)

    def start(self) -> None:
        """Start the operator, then the members, which apply for membership."""
        self[OPERATOR].start()
        if not self.validators:
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
        for org in EVERYBODY:
            self[org].wait_ready()
        for org in self.validators:
            self[org].wait_healthy()

    def admit(self) -> None:
        """The operator's administrator admits every applicant; each keeps its credential."""
        operator = self[OPERATOR].client()
        members = [self[org].did for org in MEMBERS]

        def fetch() -> dict[str, str]:
            return {a.did: a.id for a in operator.applications.list(state="PENDING").items}

        # A node answers its own users before its application has reached the operator.
        pending = wait_until(
            fetch, lambda found: found.keys() >= set(members), what="applications", timeout_s=60.0
        )
        for did in members:
            operator.applications.admit(pending[did])
        wait_same_state(self)
        for org in EVERYBODY:
            node = self[org]
            for name, role in USERS[org.key]:
                node.add_user(name, role)
        for org in MEMBERS:
            _wait_credential(self[org])

    def _describe_validator(self, org: Organisation) -> Path:
        engine_port, metrics_port = free_ports(2)
        node = self[org]
        described = prepare_validator(
            node.home, host=node.host, port=engine_port, metrics_port=metrics_port
        )
        path = self.root / f"{org.key}-validator.json"
        write_validator(path, described)
        return path

    def let_go(self) -> None:
        """Leave the processes running."""
        for node in self.nodes.values():
            node.let_go()

    def stop(self) -> None:
        """Stop every node, members first."""
        for node in reversed(self.nodes.values()):
            node.stop()


def wait_same_state(network: DemoNetwork, timeout_s: float = 60.0) -> str:
    """Wait until all nodes have one state root; returns it.

    Their heights may differ by the empty block that ends a burst under validators: nodes that
    follow fetch a block when its certificate is complete.
    """

    def heads() -> set[str]:
        statuses = (node.client().ledger.status() for node in network.nodes.values())
        return {status.state_root for status in statuses}

    same = wait_until(
        heads, lambda found: len(found) == 1, what="one state at all nodes", timeout_s=timeout_s
    )
    return next(iter(same))


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
