"""A second node with the voting keys of another, linked under a name of its own."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from hanse.cli.demo.process import DemoNode
from hanse.core.ports import free_ports
from hanse.ledger.bft.engine.keys import new_keys
from hanse.node.home import NodeHome
from hanse.node.ordering_keys import TRANSPORT_ENTRY
from hanse.node.secrets import unlock
from hanse.node.settings_file import change_setting

LYING_NODE = Path(__file__).parent / "lying_node.py"


def lying(lie: str) -> list[str]:
    """The program of a node that tells a lie of `mischief.py`."""
    return [sys.executable, str(LYING_NODE), lie]


def twin_of(node: DemoNode, home: Path, lie: str) -> DemoNode:
    """A copy of a stopped node: what an operator starts who runs two copies of one home."""
    http, engine, metrics = free_ports(3)
    twin = DemoNode(node.organisation, home, http)
    twin.did, twin.program = node.did, lying(lie)
    shutil.copytree(node.home, home, ignore=shutil.ignore_patterns("*.sock"))
    change_setting(home, "http", "port", http)
    change_setting(home, "http", "public_url", twin.url)
    change_setting(home, "engine", "port", engine)
    change_setting(home, "engine", "metrics_port", metrics)
    # Under one name the others would accept one link of the two.
    unlock(NodeHome(home)).keystore.put(TRANSPORT_ENTRY, new_keys().node)
    return twin
