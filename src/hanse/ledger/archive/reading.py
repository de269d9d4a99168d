"""Reading an archive: every block linked to the one above and true to its own header."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from hanse.core.errors import HanseError
from hanse.crypto.suite import Suite
from hanse.ledger.archive.errors import ArchiveRefused
from hanse.ledger.archive.lines import FORMAT, End, Start, decode_line, read_lines
from hanse.ledger.block import Block, header_hash
from hanse.ledger.genesis import Genesis, genesis_hash, suite_of
from hanse.ledger.soundness import check_content, check_place, read_block
from hanse.ledger.validators import Validator

OriginCheck = Callable[[Block, list[Validator]], None]
"""Judges who stands behind a block; gets the set the archive names, empty when it names none."""


@dataclass(frozen=True)
class Entry:
    """One block of an archive.

    Attributes:
        block: with its certificate.
        whole: False for the bare block under the range.
    """

    block: Block
    whole: bool


class ArchiveReader:
    """One pass over a file. What `entries` has given out so far is linked to the start's hash."""

    def __init__(self, path: Path, genesis: Genesis) -> None:
        """Open and read the first line.

        Raises:
            ArchiveRefused: when it is no archive of this network.
            StorageFailed: when it cannot be read.
        """
        self._suite: Suite = suite_of(genesis)
        self._chain = genesis_hash(genesis)
        self._digest = self._suite.hasher()
        self._lines = read_lines(path)
        self.start = self._begin()
        self.transactions = 0
        self.digest = ""

    def entries(self, check_origin: OriginCheck) -> Iterator[Entry]:
        """Blocks from the newest to the oldest, then the bare one below.

        Raises:
            ArchiveRefused: naming the first thing that does not hold.
        """
        start = self.start
        due, expected = start.last, start.hash
        voting: list[Validator] = []
        lowest = max(start.first - 1, 0)
        for data in self._lines:
            line = decode_line(data)
            if line.end is not None:
                self._finish(line.end, due, lowest)
                return
            self._digest.update(data + b"\n")
            if line.validators is not None:
                voting = line.validators
                continue
            whole = line.block is not msgspec.UNSET
            raw = line.block if whole else line.below
            if raw is msgspec.UNSET or due < lowest or whole != (due >= start.first):
                raise ArchiveRefused("the archive's lines are not in order")
            block = self._check(bytes(raw), due, expected, whole)
            if due > 0:
                _judge(check_origin, block, voting)
            yield Entry(block, whole)
            due, expected = due - 1, block.header.previous
        raise ArchiveRefused("the archive is cut off")

    def _begin(self) -> Start:
        data = next(self._lines, b"")
        start = decode_line(data).start
        if start is None or start.format != FORMAT:
            raise ArchiveRefused("the file is no archive of a format that is known")
        if start.chain != self._chain:
            raise ArchiveRefused("the archive belongs to another network")
        if not 0 <= start.first <= start.last or start.last == 0:
            raise ArchiveRefused("the archive names no range of blocks")
        self._digest.update(data + b"\n")
        return start

    def _check(self, raw: bytes, height: int, expected: str, whole: bool) -> Block:
        # 1. Transactions and receipts are those its header commits to.
        try:
            block = read_block(raw, height)
            check_place(block, height, self._chain)
            if whole:
                check_content(self._suite, block)
        except HanseError as error:
            raise ArchiveRefused(error.message) from error
        if not whole and (block.transactions or block.receipts):
            raise ArchiveRefused("the block under the range is not bare")
        # 2. It is the block that the one above, or the start, names.
        if header_hash(self._suite, block.header) != expected:
            raise ArchiveRefused(f"block {height} is not the one the block above continues")
        if height == 0 and block.header.previous != self._chain:
            raise ArchiveRefused("block 0 does not begin this chain")
        self.transactions += len(block.transactions)
        return block

    def _finish(self, end: End, due: int, lowest: int) -> None:
        if due >= lowest:
            raise ArchiveRefused("blocks are missing at the end of the archive")
        if end.transactions != self.transactions or end.digest != self._digest.digest().hex():
            raise ArchiveRefused("the archive's digest does not hold")
        if next(self._lines, None) is not None:
            raise ArchiveRefused("something follows the end of the archive")
        self.digest = end.digest


def _judge(check_origin: OriginCheck, block: Block, voting: list[Validator]) -> None:
    try:
        check_origin(block, voting)
    except ArchiveRefused:
        raise
    except HanseError as error:
        message = f"block {block.header.height}: {error.message}"
        raise ArchiveRefused(message) from error
