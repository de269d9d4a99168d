"""Running pieces of a ledger for tests: a bare chain without event loop, and whole ledgers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from ledger_network import Network, registry

from hanse.ledger.application import Application
from hanse.ledger.block import encode_block
from hanse.ledger.execution import Check, Executed
from hanse.ledger.intake.worker import holds
from hanse.ledger.ledger import Ledger
from hanse.ledger.ordering.sequencer import SequencerEngine
from hanse.ledger.registry import Registry
from hanse.ledger.roles import Role
from hanse.ledger.storage.store import Store
from hanse.ledger.transaction import Transaction


class Chain:
    """An application and an orderer on one store, driven block by block."""

    def __init__(self, network: Network, folder: Path, registry_: Any = None) -> None:
        self.network = network
        self.store = Store(folder, network.suite.hash)
        self.verified: list[Check] = []
        self.app = Application(self.store, network.genesis, registry_ or registry(), self._verify)
        self.engine = SequencerEngine(self.app, network.role)
        self.now_ms = network.genesis.created_ms + 1_000

    def _verify(self, checks: list[Check]) -> list[bool]:
        self.verified.extend(checks)
        return [holds(self.network.suite, check) for check in checks]

    def transaction(self, message: Any, member: int = 0, **options: Any) -> bytes:
        """A transaction that is valid at this chain's present time."""
        return self.network.transaction(message, member, now_ms=self.now_ms, **options)

    def block(
        self, transactions: Sequence[bytes | Transaction] = (), after_ms: int = 10
    ) -> Executed:
        """Execute, sign and commit a block."""
        self.now_ms += after_ms
        return self.engine.produce(list(transactions), self.now_ms)  # type: ignore[arg-type]

    def encoded(self, height: int) -> bytes:
        """A committed block as sent to followers."""
        with self.store.read() as snapshot:
            block = snapshot.block(height)
        assert block is not None
        return block

    def close(self) -> None:
        self.store.close()


class ListSource:
    """A block source with a fixed answer, for followers under test."""

    def __init__(self, blocks: dict[int, bytes]) -> None:
        self.blocks = blocks
        self.forwarded: list[bytes] = []

    async def fetch(self, from_height: int, limit: int, wait_ms: int) -> list[bytes]:
        found = []
        for height in range(from_height, from_height + limit):
            if height not in self.blocks:
                break
            found.append(self.blocks[height])
        if not found:
            import asyncio

            await asyncio.sleep(min(wait_ms, 20) / 1_000)
        return found

    async def forward(self, raw: bytes) -> str:
        self.forwarded.append(raw)
        return "00" * 32


@asynccontextmanager
async def running(
    network: Network,
    home: Path,
    role: Role | None = None,
    registry_: Registry | None = None,
    **options: Any,
) -> AsyncIterator[Ledger]:
    """A started ledger, closed at the end."""
    options.setdefault("workers", 1)
    contracts = registry_ or registry()
    ledger = await Ledger.open(home, network.genesis, contracts, role or network.role, **options)
    try:
        await ledger.start()
        yield ledger
    finally:
        await ledger.close()


__all__ = ["Chain", "ListSource", "encode_block", "running"]
