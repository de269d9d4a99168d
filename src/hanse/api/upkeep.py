"""Upkeep of this node's copy of the ledger: snapshots, pruning, archives, backups.

Files are made in the node's home and named by the caller; a name is never a path.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from hanse.api.base import Request, View
from hanse.api.operation import Operation

FileName = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$",
        description="Letters, digits, dots, dashes; no path.",
    ),
]
Height = Annotated[int, Field(ge=0, le=2**53 - 1)]


class SnapshotView(View):
    """A state snapshot kept by this node. ``hash`` is equal where equal states were cut alike."""

    height: int
    time_ms: int
    state_root: str
    hash: str
    keys: int
    chunks: int
    size_bytes: int


class SnapshotsView(View):
    """All snapshots kept, the lowest first."""

    items: list[SnapshotView]


class TakeSnapshotRequest(Request):
    """Take one of the last committed height and keep the newest ``keep``."""

    keep: Annotated[int, Field(ge=1, le=1_000)] = 2


class PruneRequest(Request):
    """Delete blocks below a height, or all but the newest ones: exactly one of the two."""

    below: Height | None = None
    keep: Annotated[int, Field(ge=1, le=2**53 - 1)] | None = None

    @model_validator(mode="after")
    def _one(self) -> PruneRequest:
        if (self.below is None) == (self.keep is None):
            raise ValueError("give either below or keep")
        return self


class BaseView(View):
    """Lowest height whose block is kept here, and the head."""

    base: int
    height: int


class ArchiveView(View):
    """A range of blocks in one file. ``hash`` is the newest header's."""

    name: str
    chain: str
    first: int
    last: int
    hash: str
    size_bytes: int


class ArchivesView(View):
    """All archives in the home."""

    items: list[ArchiveView]


class ExportArchiveRequest(Request):
    """Write blocks ``first`` to ``last`` to a file of that name."""

    name: FileName
    first: Height
    last: Height


class BackupView(View):
    """A copy of the whole ledger. ``height`` and what follows are known right after copying."""

    name: str
    size_bytes: int
    base: int | None = None
    height: int | None = None
    transactions: int | None = None
    state_keys: int | None = None


class BackupsView(View):
    """All backups in the home."""

    items: list[BackupView]


class BackUpRequest(Request):
    """Copy the ledger to a folder of that name."""

    name: FileName


OPERATIONS = (
    Operation(
        "upkeep.snapshots",
        "GET",
        "/v1/ledger/snapshots",
        "List state snapshots",
        SnapshotsView,
    ),
    Operation(
        "upkeep.take_snapshot",
        "POST",
        "/v1/ledger/snapshots",
        "Take a state snapshot, remove old ones",
        SnapshotView,
        TakeSnapshotRequest,
        status=201,
    ),
    Operation(
        "upkeep.prune",
        "POST",
        "/v1/ledger/prune",
        "Delete old blocks; state and the newest blocks stay",
        BaseView,
        PruneRequest,
    ),
    Operation("upkeep.archives", "GET", "/v1/ledger/archives", "List archives", ArchivesView),
    Operation(
        "upkeep.export_archive",
        "POST",
        "/v1/ledger/archives",
        "Write a range of blocks to a file",
        ArchiveView,
        ExportArchiveRequest,
        status=201,
    ),
    Operation(
        "upkeep.restore_archive",
        "POST",
        "/v1/ledger/archives/{name}/restore",
        "Put an archive's blocks back",
        BaseView,
    ),
    Operation("upkeep.backups", "GET", "/v1/ledger/backups", "List backups", BackupsView),
    Operation(
        "upkeep.back_up",
        "POST",
        "/v1/ledger/backups",
        "Copy the ledger while it runs, and verify the copy",
        BackupView,
        BackUpRequest,
        status=201,
    ),
)
