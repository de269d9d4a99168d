"""Putting an archive's blocks back under a pruned ledger."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from hanse.crypto.suite import Suite
from hanse.ledger.archive.errors import ArchiveNotContiguous, ArchiveRefused
from hanse.ledger.archive.reading import ArchiveReader, OriginCheck
from hanse.ledger.authority import verify_block_origin
from hanse.ledger.block import Block, decode_block, encode_block, header_hash
from hanse.ledger.errors import StoreAltered
from hanse.ledger.genesis import Genesis, suite_of
from hanse.ledger.pruning import bare
from hanse.ledger.soundness import indexed
from hanse.ledger.storage.store import Store
from hanse.ledger.validators import Validator, ValidatorDirectory

BATCH_BLOCKS = 128
BATCH_BYTES = 8 << 20
NO_CERTIFICATE = msgspec.Raw(b"null")


def restore_archive(
    store: Store, genesis: Genesis, directory: ValidatorDirectory | None, path: Path
) -> int:
    """Put blocks, certificates and index entries back, from the base downwards.

    The store's own lowest header vouches for the archive: each block is linked to it by hashes.
    It goes in batches, each all or nothing, so whatever interrupts it leaves a sound store with
    a lower base, and it may be started again. The ledger may be running.

    Args:
        store: with a base above 0.
        genesis: of its network.
        directory: of the registry.
        path: of the archive; it may reach above the base.

    Returns:
        The new base.

    Raises:
        ArchiveNotContiguous: when it does not reach up to the base, or not below it.
        ArchiveRefused: when a block does not hold; those above it have been put back.
        StorageFull, StorageFailed
    """
    suite = suite_of(genesis)
    reader = ArchiveReader(path, genesis)
    start = reader.start
    with store.read() as snapshot:
        base = snapshot.base()
        stored = snapshot.block(base - 1) if base else None
    if not start.first < base <= start.last + 1:
        raise ArchiveNotContiguous(
            f"blocks are kept from {base} on; the archive has {start.first} to {start.last}"
        )
    if stored is None:
        raise StoreAltered(f"the header of block {base - 1} is missing")
    wanted = header_hash(suite, decode_block(stored).header)
    batch = _Batch(store)
    for entry in reader.entries(_origin(store, suite, genesis, directory)):
        block = entry.block
        height = block.header.height
        if height == base - 1 and header_hash(suite, block.header) != wanted:
            raise ArchiveRefused("the archive does not continue the blocks that are kept here")
        if height < base:
            batch.add(block, entry.whole)
    batch.write_all()
    return start.first


def _origin(
    store: Store, suite: Suite, genesis: Genesis, directory: ValidatorDirectory | None
) -> OriginCheck:
    """Signatures and certificates by what this ledger's own state says of the validators."""

    def check(block: Block, _: list[Validator]) -> None:
        voting: tuple[Validator, ...] = ()
        if directory is not None:
            voting = directory.validators(store, block.header.height + 1)
        verify_block_origin(suite, genesis, block, voting)

    return check


class _Batch:
    """Blocks waiting to be written, the highest first."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: list[Block] = []
        self._bytes = 0

    def add(self, block: Block, whole: bool) -> None:
        """Add the next lower block; the bare one under the range is the last."""
        # The last that waits becomes the bare block under what is written.
        self._waiting.append(block)
        self._bytes += len(encode_block(block))
        full = len(self._waiting) > BATCH_BLOCKS or self._bytes > BATCH_BYTES
        if not whole or (full and len(self._waiting) > 1):
            self._write(self._waiting[:-1], self._waiting[-1])
            self._waiting = [block] if whole else []
            self._bytes = len(encode_block(block))

    def write_all(self) -> None:
        """Write what waits when the archive reaches down to block 0."""
        if self._waiting:
            self._write(self._waiting, None)

    def _write(self, blocks: list[Block], below: Block | None) -> None:
        db = self._store.environment.db

        def put(txn: Any) -> None:
            for block in blocks:
                _put(db, txn, block)
                for id_, place in indexed(block):
                    where = _number(block.header.height) + place.to_bytes(4, "big")
                    txn.put(id_, where, db=db["transactions"])
            if below is not None:
                _put(db, txn, bare(below))
            txn.put(b"base", _number(blocks[-1].header.height), db=db["meta"])

        self._store.environment.write(put)


def _put(db: dict[str, Any], txn: Any, block: Block) -> None:
    key = _number(block.header.height)
    stored = msgspec.structs.replace(block, certificate=NO_CERTIFICATE)
    txn.put(key, encode_block(stored), db=db["blocks"])
    if bytes(block.certificate) != bytes(NO_CERTIFICATE):
        txn.put(key, bytes(block.certificate), db=db["certificates"])


def _number(value: int) -> bytes:
    return value.to_bytes(8, "big")
