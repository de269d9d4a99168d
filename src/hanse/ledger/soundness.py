"""Whether a block that was stored or archived is the one its header commits to."""

from __future__ import annotations

from hanse.core.errors import HanseError
from hanse.crypto.suite import Suite
from hanse.ledger.admission import REFUSED_ON_ADMISSION
from hanse.ledger.block import (
    Block,
    Receipt,
    decode_block,
    encode_block,
    receipt_leaf,
    receipts_root,
    transactions_root,
)
from hanse.ledger.errors import StoreAltered


def read_block(data: bytes, height: int) -> Block:
    """Decode; only the canonical form is accepted.

    Raises:
        StoreAltered
    """
    try:
        block = decode_block(data)
        block.wire_transactions()
    except HanseError as error:
        raise StoreAltered(f"block {height} cannot be read") from error
    if encode_block(block) != data:
        raise StoreAltered(f"block {height} is not in canonical form")
    return block


def check_place(block: Block, height: int, chain: str) -> None:
    """Raises StoreAltered unless the header is of this height and chain."""
    if block.header.height != height or block.header.chain != chain:
        raise StoreAltered(f"block {height} holds another block's header")


def check_content(suite: Suite, block: Block) -> None:
    """Raises StoreAltered unless transactions and receipts are those the header commits to."""
    header = block.header
    height = header.height
    raw = block.wire_transactions()
    leaves = [receipt_leaf(receipt) for receipt in block.receipts]
    if not len(raw) == len(leaves) == header.count:
        raise StoreAltered(f"block {height} lost transactions or receipts")
    if transactions_root(suite, raw) != header.transactions_root:
        raise StoreAltered(f"a transaction of block {height} was altered")
    if receipts_root(suite, leaves) != header.receipts_root:
        raise StoreAltered(f"a receipt of block {height} was altered")


def indexed(block: Block) -> list[tuple[bytes, int]]:
    """(transaction id, place in the block) of what the index of transactions names."""
    places = enumerate(zip(block.transactions, block.receipts, strict=True))
    return [
        (bytes.fromhex(receipt.tx), place)
        for place, (item, receipt) in places
        if _was_admitted(bytes(item), receipt)
    ]


def _was_admitted(item: bytes, receipt: Receipt) -> bool:
    """Whether it passed admission, and so used its nonce and stands in the index."""
    if item.startswith(b'"'):  # ordered bytes that are no transaction
        return False
    return receipt.code not in REFUSED_ON_ADMISSION
