"""hanse ledger snapshot, prune, archive, backup, restore: upkeep of a node's copy of the ledger."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hanse.api.base import Page
from hanse.api.upkeep import ArchiveView, BackupView, BaseView, SnapshotView
from hanse.cli.command import command, group
from hanse.cli.commands.files import read_bytes
from hanse.cli.commands.views import ArchiveReportView, RestoredView
from hanse.cli.errors import BadUsage
from hanse.cli.run import Run

snapshot_app = group(
    "State snapshots, from which other nodes begin.",
    ("hanse ledger snapshot create --keep 3", "hanse ledger snapshot list"),
)
archive_app = group(
    "Ranges of blocks in one file each: write, check anywhere, put back.",
    (
        "hanse ledger archive export 2026-q1 --first 0 --last 90000",
        "hanse ledger archive verify archives/2026-q1 --genesis genesis.json",
        "hanse ledger archive restore 2026-q1",
    ),
)
NameArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="A file name in the node's home, no path.")
]
Home = Annotated[Path, typer.Option("--home", help="Directory of the node, which is stopped.")]
GenesisFile = Annotated[Path, typer.Option("--genesis", help="Of the network, as you trust it.")]


@command(
    snapshot_app,
    "create",
    "upkeep.take_snapshot",
    examples=("hanse ledger snapshot create", "hanse ledger snapshot create --keep 5"),
)
def create_snapshot(
    run: Run,
    keep: Annotated[int, typer.Option("--keep", min=1, max=1_000, help="Newest ones kept.")] = 2,
) -> SnapshotView:
    """Take a state snapshot of the last block; the ledger goes on meanwhile."""
    return run.client.upkeep.take_snapshot(keep=keep)


@command(snapshot_app, "list", "upkeep.snapshots", examples=("hanse ledger snapshot list --json",))
def list_snapshots(run: Run) -> Page[SnapshotView]:
    """List the snapshots kept, the lowest first."""
    return Page[SnapshotView](items=run.client.upkeep.snapshots().items)


@command(
    archive_app,
    "export",
    "upkeep.export_archive",
    examples=("hanse ledger archive export 2026-q1 --first 0 --last 90000",),
)
def export_archive(
    run: Run,
    name: NameArgument,
    first: Annotated[int, typer.Option("--first", min=0, help="Lowest height.")],
    last: Annotated[int, typer.Option("--last", min=1, help="Highest height.")],
) -> ArchiveView:
    """Write a range of blocks to archives/NAME in the node's home."""
    return run.client.upkeep.export_archive(name, first, last)


@command(archive_app, "list", "upkeep.archives", examples=("hanse ledger archive list",))
def list_archives(run: Run) -> Page[ArchiveView]:
    """List the archives in the node's home."""
    return Page[ArchiveView](items=run.client.upkeep.archives().items)


@command(
    archive_app,
    "verify",
    examples=(
        "hanse ledger archive verify archives/2026-q1 --genesis genesis.json",
        "hanse ledger archive verify archives/2026-q2 --genesis genesis.json --hash HASH",
    ),
    online=False,
)
def verify_archive(
    run: Run,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An archive.")],
    genesis: GenesisFile,
    trusted_hash: Annotated[
        str, typer.Option("--hash", metavar="HASH", help="Of its newest block, as you trust it.")
    ] = "",
) -> ArchiveReportView:
    """Verify an archive offline; exit code 6 when it does not hold.

    The genesis file is enough where one orderer signs blocks, and where validators do if the
    archive begins at block 0 or 1. Otherwise give the hash of its newest block, from a node you
    trust (hanse ledger block HEIGHT).
    """
    from hanse.ledger.archive.verifying import verify_archive as verify
    from hanse.ledger.genesis import decode_genesis
    from hanse.ledger.validators import preset_validators

    trusted = decode_genesis(read_bytes(genesis))
    report = verify(file, trusted, preset_validators(trusted), trusted_hash.lower())
    return ArchiveReportView.model_validate(report)


@command(
    archive_app,
    "restore",
    "upkeep.restore_archive",
    examples=("hanse ledger archive restore 2026-q1",),
)
def restore_archive(run: Run, name: NameArgument) -> BaseView:
    """Put the blocks of archives/NAME back under the lowest one the node keeps."""
    return run.client.upkeep.restore_archive(name)


def prune(
    run: Run,
    below: Annotated[
        int | None, typer.Option("--below", min=0, help="Lowest height that stays.")
    ] = None,
    keep: Annotated[
        int | None, typer.Option("--keep", min=1, help="Number of newest blocks that stay.")
    ] = None,
) -> BaseView:
    """Delete old blocks from the node; the state and the newest blocks stay.

    Archive them first: other nodes, proofs of old transactions and a rebuilding of the views
    need them.
    """
    if (below is None) == (keep is None):
        raise BadUsage("give either --below or --keep")
    wanted = f"below {below}" if keep is None else f"all but the newest {keep}"
    run.confirm(f"Delete blocks {wanted} from this node?")
    return run.client.upkeep.prune(below=below, keep=keep)


def back_up(run: Run, name: NameArgument) -> BackupView:
    """Copy the ledger to backups/NAME in the node's home while it runs, and verify the copy."""
    return run.client.upkeep.back_up(name)


def list_backups(run: Run) -> Page[BackupView]:
    """List the backups in the node's home."""
    return Page[BackupView](items=run.client.upkeep.backups().items)


def restore(
    run: Run,
    home: Home,
    source: Annotated[Path, typer.Argument(metavar="FOLDER", help="A backup.")],
) -> RestoredView:
    """Put a backup in the place of a stopped node's ledger, after verifying all of it.

    The views and the collaboration journal follow the ledger; delete views.sqlite when they
    were ahead of the backup.
    """
    from hanse.node.restoring import restore_ledger

    run.confirm(f"Replace the ledger in {home} by the backup {source}?")
    return RestoredView.model_validate(restore_ledger(home, source))


def add_to(app: typer.Typer) -> None:
    """Add the commands to ``hanse ledger``."""
    app.add_typer(snapshot_app, name="snapshot")
    app.add_typer(archive_app, name="archive")
    command(
        app,
        "prune",
        "upkeep.prune",
        examples=("hanse ledger prune --keep 100000", "hanse ledger prune --below 250000 --yes"),
        confirmed=True,
    )(prune)
    command(app, "backup", "upkeep.back_up", examples=("hanse ledger backup monday",))(back_up)
    command(app, "backups", "upkeep.backups", examples=("hanse ledger backups",))(list_backups)
    command(
        app,
        "restore",
        examples=("hanse ledger restore bank/backups/monday --home bank --yes",),
        confirmed=True,
        online=False,
    )(restore)
