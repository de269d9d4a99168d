"""Reading everything that is stored and holding it against what was signed."""

from __future__ import annotations

from dataclasses import dataclass

from hanse.core.errors import HanseError
from hanse.crypto.suite import Suite
from hanse.ledger.admission import REFUSED_ON_ADMISSION
from hanse.ledger.block import (
    Block,
    Header,
    Receipt,
    decode_block,
    encode_block,
    header_hash,
    receipt_leaf,
    receipts_root,
    transactions_root,
    verify_header,
)
from hanse.ledger.errors import StoreAltered
from hanse.ledger.genesis import Genesis, genesis_hash, suite_of
from hanse.ledger.state.nodes import (
    BRANCH,
    EMPTY_BUCKET,
    NO_CHILD,
    SLOT_OF,
    count_of,
    entries_of,
    hash_key,
    hash_node,
    hash_value,
)
from hanse.ledger.storage.store import Snapshot, Store


@dataclass(frozen=True)
class ScanReport:
    """What was read and found sound.

    Attributes:
        base: lowest height whose block is here whole.
        height: of the last block.
        transactions: number in all blocks that are here.
        state_keys: number of keys in state.
    """

    base: int
    height: int
    transactions: int
    state_keys: int


def scan_store(store: Store, genesis: Genesis) -> ScanReport:
    """Verify every block that is kept and the whole state on disk.

    Reads in one snapshot; blocks by a node that is running are not waited for.

    Raises:
        StoreAltered: naming the first thing that does not hold.
    """
    suite = suite_of(genesis)
    with store.read() as snapshot:
        head = snapshot.head()
        if head is None or snapshot.chain() != genesis_hash(genesis):
            raise StoreAltered("the store does not hold this chain")
        base = snapshot.base()
        previous = _below(suite, genesis, snapshot, base) if base else None
        total = 0
        for height in range(base, head + 1):
            block = _block(snapshot, height)
            _check_block(suite, genesis, block, height, previous)
            total += _check_index(suite, snapshot, block)
            previous = block.header
        if previous is None or previous.height != head:
            raise StoreAltered("the last block is missing")
        if snapshot.count("blocks") != head + 1 - max(base - 1, 0):
            raise StoreAltered("there are blocks above the head or below the base")
        if total != snapshot.count("transactions"):
            raise StoreAltered("the index names transactions no block holds")
        keys = _check_state(suite, snapshot, bytes.fromhex(previous.state_root))
    return ScanReport(base, head, total, keys)


def _block(snapshot: Snapshot, height: int) -> Block:
    data = snapshot.block(height)
    if data is None:
        raise StoreAltered(f"block {height} is missing")
    try:
        block = decode_block(data)
        block.wire_transactions()
    except HanseError as error:
        raise StoreAltered(f"block {height} cannot be read") from error
    if encode_block(block) != data:
        raise StoreAltered(f"block {height} is not in canonical form")
    return block


def _below(suite: Suite, genesis: Genesis, snapshot: Snapshot, base: int) -> Header:
    """Header of the bare block under the base, which the block above continues."""
    block = _block(snapshot, base - 1)
    if block.transactions or block.receipts:
        raise StoreAltered(f"block {base - 1} lies below the base and is not bare")
    _check_header(suite, genesis, block, base - 1)
    return block.header


def _check_header(suite: Suite, genesis: Genesis, block: Block, height: int) -> None:
    """It stands where it belongs, and the orderer signed it."""
    header = block.header
    if header.height != height or header.chain != genesis_hash(genesis):
        raise StoreAltered(f"block {height} holds another block's header")
    if height > 0:  # block 0 is hashed into block 1's signature
        try:
            verify_header(suite, bytes.fromhex(genesis.orderer.public), header, block.signature)
        except HanseError as error:
            raise StoreAltered(f"the signature of block {height} does not hold") from error


def _check_block(
    suite: Suite, genesis: Genesis, block: Block, height: int, previous: Header | None
) -> None:
    # 1. The header is this height's and signed.
    header = block.header
    _check_header(suite, genesis, block, height)
    # 2. It continues the one before.
    before = header.chain if previous is None else header_hash(suite, previous)
    if header.previous != before:
        raise StoreAltered(f"block {height} does not continue the block before")
    # 3. Transactions and receipts are those it commits to.
    raw = block.wire_transactions()
    leaves = [receipt_leaf(receipt) for receipt in block.receipts]
    if not len(raw) == len(leaves) == header.count:
        raise StoreAltered(f"block {height} lost transactions or receipts")
    if transactions_root(suite, raw) != header.transactions_root:
        raise StoreAltered(f"a transaction of block {height} was altered")
    if receipts_root(suite, leaves) != header.receipts_root:
        raise StoreAltered(f"a receipt of block {height} was altered")


def _check_index(suite: Suite, snapshot: Snapshot, block: Block) -> int:
    """The index finds each admitted transaction; how many there are."""
    found = 0
    height = block.header.height
    for index, (item, receipt) in enumerate(zip(block.transactions, block.receipts, strict=True)):
        if not _was_admitted(bytes(item), receipt):
            continue
        if snapshot.locate(bytes.fromhex(receipt.tx)) != (height, index):
            raise StoreAltered(f"the index lost a transaction of block {height}")
        found += 1
    return found


def _was_admitted(item: bytes, receipt: Receipt) -> bool:
    """Whether it passed admission, and so used its nonce and stands in the index."""
    if item.startswith(b'"'):  # ordered bytes that are no transaction
        return False
    return receipt.code not in REFUSED_ON_ADMISSION


def _check_state(suite: Suite, snapshot: Snapshot, root: bytes) -> int:
    nodes = _check_nodes(suite, snapshot, root)
    keys = 0
    for hashed, key, value in snapshot.values():
        # 5. Every value is the one its bucket commits to, under its own key.
        if hash_key(suite.hash, key) != hashed:
            raise StoreAltered("a state value stands under the wrong key")
        if _committed(snapshot, hashed) != hash_value(suite.hash, value):
            raise StoreAltered("a state value was altered")
        keys += 1
    # 6. Nothing is missing.
    if keys != count_of(snapshot.node(b"") or EMPTY_BUCKET):
        raise StoreAltered("state values are missing")
    if nodes != snapshot.count("nodes"):
        raise StoreAltered("there are state nodes nothing refers to")
    return keys


def _check_nodes(suite: Suite, snapshot: Snapshot, root: bytes) -> int:
    """4. Every node hashes to what its parent commits to; how many there are."""
    reached = 0
    waiting = [(b"", root)]
    while waiting:
        path, digest = waiting.pop()
        node = snapshot.node(path)
        if hash_node(suite.hash, node or EMPTY_BUCKET) != digest:
            raise StoreAltered("a state node was altered")
        if node is None:
            continue
        reached += 1
        if node[0] == BRANCH:
            for digit, slot in SLOT_OF.items():
                child = node[slot : slot + 32]
                if child != NO_CHILD:
                    waiting.append((path + bytes([digit]), child))
    return reached


def _committed(snapshot: Snapshot, hashed: bytes) -> bytes | None:
    hex_key = hashed.hex().encode()
    for depth in range(len(hex_key)):
        node = snapshot.node(hex_key[:depth])
        if node is None:
            return None
        if node[0] != BRANCH:
            return entries_of(node).get(hashed)
    return None
