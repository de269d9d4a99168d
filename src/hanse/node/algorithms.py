"""Packages of members' algorithms at this node: kept by fingerprint, fetched, always checked."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable
from pathlib import Path

from hanse.api.algorithms import PackageView
from hanse.compute.algorithms.errors import BadManifest, PackageMissing
from hanse.compute.algorithms.manifest import plain_manifest
from hanse.compute.algorithms.package import Package, make_package, verify_package
from hanse.contracts.algorithms.errors import AlgorithmNotFound
from hanse.contracts.algorithms.queries import get_algorithm
from hanse.contracts.algorithms.types import AlgorithmRecord
from hanse.crypto.suite import Suite
from hanse.ledger.contract.state import StateReader
from hanse.node.transport.peers import PeerClient


class Packages:
    """Keeps packages in a folder, one file each, named by fingerprint.

    Args:
        folder: of the node's home.
        suite: the network's.
        state: the ledger's committed state.
        peers: other nodes.
        did: this member.
    """

    def __init__(
        self,
        folder: Path,
        suite: Suite,
        state: Callable[[], StateReader],
        peers: PeerClient,
        did: str,
    ) -> None:
        self._folder = folder
        self._suite = suite
        self._state = state
        self._peers = peers
        self._did = did

    def keep(self, package: Package) -> str:
        """Keep a package; returns its fingerprint."""
        fingerprint = package.fingerprint(self._suite)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        aside = self._folder / f"{secrets.token_hex(8)}.part"
        aside.write_bytes(package.encode())
        aside.replace(self._folder / fingerprint)
        return fingerprint

    def has(self, fingerprint: str) -> bool:
        """Whether a package is here."""
        return (self._folder / fingerprint).is_file()

    async def package(self, algorithm: str, fingerprint: str) -> bytes:
        """The canonical bytes of a version on the ledger, for a worker.

        Raises:
            HanseError: not published, nobody has it, or it is another than was published.
        """
        held = await self.fetch(algorithm)
        if held.fingerprint(self._suite) != fingerprint:
            raise PackageMissing(f"the ledger names another fingerprint for {algorithm}")
        return held.encode()

    async def fetch(self, algorithm: str) -> Package:
        """The package of a version on the ledger, from here or from its author's node; checked.

        Raises:
            AlgorithmNotFound: no such version.
            PackageMissing: neither this node nor the author's has it.
            FingerprintDiffers, BadManifest: it is not what was published.
        """
        record = get_algorithm(self._state(), algorithm)
        if record is None:
            raise AlgorithmNotFound(f"no algorithm {algorithm[:60]!r} is published")
        data = await asyncio.to_thread(self._read, record.fingerprint)
        if data is None:
            data = await self._ask(record)
        package = verify_package(data, record.fingerprint, self._suite)
        _require_described(package, record)
        if not self.has(record.fingerprint):
            await asyncio.to_thread(self.keep, package)
        return package

    def _read(self, fingerprint: str) -> bytes | None:
        with contextlib.suppress(FileNotFoundError):
            return (self._folder / fingerprint).read_bytes()
        return None

    async def _ask(self, record: AlgorithmRecord) -> bytes:
        if record.author == self._did:
            raise PackageMissing(f"the package of {record.id} is gone from this node")
        path = {"id": record.id}
        given = await self._peers.call(record.author, "algorithms.package", PackageView, path)
        return make_package(given.manifest, given.source).encode()


def _require_described(package: Package, record: AlgorithmRecord) -> None:
    """What stands on the ledger for everybody to read is what the package says of itself."""
    manifest = package.manifest
    described = (manifest.reference, plain_manifest(manifest), sorted(manifest.levels))
    if described != (record.id, record.manifest, record.levels):
        raise BadManifest("the description on the ledger is not the package's manifest")
