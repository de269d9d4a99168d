"""Writing a range of blocks to a file, from one read transaction."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from hanse.ledger.archive.errors import ArchiveNotTrusted, BadRange, NameTaken
from hanse.ledger.archive.lines import End, Line, Start, encode_line, write_lines
from hanse.ledger.block import Block, decode_block, encode_block, header_hash
from hanse.ledger.certificates import decode_certificate
from hanse.ledger.errors import StoreAltered
from hanse.ledger.genesis import Genesis, genesis_hash, suite_of
from hanse.ledger.pruning import bare, require_kept
from hanse.ledger.snapshots.taking import SPARE_BYTES
from hanse.ledger.storage.environment import sync_folder
from hanse.ledger.storage.files import naming_errors
from hanse.ledger.storage.store import Snapshot, Store
from hanse.ledger.validators import ValidatorDirectory

PART = ".part-"


def export_archive(
    store: Store,
    genesis: Genesis,
    directory: ValidatorDirectory | None,
    first: int,
    last: int,
    path: Path,
) -> Start:
    """Write blocks to a new file; commits go on.

    Args:
        store: of a ledger that may be running.
        genesis: of its network.
        directory: of the registry.
        first: lowest height.
        last: highest height.
        path: of the file, which must not exist; its folder is made when missing.

    Raises:
        BadRange, NameTaken
        BlockPruned: the range begins below what is kept.
        ArchiveNotTrusted: the last block is not certified yet.
        StorageFull, StorageFailed: no file is left behind.
    """
    if path.exists():
        raise NameTaken()
    store.environment.reserve(SPARE_BYTES)
    part = path.with_name(PART + path.name)
    with store.read() as snapshot:
        head = snapshot.head() or 0
        if not 0 <= first <= last <= head or last == 0:
            raise BadRange(f"{first} to {last} is no range of blocks 0 to {head} with more than 0")
        require_kept(snapshot, first)
        export = _Export(snapshot, genesis, directory, first, last)
        try:
            with naming_errors():
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                part.unlink(missing_ok=True)
                write_lines(part, export.lines())
                _publish(part, path)
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)
    return export.start


def _publish(part: Path, path: Path) -> None:
    try:
        os.link(part, path)  # a rename would overwrite
    except FileExistsError as error:
        raise NameTaken() from error
    sync_folder(path.parent)


class _Export:
    """One archive being written."""

    def __init__(
        self,
        snapshot: Snapshot,
        genesis: Genesis,
        directory: ValidatorDirectory | None,
        first: int,
        last: int,
    ) -> None:
        self._snapshot = snapshot
        self._suite = suite_of(genesis)
        self._certified = genesis.engine != "embedded"
        self._directory = directory
        self._digest = self._suite.hasher()
        self._set = ""
        self.start = Start(
            chain=genesis_hash(genesis),
            network=genesis.name,
            first=first,
            last=last,
            hash=header_hash(self._suite, self._block(last).header),
        )

    def lines(self) -> Iterator[bytes]:
        """All lines, in order."""
        start = self.start
        yield self._hashed(Line(start=start))
        transactions = 0
        for height in range(start.last, start.first - 1, -1):
            block = self._block(height)
            if self._certified and height > 0:
                yield from self._set_of(block)
            transactions += len(block.transactions)
            yield self._hashed(Line(block=msgspec.Raw(encode_block(block))))
        if start.first > 0:
            below = bare(self._block(start.first - 1))
            if self._certified and start.first > 1:
                yield from self._set_of(below)
            yield self._hashed(Line(below=msgspec.Raw(encode_block(below))))
        digest = self._digest.digest().hex()
        yield encode_line(Line(end=End(transactions=transactions, digest=digest)))

    def _set_of(self, block: Block) -> Iterator[bytes]:
        """The set that certified a block, where it is not the one before."""
        height = block.header.height
        if bytes(block.certificate) == b"null" or self._directory is None:
            raise ArchiveNotTrusted(f"block {height} is not certified yet; end below it")
        named = decode_certificate(bytes(block.certificate)).statement.validators
        if named != self._set:
            self._set = named
            voting = self._directory.validators(self._snapshot, height + 1)
            yield self._hashed(Line(validators=list(voting)))

    def _block(self, height: int) -> Block:
        data = self._snapshot.block(height)
        if data is None:
            raise StoreAltered(f"block {height} is missing")
        block = decode_block(data)
        certificate = self._snapshot.certificate(height)
        if certificate is not None:
            block = msgspec.structs.replace(block, certificate=msgspec.Raw(certificate))
        return block

    def _hashed(self, line: Line) -> bytes:
        data = encode_line(line)
        self._digest.update(data)
        return data
