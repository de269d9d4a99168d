"""Upkeep of the node's copy of the ledger."""

from __future__ import annotations

from hanse.api.errors import build
from hanse.api.upkeep import (
    ArchivesView,
    ArchiveView,
    BackUpRequest,
    BackupsView,
    BackupView,
    BaseView,
    ExportArchiveRequest,
    PruneRequest,
    SnapshotsView,
    SnapshotView,
    TakeSnapshotRequest,
)
from hanse.sdk.area import Area

LONG_S = 6 * 3_600.0
"""A large ledger takes its time; the answer comes when the work is done."""


class UpkeepArea(Area):
    """Snapshots, pruning, archives and backups, in the node's home."""

    def snapshots(self) -> SnapshotsView:
        """State snapshots kept by the node."""
        return self._http.call("upkeep.snapshots", SnapshotsView)

    def take_snapshot(self, *, keep: int = 2) -> SnapshotView:
        """Take a snapshot of the last height and keep the newest ``keep``."""
        body = build(TakeSnapshotRequest, {"keep": keep})
        return self._http.call("upkeep.take_snapshot", SnapshotView, body=body, timeout_s=LONG_S)

    def prune(self, *, below: int | None = None, keep: int | None = None) -> BaseView:
        """Delete blocks below a height, or all but the newest ``keep``; give one of the two."""
        body = build(PruneRequest, {"below": below, "keep": keep})
        return self._http.call("upkeep.prune", BaseView, body=body, timeout_s=LONG_S)

    def archives(self) -> ArchivesView:
        """Archives in the node's home."""
        return self._http.call("upkeep.archives", ArchivesView)

    def export_archive(self, name: str, first: int, last: int) -> ArchiveView:
        """Write blocks ``first`` to ``last`` to ``archives/NAME`` in the node's home."""
        body = build(ExportArchiveRequest, {"name": name, "first": first, "last": last})
        return self._http.call("upkeep.export_archive", ArchiveView, body=body, timeout_s=LONG_S)

    def restore_archive(self, name: str) -> BaseView:
        """Put the blocks of ``archives/NAME`` back under those that are kept."""
        return self._http.call(
            "upkeep.restore_archive", BaseView, path={"name": name}, timeout_s=LONG_S
        )

    def backups(self) -> BackupsView:
        """Backups in the node's home."""
        return self._http.call("upkeep.backups", BackupsView)

    def back_up(self, name: str) -> BackupView:
        """Copy the ledger to ``backups/NAME`` in the node's home and verify the copy."""
        body = build(BackUpRequest, {"name": name})
        return self._http.call("upkeep.back_up", BackupView, body=body, timeout_s=LONG_S)
