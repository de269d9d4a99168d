"""One node of the demo: its home, its process, clients for its users."""

from __future__ import annotations

import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path

from hanse.cli.demo.organisations import Organisation
from hanse.core.errors import HanseError, UnavailableError
from hanse.node.bootstrap import init_node
from hanse.sdk import Client

START_TIMEOUT_S = 180.0
STOP_TIMEOUT_S = 20.0


class DemoNodeFailed(UnavailableError):
    """A node of the demo does not run."""

    code = "demo.node_failed"
    help = "Read the last lines of the node's log named in the message."


class DemoNode:
    """An organisation's node as a process of its own."""

    def __init__(
        self, organisation: Organisation, home: Path, port: int, host: str = "127.0.0.1"
    ) -> None:
        self.organisation = organisation
        self.home = home
        self.host = host
        self.port = port
        self.url = f"http://{host}:{port}"
        self.public_url = self.url  # where other nodes reach it
        self.log = home.parent / f"{organisation.key}.log"
        self.program = [sys.executable, "-m", "hanse.cli"]
        self.did = ""
        self.passwords: dict[str, str] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._pid = 0
        self._clients: dict[str, Client] = {}

    def init(self, suite: str) -> None:
        """Make keys, DID and settings."""
        made = init_node(
            self.home,
            name=self.organisation.name,
            suite=suite,
            host=self.host,
            port=self.port,
            public_url=self.public_url,
        )
        self.did = made.did
        self.passwords["admin"] = made.admin_password

    def start(self) -> None:
        """Start the process; `wait_ready` follows it up."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own program, no shell
                [*self.program, "node", "start", "--home", str(self.home)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._pid = self._process.pid

    @property
    def pid(self) -> int:
        """Process id of the node, also after `let_go`; 0 when it was never started."""
        return self._pid

    def wait_ready(self) -> None:
        """Wait until the API answers.

        Raises:
            DemoNodeFailed: when the process ended or does not answer in time.
        """
        deadline = time.monotonic() + START_TIMEOUT_S
        with Client(self.url, timeout_s=5.0) as client:
            while time.monotonic() < deadline:
                if self._process is not None and self._process.poll() is not None:
                    break
                try:
                    client.node.health()
                except HanseError:
                    time.sleep(0.1)
                    continue
                return
        raise DemoNodeFailed(f"the node of {self.organisation.name} did not start; see {self.log}")

    def wait_healthy(self) -> None:
        """Wait until every part of the node works, its engine included."""
        with Client(self.url, timeout_s=5.0) as client:
            client.node.wait_healthy(START_TIMEOUT_S)

    def client(self, user: str = "admin") -> Client:
        """A client for one of the node's users, kept open."""
        if user not in self._clients:
            self._clients[user] = Client(
                self.url, username=user, password=self.passwords[user], timeout_s=120.0
            )
        return self._clients[user]

    def add_user(self, name: str, role: str) -> None:
        """Add a user with a fresh password."""
        password = secrets.token_urlsafe(12)
        self.client().users.create(name, password, [role])
        self.passwords[name] = password

    def kill(self) -> None:
        """Kill the process at once, as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """Stop gracefully; kill when that takes too long."""
        self._close_clients()
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def let_go(self) -> None:
        """Leave the process running after the demo ends."""
        self._close_clients()
        self._process = None

    def _close_clients(self) -> None:
        for client in self._clients.values():
            client.close()
        self._clients.clear()
