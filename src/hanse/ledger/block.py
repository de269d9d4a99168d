"""Blocks: an ordered list of transactions, what became of each, and a signed header.

The header commits to transactions, receipts and the whole state after them, and to the header
before it, so one trusted header proves everything up to its height.
"""

from __future__ import annotations

from typing import Any

import msgspec

from hanse.core import canonical, encoding
from hanse.core.errors import HanseError
from hanse.crypto import merkle
from hanse.crypto.suite import Suite
from hanse.ledger.contract.contract import EmittedEvent
from hanse.ledger.errors import BlockRefused
from hanse.ledger.hexadecimal import unhex

DOMAIN = "hanse/block/1"


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the orderer signs; all hashes hex.

    Attributes:
        v: version of this structure.
        height: 0 is the genesis block.
        time_ms: block time, UTC ms, greater than the previous block's.
        chain: chain id.
        previous: hash of the previous header; of block 0: the chain id.
        transactions_root: RFC 6962 root over the transactions' bytes.
        receipts_root: RFC 6962 root over the receipts' committed bytes.
        state_root: root of the state after the block.
        count: number of transactions.
        orderer: DID of the signer under the embedded engine; empty where validators sign
            certificates instead.
    """

    v: int = 1
    height: int
    time_ms: int
    chain: str
    previous: str
    transactions_root: str
    receipts_root: str
    state_root: str
    count: int
    orderer: str


class Receipt(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What became of a transaction.

    Attributes:
        tx: transaction id, hex.
        ok: whether it took effect.
        code: error code when not.
        message: wording of the error. It is *not* committed to, so that wording may change
            between versions of the software; the code is.
        events: what the contracts emitted; none when it failed.
        result: what the handler returned, or None.
    """

    tx: str
    ok: bool
    code: str = ""
    message: str = ""
    events: list[EmittedEvent] = []
    result: Any = None


class Block(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A block as stored and sent.

    A transaction stands in it verbatim. Bytes that are none (an engine may have ordered some)
    stand as a base64url string.

    Attributes:
        block_id: the ordering engine's hash of the block, hex; empty under the embedded one.
        certificate: of the validators, as canonical JSON, on its way to others; a block is
            stored without, as it exists before its certificate does.
        header: of the block.
        signature: the embedded orderer's, hex; empty at height 0 and under validators.
        transactions: in order.
        receipts: one for each.
    """

    block_id: str = ""
    certificate: msgspec.Raw = msgspec.Raw(b"null")
    header: Header
    signature: str
    transactions: list[msgspec.Raw]
    receipts: list[Receipt]

    def wire_transactions(self) -> list[bytes]:
        """The bytes that were ordered; what the header's root covers.

        Raises:
            BlockRefused: when a string among them is no base64url.
        """
        return [_unpack_transaction(bytes(item)) for item in self.transactions]


class EncodedBlock(msgspec.Struct, frozen=True, kw_only=True):
    """The same with receipts already encoded."""

    block_id: str = ""
    certificate: msgspec.Raw = msgspec.Raw(b"null")
    header: Header
    signature: str
    transactions: list[msgspec.Raw]
    receipts: list[msgspec.Raw]


_UNCERTIFIED = b'"certificate":null,'


def with_certificate(block: bytes, certificate: bytes) -> bytes:
    """An encoded block on its way to a follower, with the certificate put in."""
    return block.replace(_UNCERTIFIED, b'"certificate":' + certificate + b",", 1)


def pack_transaction(raw: bytes, is_transaction: bool) -> msgspec.Raw:
    """How ordered bytes stand in a block."""
    return msgspec.Raw(raw if is_transaction else b'"%b"' % encoding.b64url(raw).encode())


def _unpack_transaction(item: bytes) -> bytes:
    if not item.startswith(b'"'):
        return item
    try:
        return encoding.unb64url(item[1:-1].decode())
    except (HanseError, ValueError) as error:
        raise BlockRefused("a transaction of the block cannot be read") from error


def header_hash(suite: Suite, header: Header) -> str:
    """Hash of a header, hex; the next header's ``previous``."""
    return suite.hash(canonical.tagged("hanse/header/1", canonical.encode(header))).hex()


def transactions_root(suite: Suite, transactions: list[bytes]) -> str:
    """Root over wire bytes, hex."""
    return merkle.root(suite, transactions).hex()


def receipt_leaf(receipt: Receipt) -> bytes:
    """The bytes of a receipt that are committed to: all but the wording of the error."""
    if receipt.message:
        receipt = msgspec.structs.replace(receipt, message="")
    return canonical.encode(receipt)


def receipts_root(suite: Suite, leaves: list[bytes]) -> str:
    """Root over `receipt_leaf` bytes, hex."""
    return merkle.root(suite, leaves).hex()


def sign_header(suite: Suite, private: bytes, header: Header) -> str:
    """The orderer's signature, hex."""
    return suite.sign(private, DOMAIN, canonical.encode(header)).hex()


def verify_header(suite: Suite, public: bytes, header: Header, signature: str) -> None:
    """Check the orderer's signature.

    Raises:
        VerificationError: when it does not hold.
    """
    try:
        raw = unhex(signature)
    except ValueError:
        raw = b""
    suite.verify(public, DOMAIN, canonical.encode(header), raw)


def encode_block(block: Block | EncodedBlock) -> bytes:
    """Canonical bytes, as stored and sent."""
    return canonical.encode(block)


def decode_block(data: bytes) -> Block:
    """Read a block received or stored.

    Raises:
        BlockRefused: when the bytes are no block.
    """
    try:
        return canonical.decode_trusted(data, Block)
    except HanseError as error:
        raise BlockRefused(f"not a block: {error.message}") from error
