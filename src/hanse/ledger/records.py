"""What the ledger itself keeps in state: contract versions, parameters, the replay window."""

from __future__ import annotations

import msgspec

from hanse.core import encoding
from hanse.ledger.contract.contract import Record
from hanse.ledger.contract.state import Collection, StateReader

CONTRACT = "ledger"
DIGEST_BYTES = 32


class ActiveVersion(msgspec.Struct, frozen=True):
    """From which height a version of a contract's code is active."""

    version: int
    from_height: int


class ContractVersions(Record, frozen=True, kw_only=True):
    """Every version a contract ever had, in order of activation."""

    versions: list[ActiveVersion]

    def at(self, height: int) -> int:
        """Version active at a height; 0 when none is."""
        active = 0
        for entry in self.versions:
            if entry.from_height <= height:
                active = entry.version
        return active


class ParameterRecord(Record, frozen=True, kw_only=True):
    """The limits in force, as in `hanse.ledger.genesis.Parameters`."""

    max_transaction_bytes: int
    max_block_bytes: int
    max_block_transactions: int
    max_ttl_ms: int
    max_skew_ms: int


class ReplayRecord(Record, frozen=True, kw_only=True):
    """The replay digests of one block.

    One record per block, not per transaction: a thousand entries cost one leaf of the trie.

    Attributes:
        until_ms: when the last of them expires; the record may go once block time passed it.
        digests: 32-byte digests of chain, sender and nonce, concatenated, base64url.
    """

    until_ms: int
    digests: str

    def split(self) -> list[bytes]:
        """The single digests."""
        data = encoding.unb64url(self.digests)
        return [data[i : i + DIGEST_BYTES] for i in range(0, len(data), DIGEST_BYTES)]


VERSIONS: Collection[ContractVersions] = Collection(CONTRACT, "versions", ContractVersions)
PARAMETERS: Collection[ParameterRecord] = Collection(CONTRACT, "parameters", ParameterRecord)
REPLAY: Collection[ReplayRecord] = Collection(CONTRACT, "replay", ReplayRecord)


def replay_record(until_ms: int, digests: list[bytes]) -> ReplayRecord:
    """Pack digests into a record."""
    return ReplayRecord(until_ms=until_ms, digests=encoding.b64url(b"".join(digests)))


def active_version(state: StateReader, contract: str, height: int) -> int:
    """Version of a contract active at a height, 0 when none is."""
    record = VERSIONS.get(state, contract)
    return 0 if record is None else record.at(height)
