"""A hot copy of a ledger's database, verified before it counts."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from hanse.ledger.archive.errors import NameTaken
from hanse.ledger.genesis import Genesis, suite_of
from hanse.ledger.scan import ScanReport, scan_store
from hanse.ledger.snapshots.taking import SPARE_BYTES
from hanse.ledger.storage.environment import sync_folder
from hanse.ledger.storage.files import naming_errors, sync_file
from hanse.ledger.storage.store import Store
from hanse.ledger.validators import ValidatorDirectory

MAKING = ".making-"


def back_up(
    store: Store, genesis: Genesis, directory: ValidatorDirectory | None, folder: Path
) -> ScanReport:
    """Copy the last commit into a new folder while the ledger runs, compacted, and verify it.

    Args:
        store: of a ledger that may be running.
        genesis: of its network.
        directory: of the registry.
        folder: of the copy; must not exist, and appears when the copy was found sound.

    Raises:
        NameTaken
        StoreAltered: when the copy does not hold; it is removed.
        StorageFull, StorageFailed: nothing is left behind.
    """
    if folder.exists():
        raise NameTaken()
    store.environment.reserve(SPARE_BYTES)
    making = folder.with_name(MAKING + folder.name)
    try:
        with naming_errors():
            shutil.rmtree(making, ignore_errors=True)
            making.mkdir(parents=True, mode=0o700)
        store.environment.copy(making)
        report = verify_backup(making, genesis, directory)
        with naming_errors():
            for name in ("lock", "lock.mdb"):
                (making / name).unlink(missing_ok=True)
            sync_file(making / "data.mdb")
            sync_folder(making)
            os.rename(making, folder)  # noqa: PTH104 - atomic, refuses a folder with content
            sync_folder(folder.parent)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return report


def verify_backup(
    folder: Path, genesis: Genesis, directory: ValidatorDirectory | None
) -> ScanReport:
    """Read a copy completely and hold it against what was signed.

    Raises:
        StoreAltered: naming the first thing that does not hold.
        StorageFailed: when it is no copy of a ledger.
    """
    store = Store(folder, suite_of(genesis).hash)
    try:
        return scan_store(store, genesis, directory)
    finally:
        store.close()


def restore_backup(
    folder: Path, genesis: Genesis, directory: ValidatorDirectory | None, home: Path
) -> ScanReport:
    """Put a verified copy in the place of a ledger that is not running, in one step.

    Args:
        folder: of the copy; it stays as it is.
        genesis: of the network.
        directory: of the registry.
        home: folder of the ledger (``ledger`` in a node's home).

    Raises:
        StoreAltered: the copy does not hold; the ledger is what it was.
        LedgerInUse: a process has the ledger open.
        StorageFull, StorageFailed: the ledger is what it was.
    """
    staging = home.with_name(f"{MAKING}{home.name}")
    target = Store(home, suite_of(genesis).hash)
    try:
        with naming_errors():
            shutil.rmtree(staging, ignore_errors=True)
            staging.mkdir(parents=True, mode=0o700)
            shutil.copyfile(folder / "data.mdb", staging / "data.mdb")
            sync_file(staging / "data.mdb")
        report = verify_backup(staging, genesis, directory)
        target.environment.swap_in(staging / "data.mdb")
    finally:
        target.close()
        shutil.rmtree(staging, ignore_errors=True)
    return report
