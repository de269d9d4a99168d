"""Reading everything that is stored and holding it against what was signed."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from hanse.core.errors import HanseError
from hanse.crypto.suite import Suite
from hanse.ledger.authority import verify_block_origin
from hanse.ledger.block import Block, Header, header_hash
from hanse.ledger.certificates import decode_certificate, verify_certificate
from hanse.ledger.errors import BadCertificate, StoreAltered
from hanse.ledger.genesis import Genesis, genesis_hash, suite_of
from hanse.ledger.pruning import hands_over
from hanse.ledger.soundness import check_content, check_place, indexed, read_block
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
from hanse.ledger.validators import Validator, ValidatorDirectory

UNCERTIFIED = 2
"""Of how many newest blocks the certificate may not be known yet."""


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


def scan_store(
    store: Store, genesis: Genesis, directory: ValidatorDirectory | None = None
) -> ScanReport:
    """Verify every block that is kept and the whole state on disk.

    Reads in one snapshot; blocks by a node that is running are not waited for.

    Args:
        store: to read.
        genesis: of its network.
        directory: of the registry; needed where validators certify blocks. Who they were is
            read from the same store, so a store forged as a whole by somebody who holds no
            validator's key is found out, one forged together with its records of them is not.

    Raises:
        StoreAltered: naming the first thing that does not hold.
    """
    with store.read() as snapshot:
        head = snapshot.head()
        if head is None or snapshot.chain() != genesis_hash(genesis):
            raise StoreAltered("the store does not hold this chain")
        base = snapshot.base()
        blocks = _Blocks(genesis, snapshot, head, directory)
        blocks.check_handovers(base - 1)
        previous = blocks.below(base) if base else None
        for height in range(base, head + 1):
            previous = blocks.check(height, previous)
        if previous is None or previous.height != head:
            raise StoreAltered("the last block is missing")
        blocks.check_nothing_else(base)
        keys = _check_state(suite_of(genesis), snapshot, bytes.fromhex(previous.state_root))
    return ScanReport(base, head, blocks.transactions, keys)


class _Blocks:
    """The blocks of a store, looked at one after the other."""

    def __init__(
        self,
        genesis: Genesis,
        snapshot: Snapshot,
        head: int,
        directory: ValidatorDirectory | None,
    ) -> None:
        self._genesis = genesis
        self._chain = genesis_hash(genesis)
        self._suite = suite_of(genesis)
        self._snapshot = snapshot
        self._head = head
        self._directory = directory
        self._certificates = 0
        self.transactions = 0

    def check_handovers(self, below: int) -> None:
        """The certificates kept of pruned blocks hand over from one set to another."""
        for height, data in self._snapshot.certificates(below):
            try:
                certificate = decode_certificate(data)
                if certificate.statement.height != height or not hands_over(certificate):
                    raise BadCertificate("it does not hand over to other validators")
                voting = self._voting(height)
                verify_certificate(self._suite, voting, certificate)
            except HanseError as error:
                raise StoreAltered(f"the certificate of block {height} does not hold") from error
            self._certificates += 1

    def below(self, base: int) -> Header:
        """Header of the bare block under the base, which the block above continues."""
        block = self._read(base - 1)
        if block.transactions or block.receipts:
            raise StoreAltered(f"block {base - 1} lies below the base and is not bare")
        return block.header

    def check(self, height: int, previous: Header | None) -> Header:
        """Check one block that continues ``previous``."""
        block = self._read(height)
        header = block.header
        before = self._chain if previous is None else header_hash(self._suite, previous)
        if header.previous != before:
            raise StoreAltered(f"block {height} does not continue the block before")
        check_content(self._suite, block)
        # The index finds each admitted transaction.
        for id_, place in indexed(block):
            if self._snapshot.locate(id_) != (height, place):
                raise StoreAltered(f"the index lost a transaction of block {height}")
            self.transactions += 1
        return header

    def check_nothing_else(self, base: int) -> None:
        """There is no block, certificate or index entry besides those that were looked at."""
        count = self._snapshot.count
        if count("blocks") != self._head + 1 - max(base - 1, 0):
            raise StoreAltered("there are blocks above the head or below the base")
        if count("certificates") != self._certificates:
            raise StoreAltered("there are certificates of blocks that are not here")
        if count("transactions") != self.transactions:
            raise StoreAltered("the index names transactions no block holds")

    def _read(self, height: int) -> Block:
        """A block that stands where it belongs and is the network's."""
        data = self._snapshot.block(height)
        if data is None:
            raise StoreAltered(f"block {height} is missing")
        block = read_block(data, height)
        check_place(block, height, self._chain)
        certificate = self._snapshot.certificate(height)
        if certificate is not None:
            self._certificates += 1
            block = msgspec.structs.replace(block, certificate=msgspec.Raw(certificate))
        if height > 0:  # block 0 is hashed into what signs block 1
            self._check_origin(block)
        return block

    def _voting(self, height: int) -> tuple[Validator, ...]:
        """Who certifies a block; empty under the embedded engine."""
        if self._genesis.engine == "embedded":
            return ()
        if self._directory is None:
            raise StoreAltered("who certifies blocks is not known to this software")
        return self._directory.validators(self._snapshot, height + 1)

    def _check_origin(self, block: Block) -> None:
        height = block.header.height
        voting = self._voting(height)
        if self._genesis.engine != "embedded" and bytes(block.certificate) == b"null":
            if height + UNCERTIFIED <= self._head:
                raise StoreAltered(f"the certificate of block {height} is missing")
            return
        try:
            verify_block_origin(self._suite, self._genesis, block, voting)
        except HanseError as error:
            raise StoreAltered(f"the signature of block {height} does not hold") from error


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
