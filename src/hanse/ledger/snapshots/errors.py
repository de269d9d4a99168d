"""Errors of snapshots."""

from __future__ import annotations

from hanse.core.errors import ConflictError, NotFoundError, VerificationError


class SnapshotRefused(VerificationError):
    """The snapshot is not the state that was trusted; nothing was changed."""

    code = "ledger.snapshot_refused"
    help = "Take the snapshot from another node, or follow from genesis."


class BadChunk(VerificationError):
    """A chunk is not the one the manifest names; fetch it again, perhaps elsewhere.

    Attributes:
        index: which one, from 0.
    """

    code = "ledger.bad_chunk"
    help = "Fetch this chunk again, from another node if it happens again."

    def __init__(self, message: str = "", *, index: int = -1, debug: str = "") -> None:
        super().__init__(message or f"chunk {index} is not the one the manifest names", debug=debug)
        self.index = index


class SnapshotIncomplete(ConflictError):
    """Chunks are missing."""

    code = "ledger.snapshot_incomplete"
    help = "Add every chunk before finishing."


class NoSuchSnapshot(NotFoundError):
    """No snapshot of that height is kept here."""

    code = "ledger.no_such_snapshot"
    help = "List the snapshots; old ones are removed when new ones are taken."


class NothingToSnapshot(ConflictError):
    """The ledger holds nothing but its genesis."""

    code = "ledger.nothing_to_snapshot"
    help = "Take a snapshot after the first block."
