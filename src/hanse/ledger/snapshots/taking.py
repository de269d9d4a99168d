"""Taking a snapshot from one read transaction, while commits go on."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from hanse.crypto.suite import Suite
from hanse.ledger.block import decode_block
from hanse.ledger.pruning import bare
from hanse.ledger.snapshots.entries import chunks_of
from hanse.ledger.snapshots.errors import NothingToSnapshot
from hanse.ledger.snapshots.manifest import (
    CHUNK_BYTES,
    Manifest,
    chunk_hash,
    encode_manifest,
)
from hanse.ledger.snapshots.shelf import MAKING, MANIFEST, Shelf, chunk_name, folder_name
from hanse.ledger.storage.environment import sync_folder
from hanse.ledger.storage.files import naming_errors, write_synced
from hanse.ledger.storage.store import Snapshot, Store

SPARE_BYTES = 4 << 30


def take_snapshot(
    store: Store, suite: Suite, folder: Path, chunk_bytes: int = CHUNK_BYTES
) -> Manifest:
    """Write a snapshot of the last committed height; blocks while it does, commits do not.

    Args:
        store: of a running ledger.
        suite: of its chain.
        folder: where snapshots are kept, made when missing.
        chunk_bytes: size of a chunk; the same on all nodes that are to offer equal snapshots.

    Raises:
        NothingToSnapshot: before the first block.
        StorageFull, StorageFailed: nothing is left behind.
    """
    store.environment.reserve(SPARE_BYTES)
    with store.read() as snapshot:
        return write_snapshot(snapshot, suite, folder, chunk_bytes)


def write_snapshot(
    snapshot: Snapshot, suite: Suite, folder: Path, chunk_bytes: int = CHUNK_BYTES
) -> Manifest:
    """The same from a read transaction that is open already, for the height it sees.

    An engine that wants exactly the height it just committed opens the transaction there and
    hands it to another thread.
    """
    head = snapshot.head()
    encoded = snapshot.block(head) if head else None
    if not head or encoded is None:
        raise NothingToSnapshot()
    shelf = Shelf(folder)
    if shelf.has(head):
        return shelf.manifest(head)
    making = folder / f"{MAKING}{folder_name(head)}"
    try:
        with naming_errors():
            shutil.rmtree(making, ignore_errors=True)
            making.mkdir(parents=True, mode=0o700)
            hashes = []
            for index, chunk in enumerate(chunks_of(snapshot.values(), chunk_bytes)):
                hashes.append(chunk_hash(suite, chunk))
                write_synced(making / chunk_name(index), chunk)
            block = bare(decode_block(encoded))
            manifest = Manifest(block=block, keys=snapshot.count("values"), chunks=hashes)
            write_synced(making / MANIFEST, encode_manifest(manifest))
            sync_folder(making)
            os.rename(making, folder / folder_name(head))  # noqa: PTH104 - atomic, no overwriting
            sync_folder(folder)
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        raise
    return manifest
