"""Upkeep of one node's copy of the ledger, while it runs; every call blocks until it is done."""

from __future__ import annotations

from pathlib import Path

from hanse.ledger.archive.exporting import export_archive
from hanse.ledger.archive.lines import Start
from hanse.ledger.archive.restoring import restore_archive
from hanse.ledger.backup import back_up
from hanse.ledger.errors import PruneTooHigh
from hanse.ledger.genesis import Genesis, suite_of
from hanse.ledger.pruning import prune_blocks
from hanse.ledger.scan import ScanReport
from hanse.ledger.snapshots.manifest import Manifest
from hanse.ledger.snapshots.shelf import Shelf
from hanse.ledger.snapshots.taking import take_snapshot
from hanse.ledger.storage.store import Store
from hanse.ledger.validators import ValidatorDirectory


class Upkeep:
    """What `hanse.ledger.ledger.Ledger` lets be done to its store from outside."""

    def __init__(
        self, store: Store, genesis: Genesis, directory: ValidatorDirectory | None
    ) -> None:
        self._store = store
        self._genesis = genesis
        self._directory = directory

    def take_snapshot(self, folder: Path, keep: int) -> Manifest:
        """Snapshot of the last height; only the newest ``keep`` stay. See `take_snapshot`."""
        manifest = take_snapshot(self._store, suite_of(self._genesis), folder)
        Shelf(folder).keep(keep)
        return manifest

    def prune(self, below: int, read_to: int) -> int:
        """Delete blocks below a height; the new base. See `prune_blocks`.

        Args:
            below: the new base.
            read_to: up to where everything that reads blocks has read them.

        Raises:
            PruneTooHigh: when something still has to read one of them.
        """
        if below > read_to + 1:
            raise PruneTooHigh(f"this node has read its blocks up to {read_to} only; ask again")
        return prune_blocks(self._store, below)

    def export_archive(self, first: int, last: int, path: Path) -> Start:
        """Blocks to a file. See `export_archive`."""
        return export_archive(self._store, self._genesis, self._directory, first, last, path)

    def restore_archive(self, path: Path) -> int:
        """Blocks back from a file; the new base. See `restore_archive`."""
        return restore_archive(self._store, self._genesis, self._directory, path)

    def back_up(self, folder: Path) -> ScanReport:
        """Verified copy. See `back_up`."""
        return back_up(self._store, self._genesis, self._directory, folder)
