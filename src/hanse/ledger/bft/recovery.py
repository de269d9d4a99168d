"""Going back to an older state, when the engine lost blocks that were executed already.

The engine writes a block before the application executes it, but not always through to the
disk; after a power cut or a full disk its newest blocks may be gone while the ledger has them.
It then refuses to start. A state as of an earlier height lets it replay the blocks it has and
fetch the rest from other nodes, where they are final.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from hanse.ledger.application import Application
from hanse.ledger.contract.state import StateReader
from hanse.ledger.light.handovers import kept_handovers
from hanse.ledger.snapshots.manifest import Manifest, certify
from hanse.ledger.snapshots.restoring import Restorer
from hanse.ledger.snapshots.shelf import Shelf
from hanse.ledger.storage.store import Store


def step_back(application: Application, store: Store, snapshots: Path) -> int:
    """Replace a ledger's state by its newest older snapshot, or by block 0.

    Blocks between are executed again as the engine brings them. Call it in the thread that
    writes; each call goes further back.

    Args:
        application: of the ledger; reloaded.
        store: its disk.
        snapshots: folder of the node's own snapshots.

    Returns:
        The height the ledger stands at now.

    Raises:
        StorageFull, StorageFailed: nothing changed.
    """
    application.discard()
    shelf = Shelf(snapshots)
    older = [height for height in shelf.heights() if height < application.committed.height]
    staging = snapshots.with_name("stepping-back")
    if older:
        _restore(application, store, shelf, older[-1], staging)
    else:
        _begin_again(application, store, staging)
    application.reload()
    return application.committed.height


def _restore(
    application: Application, store: Store, shelf: Shelf, height: int, staging: Path
) -> None:
    manifest = _with_certificates(application, store, shelf.manifest(height))
    root = bytes.fromhex(manifest.state_root)
    restorer = Restorer(manifest, root, application.genesis, staging)
    try:
        for index in range(len(manifest.chunks)):
            restorer.add(index, shelf.chunk(height, index))
        restorer.finish(store, _own)
    except BaseException:
        restorer.abandon()
        raise


def _own(manifest: Manifest, state: StateReader) -> None:
    """This node took the snapshot itself, of what it had executed and certified."""


def _with_certificates(application: Application, store: Store, manifest: Manifest) -> Manifest:
    """What the disk holds of certificates and would lose with the state."""
    with store.read() as snapshot:
        certificate = snapshot.certificate(manifest.height) or b"null"
        handed_over = kept_handovers(application.directory, snapshot, manifest.height)
    return certify(manifest, certificate, handed_over)


def _begin_again(application: Application, store: Store, staging: Path) -> None:
    shutil.rmtree(staging, ignore_errors=True)
    fresh = Store(staging / "store", application.suite.hash)
    try:
        application.begin_on(fresh)
    finally:
        fresh.close()
    store.environment.swap_in(staging / "store" / "data.mdb")
    shutil.rmtree(staging, ignore_errors=True)
