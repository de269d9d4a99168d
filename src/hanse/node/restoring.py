"""Putting a backup of the ledger into the home of a node that does not run."""

from __future__ import annotations

from pathlib import Path

from hanse.contracts.system import system_registry
from hanse.ledger.backup import restore_backup
from hanse.ledger.genesis import decode_genesis, suite_of
from hanse.ledger.scan import ScanReport
from hanse.node.errors import NoNetwork
from hanse.node.home import NodeHome
from hanse.node.lock import HomeLock


def restore_ledger(home: Path, source: Path) -> ScanReport:
    """Verify a backup completely, then let it take the ledger's place in one step.

    Args:
        home: of the node.
        source: folder of the backup; it stays as it is.

    Raises:
        NotAHome, HomeInUse
        NoNetwork: the home has no genesis file to verify against.
        StoreAltered, StorageFull, StorageFailed: the ledger is what it was.
    """
    node = NodeHome(home.absolute())
    node.require()
    if not node.genesis_file.is_file():
        raise NoNetwork()
    with HomeLock(node.lock_file):
        genesis = decode_genesis(node.genesis_file.read_bytes())
        directory = system_registry(suite_of(genesis)).validators
        return restore_backup(source.absolute(), genesis, directory, node.ledger)
