"""Reading what a ledger has committed: blocks, receipts, certificates, figures."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from hanse.ledger.application import Application
from hanse.ledger.block import Block, Header, Receipt, decode_block, with_certificate
from hanse.ledger.contract.state import StateReader
from hanse.ledger.errors import NoSuchTransaction
from hanse.ledger.hexadecimal import unhex
from hanse.ledger.pruning import require_kept
from hanse.ledger.statistics import BlockStatistics, block_statistics
from hanse.ledger.storage.store import Snapshot, Store
from hanse.ledger.validators import Validator
from hanse.ledger.waiting import Waiting

FETCH_BYTES = 8 << 20
RECENT_BLOCKS = 8


class Reading:
    """What is committed at this node, whoever orders it.

    Args:
        store: the disk.
        application: on it; tells what was committed last.
        waiting: tells of new blocks.
        assembled: certificates that validators have completed before the disk has them; None
            where this node takes no part in ordering.
    """

    def __init__(
        self,
        store: Store,
        application: Application,
        waiting: Waiting,
        assembled: Callable[[int], bytes | None] | None,
    ) -> None:
        self.genesis = application.genesis
        self.chain = application.chain
        self._store = store
        self._application = application
        self._waiting = waiting
        self._assembled = assembled
        self._recent: dict[int, Block] = {}

    @property
    def height(self) -> int:
        """Last committed height."""
        return self._application.committed.height

    @property
    def state(self) -> StateReader:
        """State as last committed; each read sees the newest commit."""
        return self._store

    def validators(self, height: int = 0) -> tuple[Validator, ...]:
        """The set that votes on a block, by default on the next one; empty without validators."""
        return self._application.validators(height or self.height + 1)

    @property
    def base(self) -> int:
        """Lowest height whose block is kept here; those below were pruned or never here."""
        with self._store.read() as snapshot:
            return snapshot.base()

    def header(self, height: int) -> Header | None:
        """Header of a committed block.

        Raises:
            BlockPruned: when it is not kept here.
        """
        if height == self._application.committed.height:
            return self._application.committed
        block = self.block(height)
        return None if block is None else block.header

    def block(self, height: int) -> Block | None:
        """A committed block.

        Raises:
            BlockPruned: when it is not kept here.
        """
        with self._store.read() as snapshot:
            require_kept(snapshot, height)
            block = self._recent.get(height)
            if block is not None:
                return block
            data = snapshot.block(height)
        if data is None:
            return None
        block = self._recent[height] = decode_block(data)
        if len(self._recent) > RECENT_BLOCKS:
            del self._recent[next(iter(self._recent))]
        return block

    def certificate(self, height: int) -> bytes | None:
        """The validators' certificate of a block, encoded; None under the embedded engine, and
        for the newest block until the next one is decided."""
        if self._assembled is not None:
            return self._assembled(height)
        with self._store.read() as snapshot:
            return snapshot.certificate(height)

    @property
    def certified_height(self) -> int:
        """Newest block that is signed: by the orderer, or by validators a block later."""
        if self.genesis.engine == "embedded":
            return self.height
        heights = range(self.height, max(self.base - 1, 0), -1)
        return next((h for h in heights if self.certificate(h) is not None), 0)

    def statistics(self, count: int) -> BlockStatistics:
        """Figures of the newest ``count`` blocks; see `block_statistics`."""
        return block_statistics(self._store, count)

    def find(self, tx_id: str) -> tuple[int, int] | None:
        """Height and index of a committed transaction, by id in hex."""
        try:
            id_ = unhex(tx_id)
        except ValueError:
            return None
        if len(id_) != 32:
            return None
        with self._store.read() as snapshot:
            return snapshot.locate(id_)

    def receipt(self, tx_id: str) -> Receipt:
        """Receipt of a committed transaction.

        Raises:
            NoSuchTransaction: when none of that id is committed here.
        """
        receipt = self.find_receipt(tx_id)
        if receipt is None:
            raise NoSuchTransaction()
        return receipt

    async def blocks(self, from_height: int) -> AsyncIterator[Block]:
        """Committed blocks from a height on, then each new one; ends when the ledger closes.

        Raises:
            BlockPruned: when the next one is not kept here.
        """
        height = from_height
        while True:
            await self._waiting.beyond(height - 1)
            if self._waiting.is_closed:
                return
            block = self.block(height)
            if block is not None:
                yield block
                height += 1

    def encoded_blocks(self, from_height: int, limit: int) -> list[bytes]:
        """Blocks as followers get them: with certificates, and no more than `FETCH_BYTES`.

        Raises:
            BlockPruned: when the first is not kept here.
        """
        blocks: list[bytes] = []
        size = 0
        first = max(from_height, 1)
        with self._store.read() as snapshot:
            require_kept(snapshot, first)
            for height in range(first, from_height + limit):
                data = self._block_to_send(snapshot, height)
                size += len(data or b"")
                if data is None or (blocks and size > FETCH_BYTES):
                    break
                blocks.append(data)
        return blocks

    def find_receipt(self, tx_id: str) -> Receipt | None:
        """The same as `receipt`; None when none of that id is committed here."""
        place = self.find(tx_id)
        block = None if place is None else self.block(place[0])
        return None if place is None or block is None else block.receipts[place[1]]

    def _block_to_send(self, snapshot: Snapshot, height: int) -> bytes | None:
        data = snapshot.block(height)
        if data is None or self.genesis.engine == "embedded":
            return data
        certificate = self.certificate(height)
        return None if certificate is None else with_certificate(data, certificate)
