"""The command line as a person uses it: a process for each command, logged in at one node."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from network_harness import RunningNode

COMMAND_S = 300.0


class Said(NamedTuple):
    """Exit code and what was printed, errors included."""

    code: int
    text: str


class CommandLine:
    """Commands of one user of one node.

    Args:
        node: where it is logged in.
        user: made with that one role when it is not there.
        root: folder for the configuration; commands run in it.
    """

    def __init__(self, node: RunningNode, user: str, root: Path) -> None:
        node.client(user)
        self.root = root
        clean = {name: text for name, text in os.environ.items() if not name.startswith("HANSE_")}
        self._environment = {
            **clean,
            "HANSE_CONFIG": str(root / f"{node.key}-{user}.json"),
            "HANSE_PASSWORD": node.passwords[user],
        }
        assert self("login", node.url, "--user", user).code == 0

    def __call__(self, *arguments: str) -> Said:
        """Run a command."""
        done = subprocess.run(
            [sys.executable, "-m", "hanse.cli", *arguments],
            cwd=self.root, env=self._environment, capture_output=True, text=True,
            check=False, timeout=COMMAND_S, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        print(f"$ hanse {' '.join(arguments)}\n{done.stdout}{done.stderr}")  # shown on failure
        return Said(done.returncode, done.stdout + done.stderr)

    def json(self, *arguments: str) -> Any:
        """Run a command that must succeed; what it answers."""
        said = self(*arguments, "--json")
        assert said.code == 0, said.text
        return json.loads(said.text)

    def refused(self, *arguments: str) -> str:
        """Run a command that must be refused; the code of the error."""
        said = self(*arguments, "--json")
        assert said.code != 0, said.text
        return str(json.loads(said.text)["error"]["code"])
