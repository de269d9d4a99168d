"""A node that follows an orderer: it believes nothing it has not executed itself."""

from __future__ import annotations

from dataclasses import dataclass

from hanse.core.errors import HanseError
from hanse.ledger.application import Application
from hanse.ledger.authority import verify_block_origin
from hanse.ledger.block import Block, decode_block, header_hash, receipt_leaf
from hanse.ledger.errors import BlockFromFuture, BlockRefused, Diverged
from hanse.ledger.execution import Executed
from hanse.ledger.ordering.source import BlockSource

FETCH_BLOCKS = 256
FETCH_WAIT_MS = 20_000


@dataclass(frozen=True)
class Follower:
    """Role of a node that follows; the source is usually the orderer's node."""

    source: BlockSource


@dataclass(frozen=True)
class Refusal:
    """A block that was refused, for operators.

    Attributes:
        height: the height expected.
        code: error code.
        message: what did not hold.
        time_ms: when, UTC ms.
    """

    height: int
    code: str
    message: str
    time_ms: int


class FollowerEngine:
    """Verifies and applies blocks, in the thread that executes and writes."""

    def __init__(self, application: Application) -> None:
        self._application = application

    def apply(self, blocks: list[bytes], now_ms: int) -> tuple[list[Executed], HanseError | None]:
        """Verify and execute blocks in order, then commit those that held together.

        Returns:
            What was committed, and why the next block was refused, if one was.

        Raises:
            StorageFull, StorageFailed: nothing of this call was committed.
        """
        application = self._application
        applied: list[Executed] = []
        refused: HanseError | None = None
        try:
            for data in blocks:
                try:
                    applied.append(self._apply_one(data, now_ms))
                except BlockRefused as error:
                    refused = error
                    break
            application.commit()
        except BaseException:
            application.discard()
            raise
        return applied, refused

    def _apply_one(self, data: bytes, now_ms: int) -> Executed:
        application = self._application
        block = decode_block(data)
        certificate = self._check_header(block, now_ms)
        # 6. Executing the transactions gives what the header commits to.
        header = block.header
        executed = application.execute(header.height, header.time_ms, block.wire_transactions())
        if executed.transactions_root != header.transactions_root:
            raise BlockRefused("the transactions are not those the header commits to")
        for what in ("receipts_root", "state_root"):
            if getattr(executed, what) != getattr(header, what):
                raise Diverged(f"executing block {header.height} gives another {what}")
        # 7. The receipts sent along are those of the execution, apart from wording.
        sent = [receipt_leaf(receipt) for receipt in block.receipts]
        if sent != [receipt_leaf(receipt) for receipt in executed.receipts]:
            raise BlockRefused("the receipts sent along are not those of the block")
        application.stage(executed, header, block.signature, block.block_id)
        if certificate is not None:
            application.stage_certificate(header.height, certificate)
        return executed

    def _check_header(self, block: Block, now_ms: int) -> bytes | None:
        """Everything that needs no execution; the block's certificate, if it has one."""
        application, header = self._application, block.header
        head = application.head
        # 1. It is the next block of this chain.
        if header.v != 1 or header.chain != application.chain:
            raise BlockRefused("the block belongs to another network")
        if header.height != head.height + 1:
            raise BlockRefused(f"height {header.height} where {head.height + 1} was due")
        # 2. The orderer of the genesis signed it, or the validators certified it.
        certificate = verify_block_origin(
            application.suite, application.genesis, block, application.validators(head.height + 2)
        )
        # 3. It continues the block before.
        if header.previous != header_hash(application.suite, head):
            raise Diverged(f"block {header.height} does not continue the block before")
        # 4. Its time moves on and is not ahead of this clock by more than the allowed skew.
        if header.time_ms <= head.time_ms:
            raise BlockRefused("block time does not move on")
        if header.time_ms > now_ms + application.limits.max_skew_ms:
            raise BlockFromFuture()
        # 5. It has the size it says, within the network's limit.
        count = len(block.transactions)
        if header.count != count or count > application.limits.max_block_transactions:
            raise BlockRefused("the number of transactions is not the header's, or too large")
        return certificate
