"""Whole ledgers with real ordering engines, several in one process, on loopback."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from committee import CommitteeNetwork, Seat, registry

from hanse.core.ports import free_ports
from hanse.ledger.bft.engine.binary import find_engine
from hanse.ledger.bft.engine.errors import EngineMissing
from hanse.ledger.bft.engine.keys import EngineKeys, new_keys
from hanse.ledger.bft.engine.settings import EngineSettings, Peer, Timeouts
from hanse.ledger.bft.participating import Participant
from hanse.ledger.ledger import Ledger

DEFAULT = Timeouts()


def require_engine() -> None:
    """Skip where the engine is not installed."""
    try:
        find_engine()
    except EngineMissing as missing:
        pytest.skip(f"{missing.message}: {missing.help}")


@dataclass
class BftNetwork(CommitteeNetwork):
    """A committee whose seats have engines."""

    keys: list[EngineKeys] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)
    ports: list[int] = field(default_factory=list)

    def __init__(self, seats: int = 4, members: int = 5, **options: Any) -> None:
        self.keys = [new_keys() for _ in range(members)]
        self.hosts = ["127.0.0.1"] * members
        self.ports = free_ports(members)
        super().__init__(
            seats=seats,
            members=members,
            engine_keys=[keys.validator_public for keys in self.keys],
            **options,
        )

    def peers(self) -> tuple[Peer, ...]:
        """Everybody's engine."""
        return tuple(
            Peer(keys.node_id, host, port)
            for keys, host, port in zip(self.keys, self.hosts, self.ports, strict=True)
        )

    def save(self, path: Path) -> None:
        """Write everything another process needs to take a seat."""
        super().save(path)
        document = json.loads(path.read_text("utf-8"))
        document["seats"] = [
            {
                "certificate": seat.certificate_private.hex(),
                "validator": keys.validator.hex(),
                "node": keys.node.hex(),
                "power": seat.power,
                "host": host,
                "port": port,
            }
            for seat, keys, host, port in zip(
                self.seats, self.keys, self.hosts, self.ports, strict=True
            )
        ]
        path.write_text(json.dumps(document), "utf-8")

    @classmethod
    def load(cls, path: Path) -> BftNetwork:
        """The network another process saved."""
        network = super().load(path)
        assert isinstance(network, cls)
        seats = json.loads(path.read_text("utf-8"))["seats"]
        network.keys = [
            EngineKeys(bytes.fromhex(seat["validator"]), bytes.fromhex(seat["node"]))
            for seat in seats
        ]
        network.hosts = [seat["host"] for seat in seats]
        network.ports = [seat["port"] for seat in seats]
        network.seats = [
            Seat(member, bytes.fromhex(seat["certificate"]), keys.validator_public, seat["power"])
            for member, seat, keys in zip(network.members, seats, network.keys, strict=True)
        ]
        return network

    def role_of(
        self, index: int, home: Path, timeouts: Timeouts = DEFAULT, **options: Any
    ) -> Participant:
        """The role of one seat's node."""
        seat: Seat = self.seats[index]
        public = self.suite.signing_public(seat.certificate_private).hex()
        return Participant(
            home=home / "engine",
            snapshots=home / "snapshots",
            settings=EngineSettings(
                moniker=f"n{index}",
                host=self.hosts[index],
                port=self.ports[index],
                peers=self.peers(),
                timeouts=timeouts,
            ),
            keys=self.keys[index],
            certificate_keys={public: seat.certificate_private},
            peers=lambda state: (),
            **options,
        )

    async def open(self, index: int, folder: Path, **options: Any) -> Ledger:
        """A started ledger of one seat."""
        home = folder / f"n{index}"
        role = self.role_of(index, home, **options)
        ledger = await Ledger.open(home, self.genesis, registry(), role, workers=1)
        await ledger.start()
        return ledger


@asynccontextmanager
async def running_validators(
    network: BftNetwork, folder: Path, indexes: Sequence[int], **options: Any
) -> AsyncIterator[list[Ledger]]:
    """Started ledgers, closed at the end."""
    async with AsyncExitStack() as stack:
        ledgers = []
        for index in indexes:
            ledger = await network.open(index, folder, **options)
            stack.push_async_callback(ledger.close)
            ledgers.append(ledger)
        yield ledgers
