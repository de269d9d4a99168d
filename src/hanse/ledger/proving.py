"""Making proofs: collecting what a third party needs, and waiting for what is still being signed.

Under the embedded engine everything is there with the block. Where validators certify, the
certificate of block H is complete when block H + 1 is decided, so the proof of what just
happened waits for that; an idle network makes that block by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from hanse.core import encoding
from hanse.crypto import merkle
from hanse.ledger.block import Block, decode_block, receipt_leaf, receipts_root, transactions_root
from hanse.ledger.certificates import Certificate, decode_certificate
from hanse.ledger.errors import (
    LedgerClosed,
    NoSuchTransaction,
    NotCertifiedYet,
    NothingToProve,
    NoValidators,
    StoreAltered,
)
from hanse.ledger.genesis import Genesis, genesis_hash, suite_of
from hanse.ledger.hexadecimal import unhex
from hanse.ledger.light.changes import ValidatorChange
from hanse.ledger.light.checkpoint import Checkpoint
from hanse.ledger.light.engine.collecting import EngineCollector, EngineCommits
from hanse.ledger.light.handovers import checkpoint_at, handovers
from hanse.ledger.light.header_proof import HeaderProof
from hanse.ledger.proofs import StateProof, TransactionProof
from hanse.ledger.state.nodes import hash_key
from hanse.ledger.state.trie import Trie
from hanse.ledger.storage.store import Snapshot, Store
from hanse.ledger.validators import ValidatorDirectory
from hanse.ledger.waiting import Waiting

WAIT_SECONDS = 10.0
"""How long a proof waits for the certificate of its block unless told otherwise."""


@dataclass(frozen=True)
class _StateFact:
    """A value and its path, as of the state under a root.

    Attributes:
        heights: of the blocks after which the state had this root, newest first; any of them
            may carry the proof.
    """

    heights: tuple[int, ...]
    value: bytes | None
    nodes: list[bytes]


class Prover:
    """Makes proofs of what one node has committed.

    Args:
        store: the node's disk.
        genesis: of the network.
        directory: who validates; None where no contract says.
        waiting: tells of new blocks.
        commits: of the node's ordering engine, for proofs that hold by its votes as well.
    """

    def __init__(
        self,
        store: Store,
        genesis: Genesis,
        directory: ValidatorDirectory | None,
        waiting: Waiting,
        commits: EngineCommits | None = None,
    ) -> None:
        self._store = store
        self._suite = suite_of(genesis)
        self._chain = genesis_hash(genesis)
        self._directory = None if genesis.engine == "embedded" else directory
        self._waiting = waiting
        self._collector: EngineCollector | None = None
        if self._directory is not None and commits is not None:
            self._collector = EngineCollector(commits, store, self._directory, self._suite)

    async def transaction(
        self, tx_id: str, since: int = 0, wait_s: float = WAIT_SECONDS
    ) -> TransactionProof:
        """Proof that a transaction was executed and with what outcome.

        Args:
            tx_id: hex.
            since: height of the trusted header the proof is for: changes of validators below
                are left out; 0 for a verifier who trusts nothing but the genesis.
            wait_s: for the certificate of the block.

        Raises:
            NoSuchTransaction: when none of that id is committed here.
            NotCertifiedYet: when its block was not certified in time.
            HandoverMissing: when this node lacks the certificate of a change since then.
            StoreAltered: when the stored block does not agree with its header.
        """
        block, proof = await asyncio.to_thread(self._transaction, tx_id)
        height = proof.header.height
        if self._directory is None:
            return proof
        await self._certified((height,), wait_s)
        certificate, changes = await asyncio.to_thread(self._origin, height, since)
        engine = None
        if self._collector is not None:
            engine = await self._collector.collect(height, changes, block, proof.index)
        return msgspec.structs.replace(
            proof, certificate=certificate, changes=changes, engine=engine
        )

    async def state(self, key: bytes, since: int = 0, wait_s: float = WAIT_SECONDS) -> StateProof:
        """Proof of the value under a full state key, or that there is none, as of now.

        Where validators certify, "now" is when this was called; the block is the newest
        certified one with the state of now, or the first that will be.

        Args:
            key: full state key.
            since: see `transaction`.
            wait_s: for the certificate of the block.

        Raises:
            NothingToProve: before the first signed block.
            NotCertifiedYet, HandoverMissing: see `transaction`.
        """
        fact = await asyncio.to_thread(self._state, key)
        height = fact.heights[0]
        if self._directory is not None:
            height = await self._certified(fact.heights, wait_s)
        proof = await asyncio.to_thread(self._state_proof, key, fact, height, since)
        if self._collector is None:
            return proof
        engine = await self._collector.collect(height, proof.changes)
        return msgspec.structs.replace(proof, engine=engine)

    def checkpoint(self) -> Checkpoint:
        """The newest certified header and the validators that certified it.

        Raises:
            NoValidators: in a network with one orderer.
            NothingToProve: before the first certified block.
        """
        if self._directory is None:
            raise NoValidators()
        with self._store.read() as snapshot:
            for height in range(snapshot.head() or 0, 0, -1):
                data = snapshot.certificate(height)
                if data is not None:
                    return checkpoint_at(self._directory, snapshot, decode_certificate(data))
        raise NothingToProve()

    def header(self, height: int) -> HeaderProof:
        """Proof of a block's header alone; also where only its bare block is kept.

        Raises:
            NoValidators: in a network with one orderer.
            NotCertifiedYet: its certificate is not here.
            HandoverMissing: when this node lacks the certificate of a change before it.
        """
        certificate, changes = self._origin(height, 0)
        if certificate is None:
            raise NoValidators()
        with self._store.read() as snapshot:
            block = _block(snapshot, height)
        return HeaderProof(
            header=block.header,
            block_id=block.block_id,
            certificate=certificate,
            changes=changes,
        )

    async def _certified(self, heights: tuple[int, ...], wait_s: float) -> int:
        """The newest of some heights that is certified, once one is."""
        try:
            async with asyncio.timeout(wait_s):
                while True:
                    seen = self._waiting.height
                    found = self._newest_certified(heights)
                    if found is not None:
                        return found
                    await self._waiting.beyond(seen)
                    if self._waiting.is_closed:
                        raise LedgerClosed()
        except TimeoutError as error:
            raise NotCertifiedYet() from error

    def _newest_certified(self, heights: tuple[int, ...]) -> int | None:
        with self._store.read() as snapshot:
            return next((h for h in heights if snapshot.certificate(h) is not None), None)

    def _transaction(self, tx_id: str) -> tuple[Block, TransactionProof]:
        with self._store.read() as snapshot:
            place = snapshot.locate(_transaction_id(tx_id))
            data = None if place is None else snapshot.block(place[0])
        if place is None or data is None:
            raise NoSuchTransaction()
        height, index = place
        block = decode_block(data)
        raw = block.wire_transactions()
        leaves = [receipt_leaf(receipt) for receipt in block.receipts]
        roots = (transactions_root(self._suite, raw), receipts_root(self._suite, leaves))
        if roots != (block.header.transactions_root, block.header.receipts_root):
            raise StoreAltered(f"block {height} does not agree with its header")
        return block, TransactionProof(
            header=block.header,
            signature=block.signature,
            block_id=block.block_id,
            index=index,
            transaction=block.transactions[index],
            transaction_path=[d.hex() for d in merkle.path(self._suite, raw, index)],
            receipt=msgspec.structs.replace(block.receipts[index], message=""),
            receipt_path=[d.hex() for d in merkle.path(self._suite, leaves, index)],
        )

    def _state(self, key: bytes) -> _StateFact:
        with self._store.read() as snapshot:
            head = snapshot.head()
            if not head:
                raise NothingToProve()
            value = snapshot.get(key)
            hash_ = self._suite.hash
            nodes = Trie(hash_).path_to(snapshot.node, hash_key(hash_, key))
            return _StateFact(_same_state(snapshot, head, self._certifies), value, nodes)

    def _certifies(self, snapshot: Snapshot, height: int) -> bool:
        return self._directory is None or snapshot.certificate(height) is not None

    def _state_proof(self, key: bytes, fact: _StateFact, height: int, since: int) -> StateProof:
        with self._store.read() as snapshot:
            block = _block(snapshot, height)
        certificate, changes = self._origin(height, since)
        return StateProof(
            header=block.header,
            signature=block.signature,
            block_id=block.block_id,
            certificate=certificate,
            changes=changes,
            key=encoding.b64url(key),
            value=None if fact.value is None else encoding.b64url(fact.value),
            nodes=[encoding.b64url(node) for node in fact.nodes],
        )

    def _origin(self, height: int, since: int) -> tuple[Certificate | None, list[ValidatorChange]]:
        """The certificate of a block, and the changes of the set before it."""
        if self._directory is None:
            return None, []
        with self._store.read() as snapshot:
            data = snapshot.certificate(height)
            if data is None:
                raise NotCertifiedYet()
            changes = handovers(self._directory, snapshot, since, height)
        return decode_certificate(data), changes


def _same_state(
    snapshot: Snapshot, head: int, is_signed: Callable[[Snapshot, int], bool]
) -> tuple[int, ...]:
    """The head and blocks below it with the same state, down to the first that is signed."""
    heights = [head]
    root = _block(snapshot, head).header.state_root
    while not is_signed(snapshot, heights[-1]):
        below = heights[-1] - 1
        data = snapshot.block(below) if below > 0 else None
        if data is None or decode_block(data).header.state_root != root:
            break
        heights.append(below)
    return tuple(heights)


def _block(snapshot: Snapshot, height: int) -> Block:
    data = snapshot.block(height)
    if data is None:
        raise StoreAltered(f"block {height} is missing")
    return decode_block(data)


def _transaction_id(tx_id: str) -> bytes:
    try:
        id_ = unhex(tx_id)
    except ValueError as error:
        raise NoSuchTransaction() from error
    if len(id_) != 32:
        raise NoSuchTransaction()
    return id_
