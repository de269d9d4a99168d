"""Forgetting old blocks. State, head and replay window stay; an archive may have the rest.

Of the certificates those stay that hand over to another set of validators: proofs carry them to
verifiers that know only the genesis.
"""

from __future__ import annotations

import time
from typing import Any

import msgspec

from hanse.ledger.block import Block, encode_block
from hanse.ledger.certificates import Certificate, decode_certificate
from hanse.ledger.errors import BlockPruned, PruneTooHigh, StoreAltered
from hanse.ledger.soundness import indexed, read_block
from hanse.ledger.storage.store import Snapshot, Store

BATCH_BLOCKS = 128
BATCH_BYTES = 8 << 20
PAUSE_SECONDS = 0.005


def bare(block: Block) -> Block:
    """A block without transactions and receipts: what stands below the base of a store."""
    return msgspec.structs.replace(block, transactions=[], receipts=[])


def require_kept(snapshot: Snapshot, height: int) -> None:
    """Raises BlockPruned for a height below the base."""
    base = snapshot.base()
    if 0 <= height < base:
        raise BlockPruned(base=base)


def prune_blocks(store: Store, below: int) -> int:
    """Delete blocks, certificates and index entries below a height.

    Goes in batches, each all or nothing, so that commits wait for a batch at most and a crash
    leaves a sound store with a lower base. The file does not shrink; its pages are used again.

    Args:
        store: of a ledger that may be running.
        below: the new base; nothing happens when the base is there already.

    Returns:
        The base: the lowest height whose block is still here whole.

    Raises:
        PruneTooHigh: above the last block.
        StoreAltered: when a block to be deleted cannot be read.
        StorageFull, StorageFailed
    """
    with store.read() as snapshot:
        head, base = snapshot.head() or 0, snapshot.base()
    if below > head:
        raise PruneTooHigh(f"the last block is {head}; it and what is above stay")
    while base < below:
        base = prune_batch(store, below)
        time.sleep(PAUSE_SECONDS)  # a commit that waits goes first
    return base


def prune_batch(store: Store, below: int) -> int:
    """One batch of `prune_blocks`; the base after it."""
    return store.environment.write(lambda txn: _delete(store.environment.db, txn, below))


def _delete(db: dict[str, Any], txn: Any, below: int) -> int:
    base = int.from_bytes(txn.get(b"base", db=db["meta"], default=b""), "big")
    size = 0
    last = min(below, base + BATCH_BLOCKS)
    while base < last and size < BATCH_BYTES:
        size += _make_bare(db, txn, base)
        if base:  # the block below it was the bare one
            txn.delete(_number(base - 1), db=db["blocks"])
            _drop_certificate(db, txn, base - 1)
        base += 1
    txn.put(b"base", _number(base), db=db["meta"])
    return base


def _drop_certificate(db: dict[str, Any], txn: Any, height: int) -> None:
    data = txn.get(_number(height), db=db["certificates"])
    if data is not None and not hands_over(decode_certificate(data)):
        txn.delete(_number(height), db=db["certificates"])


def hands_over(certificate: Certificate) -> bool:
    """Whether the next block is certified by another set than this one."""
    return certificate.statement.validators != certificate.statement.next_validators


def _make_bare(db: dict[str, Any], txn: Any, height: int) -> int:
    """Take transactions and receipts out of a block, and out of the index; bytes read."""
    data = txn.get(_number(height), db=db["blocks"])
    if data is None:
        raise StoreAltered(f"block {height} is missing")
    block = read_block(data, height)
    for id_, _ in indexed(block):
        txn.delete(id_, db=db["transactions"])
    txn.put(_number(height), encode_block(bare(block)), db=db["blocks"])
    return len(data)


def _number(value: int) -> bytes:
    return value.to_bytes(8, "big")
