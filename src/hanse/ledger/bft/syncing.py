"""Snapshots on the engine's side: taken now and then, offered to newcomers, begun from."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import structlog

from hanse.core.errors import HanseError
from hanse.crypto.suite import Suite
from hanse.ledger.application import Application
from hanse.ledger.bft.abci import abci_pb2 as pb
from hanse.ledger.light.handovers import kept_handovers
from hanse.ledger.registry import Registry
from hanse.ledger.snapshots.errors import BadChunk, NoSuchSnapshot, SnapshotRefused
from hanse.ledger.snapshots.manifest import (
    FORMAT,
    certify,
    decode_manifest,
    encode_manifest,
    manifest_hash,
)
from hanse.ledger.snapshots.restoring import Restorer, header_check
from hanse.ledger.snapshots.shelf import KEPT, Shelf
from hanse.ledger.snapshots.taking import SPARE_BYTES, write_snapshot
from hanse.ledger.storage.store import Snapshot, Store

Offered = pb.ResponseOfferSnapshot
Applied = pb.ResponseApplySnapshotChunk
CERTIFICATE_SETTLES = 2
"""So many blocks later the one certificate that stands in a block is stored everywhere."""
_log = structlog.get_logger("hanse.ledger")


class Syncing:
    """Takes, offers and restores snapshots.

    Args:
        application: executes blocks; reloaded when its store was replaced.
        store: its disk.
        registry: tells the validators of a restored state.
        folder: where snapshots are kept.
        interval: blocks from one snapshot to the next, 0 for none.
        restored: told of the height that a restored state begins with.
    """

    def __init__(
        self,
        application: Application,
        store: Store,
        registry: Registry,
        folder: Path,
        interval: int,
        restored: Callable[[int], None],
    ) -> None:
        self._application = application
        self._store = store
        self._registry = registry
        self._folder = folder
        self._interval = interval
        self._restored = restored
        self._shelf = Shelf(folder)
        self._taking: threading.Thread | None = None
        self._restorer: Restorer | None = None
        self.failures = 0
        """Snapshots that were due and could not be taken."""

    def committed(self, height: int) -> None:
        """Begin a snapshot of this height when one is due and none is being taken.

        The ledger does without: what keeps a snapshot from being taken is logged and counted.
        """
        if self._interval == 0 or height % self._interval:
            return
        if self._taking is not None and self._taking.is_alive():
            return
        try:
            self._begin(height)
        except Exception as error:  # whatever it is, the commit it follows stands
            self._failed(height, error)

    def close(self) -> None:
        """Wait for a snapshot being taken; give up one being restored."""
        if self._taking is not None:
            self._taking.join()
        self._abandon()

    def offers(self) -> pb.ResponseListSnapshots:
        """Snapshots whose certificate is the one every node stores."""
        settled = self._application.committed.height - CERTIFICATE_SETTLES
        found = [self._described(height) for height in self._shelf.heights() if height <= settled]
        return pb.ResponseListSnapshots(snapshots=[item for item in found if item is not None])

    def newest(self) -> int:
        """Height of the newest snapshot others may begin from.

        Raises:
            NoSuchSnapshot: there is none.
        """
        offered = [item.height for item in self.offers().snapshots]
        if not offered:
            raise NoSuchSnapshot("there is no snapshot to begin from yet")
        return max(offered)

    def load(self, request: pb.RequestLoadSnapshotChunk) -> pb.ResponseLoadSnapshotChunk:
        """One chunk; empty when it is not here any more."""
        try:
            return pb.ResponseLoadSnapshotChunk(
                chunk=self._shelf.chunk(request.height, request.chunk)
            )
        except HanseError:
            return pb.ResponseLoadSnapshotChunk()

    def offer(self, request: pb.RequestOfferSnapshot) -> pb.ResponseOfferSnapshot:
        """Begin to restore a snapshot if it belongs to the hash the engine trusts."""
        if request.snapshot.format != FORMAT:
            return Offered(result=Offered.REJECT_FORMAT)
        self._abandon()
        try:
            manifest = decode_manifest(request.snapshot.metadata)
            staging = self._folder.with_name("restoring")
            self._restorer = Restorer(
                manifest, request.app_hash, self._application.genesis, staging
            )
        except SnapshotRefused as error:
            _log.warning("ledger.snapshot_refused", reason=error.message)
            return Offered(result=Offered.REJECT)
        return Offered(result=Offered.ACCEPT)

    def apply(self, request: pb.RequestApplySnapshotChunk) -> pb.ResponseApplySnapshotChunk:
        """Take a chunk; with the last one the restored state replaces the store."""
        restorer = self._restorer
        if restorer is None:
            return Applied(result=Applied.ABORT)
        try:
            restorer.add(request.index, request.chunk)
            if restorer.missing:
                return Applied(result=Applied.ACCEPT)
            check = header_check(self._application.genesis, self._registry.validators)
            restorer.finish(self._store, check)
        except BadChunk as error:
            return Applied(
                result=Applied.RETRY,
                refetch_chunks=[error.index],
                reject_senders=[request.sender],
            )
        except SnapshotRefused as error:
            _log.warning("ledger.snapshot_refused", reason=error.message)
            self._abandon()
            return Applied(result=Applied.REJECT_SNAPSHOT)
        self._restorer = None
        self._application.reload()
        self._restored(self._application.committed.height)
        return Applied(result=Applied.ACCEPT)

    def _begin(self, height: int) -> None:
        """Open the state here, while the engine waits, so that it is exactly this height's."""
        self._store.environment.reserve(SPARE_BYTES)
        snapshot = self._store.read()
        snapshot.__enter__()
        self._taking = threading.Thread(
            target=self._take, args=(height, snapshot), name="ledger-snapshot", daemon=True
        )
        try:
            self._taking.start()
        except BaseException:
            self._taking = None
            snapshot.__exit__()
            raise

    def _take(self, height: int, snapshot: Snapshot) -> None:
        suite: Suite = self._application.suite
        try:
            try:
                manifest = write_snapshot(snapshot, suite, self._folder)
            finally:
                snapshot.__exit__()
            _log.info("ledger.snapshot_taken", height=manifest.height, keys=manifest.keys)
            self._shelf.keep(KEPT)
        except Exception as error:  # it runs in a thread of its own, where nobody would see it
            self._failed(height, error)

    def _failed(self, height: int, error: Exception) -> None:
        self.failures += 1
        code = error.code if isinstance(error, HanseError) else type(error).__name__
        _log.error("ledger.snapshot_failed", height=height, code=code, debug=repr(error))

    def _abandon(self) -> None:
        restorer, self._restorer = self._restorer, None
        if restorer is not None:
            restorer.abandon()

    def _described(self, height: int) -> pb.Snapshot | None:
        try:
            manifest = self._shelf.manifest(height)
        except HanseError:
            return None
        with self._store.read() as snapshot:
            certificate = snapshot.certificate(height)
            handed_over = kept_handovers(self._registry.validators, snapshot, height)
        if certificate is None:
            return None
        return pb.Snapshot(
            height=height,
            format=manifest.format,
            chunks=len(manifest.chunks),
            hash=manifest_hash(self._application.suite, manifest),
            metadata=encode_manifest(certify(manifest, certificate, handed_over)),
        )
