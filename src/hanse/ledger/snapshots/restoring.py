"""Rebuilding a store from a snapshot: nothing of it counts before all of it holds.

Chunks may come in any order. What can be read already (the chunks from the first on, without
a gap) goes into a store of its own beside the real one; chunks that came early wait as files.
When the last is in, the root of the rebuilt state must be the trusted one; then the new file
takes the place of the old in one step.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from hanse.core.errors import HanseError
from hanse.ledger.authority import verify_block_origin
from hanse.ledger.certificates import verify_certificate
from hanse.ledger.contract.state import StateReader
from hanse.ledger.errors import BadCertificate
from hanse.ledger.genesis import Genesis, genesis_hash, suite_of
from hanse.ledger.pruning import hands_over
from hanse.ledger.snapshots.errors import BadChunk, SnapshotIncomplete, SnapshotRefused
from hanse.ledger.snapshots.manifest import Manifest, chunk_hash
from hanse.ledger.snapshots.rebuilding import Rebuilding
from hanse.ledger.snapshots.shelf import chunk_name
from hanse.ledger.storage.files import naming_errors, write_synced
from hanse.ledger.storage.store import Store
from hanse.ledger.validators import ValidatorDirectory

HeaderCheck = Callable[[Manifest, StateReader], None]
"""Judges a manifest's header and certificates, given the restored state; raises when one does
not hold."""


def header_check(genesis: Genesis, directory: ValidatorDirectory | None) -> HeaderCheck:
    """The orderer signed the header, or the validators that the state names certified it.

    The state root is trusted beforehand, so the restored state may say who the validators are.
    Certificates of earlier handovers must be by those it names, too.

    Args:
        genesis: of the network.
        directory: of the registry.
    """
    suite, chain = suite_of(genesis), genesis_hash(genesis)

    def check(manifest: Manifest, state: StateReader) -> None:
        block = manifest.block
        voting = directory.validators(state, manifest.height + 1) if directory else ()
        verify_block_origin(suite, genesis, block, voting)
        below = 0
        for certificate in manifest.handovers:
            height = certificate.statement.height
            if directory is None or not below < height < manifest.height:
                raise BadCertificate("the handovers are not in the order of their blocks")
            verify_certificate(suite, directory.validators(state, height + 1), certificate)
            if certificate.statement.chain != chain or not hands_over(certificate):
                raise BadCertificate(f"block {height} hands over to nobody")
            below = height

    return check


class Restorer:
    """One snapshot being restored; belongs to one thread at a time."""

    def __init__(
        self, manifest: Manifest, app_hash: bytes, genesis: Genesis, staging: Path
    ) -> None:
        """Begin; what an interrupted restoration left in the staging folder is dropped.

        Args:
            manifest: as offered, not trusted.
            app_hash: trusted state root after the block at the manifest's height, 32 bytes.
            genesis: of the network.
            staging: a folder of its own, on the file system of the real store.

        Raises:
            SnapshotRefused: when the manifest does not belong to this chain and root.
            StorageFull, StorageFailed
        """
        self._suite = suite_of(genesis)
        self._chain = genesis_hash(genesis)
        if manifest.header.chain != self._chain:
            raise SnapshotRefused("the snapshot belongs to another network")
        if manifest.state_root != app_hash.hex():
            raise SnapshotRefused("the snapshot's state root is not the trusted one")
        self.manifest = manifest
        self._staging = staging
        self._early: set[int] = set()
        self._next = 0
        with naming_errors():
            shutil.rmtree(staging, ignore_errors=True)
            staging.mkdir(parents=True, mode=0o700)
        self._store = Store(staging / "store", self._suite.hash, durable=False)
        self._rebuilding = Rebuilding(self._store, self._suite.hash)

    @property
    def missing(self) -> list[int]:
        """Indexes of the chunks still to come."""
        rest = range(self._next, len(self.manifest.chunks))
        return [index for index in rest if index not in self._early]

    def add(self, index: int, data: bytes) -> None:
        """Take a chunk; one that is here already is ignored.

        Raises:
            BadChunk: it (or one that waited on disk) is not the one the manifest names; nothing
                was taken from it, and `missing` names it.
            SnapshotRefused: the manifest names chunks that hold no state.
            StorageFull, StorageFailed: the same chunk may be added again.
        """
        hashes = self.manifest.chunks
        if not 0 <= index < len(hashes):
            raise BadChunk(f"the snapshot has no chunk {index}", index=index)
        if chunk_hash(self._suite, data) != hashes[index]:
            raise BadChunk(index=index)
        if index == self._next and index not in self._early:
            self._rebuilding.take(data)
            self._next += 1
        elif index > self._next and index not in self._early:
            self._set_aside(index, data)
        self._take_early()

    def finish(self, target: Store, check: HeaderCheck) -> None:
        """Verify the whole and put it in the place of a store's content, in one step.

        Args:
            target: the real store; its readers are waited for. An application on it has to be
                reloaded.
            check: whether the header is the chain's; the state root says nothing of its other
                fields.

        Raises:
            SnapshotIncomplete: chunks are missing.
            SnapshotRefused: the state is not the trusted one, or the header does not hold.
            StorageFull, StorageFailed: the target is what it was.
        """
        if self.missing:
            raise SnapshotIncomplete(f"{len(self.missing)} chunks are missing")
        self._take_early()
        manifest = self.manifest
        if self._rebuilding.root().hex() != manifest.state_root:
            raise SnapshotRefused("the chunks do not make the trusted state")
        if self._rebuilding.keys != manifest.keys:
            raise SnapshotRefused("the number of keys is not the manifest's")
        try:
            check(manifest, self._store)
        except HanseError as error:
            raise SnapshotRefused(f"the snapshot's header does not hold: {error}") from error
        self._rebuilding.complete(self._chain, manifest)
        self._store.close()
        target.environment.swap_in(self._staging / "store" / "data.mdb")
        shutil.rmtree(self._staging, ignore_errors=True)

    def abandon(self) -> None:
        """Give up and remove what was staged."""
        self._store.close()
        shutil.rmtree(self._staging, ignore_errors=True)

    def _set_aside(self, index: int, data: bytes) -> None:
        path = self._staging / chunk_name(index)
        with naming_errors():
            path.unlink(missing_ok=True)
            write_synced(path, data)
        self._early.add(index)

    def _take_early(self) -> None:
        while self._next in self._early:
            path = self._staging / chunk_name(self._next)
            with naming_errors():
                data = path.read_bytes()
            if chunk_hash(self._suite, data) != self.manifest.chunks[self._next]:
                self._early.discard(self._next)
                raise BadChunk(index=self._next)
            self._rebuilding.take(data)
            self._early.discard(self._next)
            self._next += 1
            path.unlink(missing_ok=True)
