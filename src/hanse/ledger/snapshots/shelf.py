"""The folder where snapshots are kept: listing, reading, removing old ones."""

from __future__ import annotations

import shutil
from pathlib import Path

from hanse.ledger.snapshots.errors import NoSuchSnapshot, SnapshotRefused
from hanse.ledger.snapshots.manifest import Manifest, decode_manifest
from hanse.ledger.storage.files import naming_errors

MANIFEST = "manifest.json"
MAKING = ".making-"
REMOVING = ".removing-"
KEPT = 2


def folder_name(height: int) -> str:
    """Name of a snapshot's folder; names sort like heights."""
    return f"{height:012d}"


def chunk_name(index: int) -> str:
    """Name of a chunk's file."""
    return f"chunk-{index:06d}"


class Shelf:
    """Snapshots in one folder, each in a folder of its own that appears when it is whole."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def heights(self) -> list[int]:
        """Heights of the snapshots kept, lowest first."""
        if not self._folder.is_dir():
            return []
        names = (path.name for path in self._folder.iterdir())
        return sorted(int(name) for name in names if name.isdecimal() and self.has(int(name)))

    def has(self, height: int) -> bool:
        """Whether a snapshot of that height is kept."""
        return (self._folder / folder_name(height) / MANIFEST).is_file()

    def manifest(self, height: int) -> Manifest:
        """What a snapshot says about itself.

        Raises:
            NoSuchSnapshot: when none of that height is kept.
            SnapshotRefused: when its file is damaged.
        """
        if not self.has(height):
            raise NoSuchSnapshot()
        with naming_errors():
            data = (self._folder / folder_name(height) / MANIFEST).read_bytes()
        manifest = decode_manifest(data)
        if manifest.height != height:
            raise SnapshotRefused("the manifest belongs to another height")
        return manifest

    def chunk(self, height: int, index: int) -> bytes:
        """One chunk, as stored.

        Raises:
            NoSuchSnapshot: when the snapshot is not kept or has no such chunk.
            StorageFailed: when the disk does not give it.
        """
        path = self._folder / folder_name(height) / chunk_name(index)
        if not path.is_file():
            raise NoSuchSnapshot(f"snapshot {height} has no chunk {index} here")
        with naming_errors():
            return path.read_bytes()

    def size_bytes(self, height: int) -> int:
        """Bytes of a snapshot on disk."""
        return sum(path.stat().st_size for path in (self._folder / folder_name(height)).iterdir())

    def keep(self, count: int = KEPT) -> list[int]:
        """Remove all but the newest snapshots, and what a crash left half-made.

        Call it from where snapshots are taken, not beside that.

        Returns:
            Heights that were removed.
        """
        removed = self.heights()[: -count or None]
        with naming_errors():
            for height in removed:
                # Renamed first, so that nobody lists a snapshot that is half gone.
                name = folder_name(height)
                (self._folder / name).rename(self._folder / f"{REMOVING}{name}")
            if self._folder.is_dir():
                for path in self._folder.iterdir():
                    if path.name.startswith((MAKING, REMOVING)):
                        shutil.rmtree(path, ignore_errors=True)
        return removed
