"""The engine's headers: what its validators vote on, and how it is hashed."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from hanse.crypto import merkle
from hanse.crypto.suite import get_suite
from hanse.ledger.hexadecimal import unhex
from hanse.ledger.light.engine import wire
from hanse.ledger.validators import Validator, engine_address

SHA256 = get_suite("intl")
"""The suite whose hash is SHA-256 and whose signature is Ed25519: the engine's, in any network."""


MAX_INT32 = 2**31 - 1
MAX_INTEGER = 2**53 - 1
MAX_NANOS = 999_999_999
MAX_SECONDS = 253_402_300_799
"""End of the year 9999, the latest that a protobuf timestamp may say."""


class EngineTime(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """UTC: whole seconds since 1970, and nanoseconds from 0 to 999,999,999."""

    seconds: int
    nanos: int

    def encoded(self) -> bytes:
        """As ``google.protobuf.Timestamp``."""
        return wire.number(1, self.seconds) + wire.number(2, self.nanos)

    @property
    def is_sound(self) -> bool:
        """Whether both are in range."""
        return 0 <= self.seconds <= MAX_SECONDS and 0 <= self.nanos <= MAX_NANOS


class EngineBlockId(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A block by its header's hash, and by the parts it is gossiped in; hashes hex."""

    hash: str
    parts: int
    parts_hash: str

    def encoded(self) -> bytes:
        """As ``BlockID`` and, with the same bytes, ``CanonicalBlockID``."""
        parts = wire.number(1, self.parts) + wire.data(2, unhex(self.parts_hash))
        return wire.data(1, unhex(self.hash)) + wire.message(2, parts)


class EngineHeader(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A header of the engine; hashes hex. Those of the application are of the block *before*.

    Attributes:
        block_version: of the engine's block protocol.
        app_version: of the application.
        chain_id: see `engine_chain_id`.
        height: of the block.
        time: of the block.
        last_block: the block before.
        last_commit_hash: of the votes on the block before.
        data_hash: of the block's transactions, the certificate among them.
        validators_hash: of the set that votes on this block.
        next_validators_hash: of the set that votes on the next block.
        consensus_hash: of the engine's parameters.
        app_hash: state root after the block before.
        last_results_hash: of the results of the block before.
        evidence_hash: of proofs of double votes.
        proposer: engine address of the proposer.
    """

    block_version: int
    app_version: int
    chain_id: str
    height: int
    time: EngineTime
    last_block: EngineBlockId
    last_commit_hash: str
    data_hash: str
    validators_hash: str
    next_validators_hash: str
    consensus_hash: str
    app_hash: str
    last_results_hash: str
    evidence_hash: str
    proposer: str

    @property
    def is_sound(self) -> bool:
        """Whether every number is in the range in which it has one encoding of its own."""
        return (
            0 < self.height <= MAX_INTEGER
            and 0 <= self.block_version <= MAX_INTEGER
            and 0 <= self.app_version <= MAX_INTEGER
            and 0 <= self.last_block.parts <= MAX_INT32
            and self.time.is_sound
        )


def engine_chain_id(chain: str) -> str:
    """The engine's name of a network: ``hanse-`` and the first 40 digits of the chain id."""
    return "hanse-" + chain[:40]


def engine_header_hash(header: EngineHeader) -> str:
    """The engine's hash of a block, hex: the RFC 6962 root over its header's encoded fields.

    Raises:
        ValueError: when a hash is no lower-case hex.
    """
    hashes = (
        header.last_commit_hash,
        header.data_hash,
        header.validators_hash,
        header.next_validators_hash,
        header.consensus_hash,
        header.app_hash,
        header.last_results_hash,
        header.evidence_hash,
        header.proposer,
    )
    fields = [
        wire.number(1, header.block_version) + wire.number(2, header.app_version),
        wire.data(1, header.chain_id.encode()),
        wire.number(1, header.height),
        header.time.encoded(),
        header.last_block.encoded(),
        *(wire.data(1, unhex(value)) for value in hashes),
    ]
    return merkle.root(SHA256, fields).hex()


def engine_validators_hash(validators: Sequence[Validator]) -> str:
    """The engine's hash of a set, hex: over keys and powers, the strongest first, then by address.

    Raises:
        ValueError: when a key is no lower-case hex.
    """
    keyed = [(v.power, unhex(v.engine_public)) for v in validators]
    keyed.sort(key=lambda item: (-item[0], engine_address(item[1])))
    leaves = [
        wire.message(1, wire.data(1, public)) + wire.number(2, power) for power, public in keyed
    ]
    return merkle.root(SHA256, leaves).hex()


def transaction_leaf(item: bytes) -> bytes:
    """What stands for a transaction under ``data_hash``."""
    return SHA256.hash(item)


def result_leaf(ok: bool, receipt_hash: bytes) -> bytes:
    """What stands for a result under ``last_results_hash``.

    Args:
        ok: whether the transaction took effect.
        receipt_hash: the result's data: hash of the committed bytes of the receipt.
    """
    return wire.number(1, 0 if ok else 1) + wire.data(2, receipt_hash)
