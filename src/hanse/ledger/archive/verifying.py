"""Verifying an archive with the genesis file alone, without a node."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from hanse.crypto.suite import Suite
from hanse.ledger.archive.errors import ArchiveNotTrusted, ArchiveRefused
from hanse.ledger.archive.reading import ArchiveReader, OriginCheck
from hanse.ledger.authority import verify_block_origin
from hanse.ledger.block import Block
from hanse.ledger.certificates import decode_certificate
from hanse.ledger.genesis import Genesis, suite_of
from hanse.ledger.validators import Validator, validators_hash


class ArchiveReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was read and found sound.

    Attributes:
        chain: chain id, hex.
        network: its name.
        first: lowest height.
        last: highest height.
        hash: of the last header, hex.
        transactions: in all blocks.
        digest: of the file's lines, hex.
        trust: what the newest block rests on: ``orderer``, ``genesis validators`` or
            ``given hash``.
    """

    chain: str
    network: str
    first: int
    last: int
    hash: str
    transactions: int
    digest: str
    trust: str


def verify_archive(
    path: Path,
    genesis: Genesis,
    genesis_validators: Sequence[Validator] = (),
    trusted_hash: str = "",
) -> ArchiveReport:
    """Check every line of an archive.

    Under the embedded engine the orderer's signature of each block is checked. Under
    validators, certificates are followed from the validators of the genesis if the archive
    begins at block 0 or 1; otherwise, or when given, the hash of the newest header has to come
    from elsewhere. Every block is linked to it by hashes.

    Args:
        path: of the file.
        genesis: trusted.
        genesis_validators: the first set, from the genesis.
        trusted_hash: hash of the newest header, hex; empty when it is not known.

    Raises:
        ArchiveRefused: naming the first thing that does not hold.
        ArchiveNotTrusted: nothing says that the newest block is the chain's.
        StorageFailed: when the file cannot be read.
    """
    reader = ArchiveReader(path, genesis)
    start = reader.start
    suite = suite_of(genesis)
    check: OriginCheck
    if trusted_hash:
        if start.hash != trusted_hash:
            raise ArchiveRefused("the archive's newest block is not the trusted one")
        check, trust = _linked_is_enough, "given hash"
    elif genesis.engine == "embedded":
        check, trust = _signed(suite, genesis), "orderer"
    elif start.first > 1 or not genesis_validators:
        raise ArchiveNotTrusted()
    else:
        check, trust = _Certified(suite, genesis, genesis_validators).check, "genesis validators"
    for _ in reader.entries(check):
        pass
    return ArchiveReport(
        chain=start.chain,
        network=start.network,
        first=start.first,
        last=start.last,
        hash=start.hash,
        transactions=reader.transactions,
        digest=reader.digest,
        trust=trust,
    )


def _linked_is_enough(_: Block, __: list[Validator]) -> None:
    """The newest header is trusted; the others are linked to it."""


def _signed(suite: Suite, genesis: Genesis) -> OriginCheck:
    def check(block: Block, _: list[Validator]) -> None:
        verify_block_origin(suite, genesis, block, ())

    return check


class _Certified:
    """Certificates from the newest to the oldest: each set was announced by the one before.

    The archive only claims who the validators were. The certificate of block h is made by the
    set that votes on h + 1 and names the set that votes on h + 2, so a claim about a set holds
    when the certificate one below names it, down to block 1, whose set is the genesis' own.
    """

    def __init__(
        self, suite: Suite, genesis: Genesis, genesis_validators: Sequence[Validator]
    ) -> None:
        self._suite = suite
        self._genesis = genesis
        self._first_set = validators_hash(suite, genesis_validators)
        self._above = ""

    def check(self, block: Block, voting: list[Validator]) -> None:
        """Check the next lower block."""
        verify_block_origin(self._suite, self._genesis, block, voting)
        statement = decode_certificate(bytes(block.certificate)).statement
        if self._above and statement.next_validators != self._above:
            raise ArchiveRefused("a set of validators was not announced by the set before")
        if block.header.height == 1 and statement.validators != self._first_set:
            raise ArchiveRefused("the first validators are not those of the genesis")
        self._above = statement.validators
