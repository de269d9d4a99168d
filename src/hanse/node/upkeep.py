"""Upkeep of the ledger in a node's home: one thing at a time, files by name."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import structlog

from hanse.api.upkeep import ArchiveView, BackupView, BaseView, SnapshotView
from hanse.core.errors import HanseError
from hanse.ledger.archive.lines import Start
from hanse.ledger.archive.reading import ArchiveReader
from hanse.ledger.ledger import Ledger
from hanse.ledger.snapshots.manifest import Manifest, manifest_hash
from hanse.ledger.snapshots.shelf import Shelf
from hanse.node.errors import NothingFound
from hanse.node.home import NodeHome

_log = structlog.get_logger("hanse.node.upkeep")


class HomeUpkeep:
    """Snapshots, pruning, archives, backups of this node.

    Args:
        home: where files go.
        ledger: of the node.
        read_to: height up to which everything in the node that reads blocks has read them.
    """

    def __init__(self, home: NodeHome, ledger: Ledger, read_to: Callable[[], int]) -> None:
        self._home = home
        self._ledger = ledger
        self._read_to = read_to
        self._one = asyncio.Lock()

    def snapshots(self) -> list[SnapshotView]:
        """Snapshots kept, the lowest first; those that cannot be read are left out."""
        shelf = Shelf(self._home.snapshots)
        views = []
        for height in shelf.heights():
            try:
                views.append(self._snapshot(shelf.manifest(height)))
            except HanseError as error:
                _log.warning("upkeep.bad_snapshot", height=height, code=error.code)
        return views

    async def take_snapshot(self, keep: int) -> SnapshotView:
        """Take one of the last height; the newest ``keep`` stay."""
        async with self._one:
            manifest = await asyncio.to_thread(
                self._ledger.upkeep.take_snapshot, self._home.snapshots, keep
            )
        _log.info("upkeep.snapshot", height=manifest.height, keys=manifest.keys)
        return self._snapshot(manifest)

    async def prune(self, below: int | None, keep: int | None) -> BaseView:
        """Delete old blocks."""
        async with self._one:
            if below is None:
                below = max(self._ledger.height + 1 - (keep or 1), 0)
            base = await asyncio.to_thread(self._ledger.upkeep.prune, below, self._read_to())
        _log.info("upkeep.pruned", base=base)
        return BaseView(base=base, height=self._ledger.height)

    def archives(self) -> list[ArchiveView]:
        """Archives in the home; files that are none are left out."""
        views = []
        for path in _visible(self._home.archives):
            try:
                views.append(_archive(path, ArchiveReader(path, self._ledger.genesis).start))
            except HanseError as error:
                _log.warning("upkeep.bad_archive", name=path.name, code=error.code)
        return views

    async def export_archive(self, name: str, first: int, last: int) -> ArchiveView:
        """Write blocks to a file."""
        path = self._home.archives / name
        async with self._one:
            start = await asyncio.to_thread(self._ledger.upkeep.export_archive, first, last, path)
        _log.info("upkeep.archived", name=name, first=first, last=last)
        return _archive(path, start)

    async def restore_archive(self, name: str) -> BaseView:
        """Put the blocks of a file back."""
        path = self._home.archives / name
        if not path.is_file():
            raise NothingFound("no such archive")
        async with self._one:
            base = await asyncio.to_thread(self._ledger.upkeep.restore_archive, path)
        _log.info("upkeep.restored", name=name, base=base)
        return BaseView(base=base, height=self._ledger.height)

    def backups(self) -> list[BackupView]:
        """Backups in the home."""
        folders = [path for path in _visible(self._home.backups) if path.is_dir()]
        return [BackupView(name=path.name, size_bytes=_size(path)) for path in folders]

    async def back_up(self, name: str) -> BackupView:
        """Copy the ledger and verify the copy."""
        folder = self._home.backups / name
        async with self._one:
            report = await asyncio.to_thread(self._ledger.upkeep.back_up, folder)
        _log.info("upkeep.backed_up", name=name, height=report.height)
        return BackupView(
            name=name,
            size_bytes=_size(folder),
            base=report.base,
            height=report.height,
            transactions=report.transactions,
            state_keys=report.state_keys,
        )

    def _snapshot(self, manifest: Manifest) -> SnapshotView:
        return SnapshotView(
            height=manifest.height,
            time_ms=manifest.header.time_ms,
            state_root=manifest.state_root,
            hash=manifest_hash(self._ledger.suite, manifest).hex(),
            keys=manifest.keys,
            chunks=len(manifest.chunks),
            size_bytes=Shelf(self._home.snapshots).size_bytes(manifest.height),
        )


def _visible(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def _archive(path: Path, start: Start) -> ArchiveView:
    return ArchiveView(
        name=path.name,
        chain=start.chain,
        first=start.first,
        last=start.last,
        hash=start.hash,
        size_bytes=path.stat().st_size,
    )


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())
