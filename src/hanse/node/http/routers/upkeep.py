"""Upkeep of the node's copy of the ledger."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

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
from hanse.node.http.dependencies import NetworkDep
from hanse.node.http.operations import operation

router = APIRouter()
Name = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]


@operation(router, "upkeep.snapshots")
def snapshots(network: NetworkDep) -> SnapshotsView:
    """Snapshots kept."""
    return SnapshotsView(items=network.upkeep.snapshots())


@operation(router, "upkeep.take_snapshot")
async def take_snapshot(network: NetworkDep, body: TakeSnapshotRequest) -> SnapshotView:
    """Take a snapshot; answers when it is on disk."""
    return await network.upkeep.take_snapshot(body.keep)


@operation(router, "upkeep.prune")
async def prune(network: NetworkDep, body: PruneRequest) -> BaseView:
    """Delete old blocks; answers when they are gone."""
    return await network.upkeep.prune(body.below, body.keep)


@operation(router, "upkeep.archives")
def archives(network: NetworkDep) -> ArchivesView:
    """Archives in the home."""
    return ArchivesView(items=network.upkeep.archives())


@operation(router, "upkeep.export_archive")
async def export_archive(network: NetworkDep, body: ExportArchiveRequest) -> ArchiveView:
    """Write an archive; answers when it is on disk."""
    return await network.upkeep.export_archive(body.name, body.first, body.last)


@operation(router, "upkeep.restore_archive")
async def restore_archive(network: NetworkDep, name: Name) -> BaseView:
    """Put an archive's blocks back; answers when they are there."""
    return await network.upkeep.restore_archive(name)


@operation(router, "upkeep.backups")
def backups(network: NetworkDep) -> BackupsView:
    """Backups in the home."""
    return BackupsView(items=network.upkeep.backups())


@operation(router, "upkeep.back_up")
async def back_up(network: NetworkDep, body: BackUpRequest) -> BackupView:
    """Copy the ledger; answers when the copy was verified."""
    return await network.upkeep.back_up(body.name)
