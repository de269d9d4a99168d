"""A small real network for integration tests: node processes on free loopback ports.

    with small_network(tmp_path, members=[MemberPlan("bank", ["data_consumer"])]) as network:
        network["bank"].client("analyst").flows.list()

Every node is `hanse.node.serve` in a process of its own, started, killed and started again as
an operator would. Clients are the SDK's.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

from hanse.core.errors import HanseError
from hanse.core.ports import free_ports
from hanse.node.bootstrap import create_network, init_node, join_network
from hanse.sdk import Client
from hanse.sdk.waiting import wait_until

# Bounds for a loaded machine; nothing waits this long where all is well.
START_TIMEOUT_S = 120.0
STOP_TIMEOUT_S = 60.0
WAIT_S = 120.0
_CODE = "import sys, pathlib; from hanse.node.serve import serve; serve(pathlib.Path(sys.argv[1]))"
EVERY_ROLE = ("admin", "steward", "analyst", "auditor")


@dataclass(frozen=True)
class MemberPlan:
    """A member to be: its key in the network, its roles, who controls it."""

    key: str
    roles: Sequence[str]
    controller: str = ""
    name: str = ""


@dataclass
class RunningNode:
    """One node: home, process, clients by user."""

    key: str
    home: Path
    port: int
    did: str = ""
    passwords: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    _clients: dict[str, Client] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.home.with_suffix(".log")

    def init(self, name: str, suite: str) -> None:
        with patch.dict(os.environ, self.environment):  # as it is when the node starts
            made = init_node(
                self.home, name=name, suite=suite, port=self.port, admin_roles=EVERY_ROLE
            )
        self.did = made.did
        self.passwords["admin"] = made.admin_password

    def start(self) -> None:
        """Start the process and wait until its API answers."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", _CODE, str(self.home)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**_environment(), **self.environment},
            )
        self.wait_answering()

    def wait_answering(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        with Client(self.url, timeout_s=5.0) as client:
            while time.monotonic() < deadline:
                if self.process is not None and self.process.poll() is not None:
                    break
                try:
                    client.node.health()
                except HanseError:
                    time.sleep(0.05)
                    continue
                return
        raise AssertionError(f"{self.key} did not start:\n{self.tail()}")

    def tail(self, lines: int = 40) -> str:
        """The end of the node's log."""
        return "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-lines:])

    def client(self, user: str = "admin") -> Client:
        """A client kept open; any user name but admin is made with that one role."""
        if user not in self.passwords:
            password = secrets.token_urlsafe(12)
            self.client().users.create(user, password, [user])
            self.passwords[user] = password
        if user not in self._clients:
            self._clients[user] = Client(
                self.url, username=user, password=self.passwords[user], timeout_s=60.0
            )
        return self._clients[user]

    def kill(self) -> None:
        """As a crash would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.process = None

    def stop(self) -> int | None:
        """SIGTERM; returns the exit code, None when it did not run."""
        for client in self._clients.values():
            client.close()
        self._clients.clear()
        if self.process is None:
            return None
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"{self.key} did not stop:\n{self.tail()}") from None
        finally:
            self.process = None
        return code


@dataclass
class SmallNetwork:
    """The operator's node and the members' by key."""

    root: Path
    nodes: dict[str, RunningNode]

    def __getitem__(self, key: str) -> RunningNode:
        return self.nodes[key]

    @property
    def genesis_file(self) -> Path:
        return self["operator"].home / "genesis.json"

    def join(self, plan: MemberPlan) -> RunningNode:
        """Point a member's home at the network and start it; it applies by itself."""
        node = self[plan.key]
        join_network(
            node.home,
            genesis_file=self.genesis_file,
            operator_url=self["operator"].url,
            roles=list(plan.roles),
            controller=plan.controller,
        )
        node.start()
        return node

    def admit(self, keys: Sequence[str], *, sync: bool = True) -> None:
        """Admit applicants, and wait until each follows and holds its credential.

        Args:
            sync: wait for the operator's newest block too; on an idle network of validators the
                newest (empty) one is certified only by the next, and followers wait for that.
        """
        operator = self["operator"].client()
        for key in keys:
            found = wait_until(
                lambda key=key: [
                    item
                    for item in operator.applications.list(state="PENDING").items
                    if item.did == self[key].did
                ],
                bool,
                what=f"application of {key}",
                timeout_s=WAIT_S,
            )
            operator.applications.admit(found[0].id)
        for key in keys:
            wait_until(
                lambda key=key: self[key].client().credentials.list(side="held").items,
                bool,
                what=f"credential of {key}",
                timeout_s=WAIT_S,
            )
        if sync:
            self.sync()

    def sync(self) -> int:
        """Wait until every running node has what the operator has now; returns the height."""
        height = self["operator"].client().ledger.status().height
        for node in self.nodes.values():
            if node.process is not None:
                node.client().ledger.wait_height(height, timeout_s=WAIT_S)
        return height

    def stop(self) -> None:
        for node in reversed(self.nodes.values()):
            node.stop()


@contextmanager
def small_network(
    root: Path,
    members: Sequence[MemberPlan] = (),
    *,
    suite: str = "sm",
    admit: bool = True,
    environment: Callable[[str], dict[str, str]] = lambda key: {},
) -> Iterator[SmallNetwork]:
    """An operator and members, running; everything is stopped when the block ends.

    Args:
        environment: variables of a node's process, by its key.
    """
    keys = ["operator", *(plan.key for plan in members)]
    ports = free_ports(len(keys))
    nodes = {
        key: RunningNode(key, root / key, port, environment=environment(key))
        for key, port in zip(keys, ports, strict=True)
    }
    network = SmallNetwork(root, nodes)
    names = {plan.key: plan.name or plan.key for plan in members}
    for key, node in nodes.items():
        node.init(names.get(key, key), suite)
    create_network(nodes["operator"].home, name="test")
    try:
        nodes["operator"].start()
        for plan in members:
            network.join(plan)
        if admit and members:
            network.admit([plan.key for plan in members])
        yield network
    finally:
        network.stop()


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("HANSE_")}
