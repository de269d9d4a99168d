"""Snapshots of test chains: taking, carrying, restoring."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ledger_chain import Chain
from ledger_network import Network

from hanse.ledger.snapshots.manifest import Manifest
from hanse.ledger.snapshots.restoring import Restorer, header_check
from hanse.ledger.snapshots.shelf import Shelf
from hanse.ledger.snapshots.taking import take_snapshot
from hanse.ledger.storage.store import DATABASES, Store


def take(chain: Chain, folder: Path, chunk_bytes: int = 512) -> Manifest:
    """A snapshot in small chunks."""
    return take_snapshot(chain.store, chain.network.suite, folder, chunk_bytes)


def chunks(folder: Path, manifest: Manifest) -> list[bytes]:
    """All chunks of a snapshot."""
    shelf = Shelf(folder)
    return [shelf.chunk(manifest.height, index) for index in range(len(manifest.chunks))]


def restorer(network: Network, manifest: Manifest, staging: Path) -> Restorer:
    """A restorer that trusts the manifest's root."""
    return Restorer(manifest, bytes.fromhex(manifest.state_root), network.genesis, staging)


def restore(network: Network, manifest: Manifest, parts: list[bytes], home: Path) -> Chain:
    """A chain that goes on from a snapshot, in a fresh folder."""
    work = restorer(network, manifest, home / "restoring")
    for index, data in enumerate(parts):
        work.add(index, data)
    store = Store(home / "ledger", network.suite.hash)
    try:
        work.finish(store, header_check(network.genesis, None))
    finally:
        store.close()
    return Chain(network, home / "ledger")


def content(store: Store, *names: str) -> dict[str, list[tuple[bytes, bytes]]]:
    """Everything in some databases, for comparison."""
    db = store.environment.db
    with store.environment.read() as txn:
        return {name: list(txn.cursor(db=db[name])) for name in names or DATABASES}


def walk(chain: Chain, blocks: int, messages: Any) -> None:
    """Make blocks of what ``messages(block)`` returns."""
    for block in range(blocks):
        chain.block([chain.transaction(message) for message in messages(block)])


STATE = ("values", "nodes", "replay", "expiry")
