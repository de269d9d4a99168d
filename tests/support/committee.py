"""Validators of a BFT network in one process: the application's side of consensus, round by round.

The ordering engine is played by the test, which decides who proposes, votes, lies or is away.
Signatures, execution and disks are real.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from ledger_network import (
    COUNTER,
    COUNTER_2,
    PEOPLE_CONTRACT,
    BoundNames,
    Directory,
    Member,
    Names,
    Network,
)

from hanse.crypto.suite import get_suite
from hanse.ledger.application import Application
from hanse.ledger.bft.book import CertificateBook
from hanse.ledger.bft.carried import Carried
from hanse.ledger.bft.consensus import Consensus, Outcome
from hanse.ledger.bft.faults import Faults
from hanse.ledger.bft.known import KnownTransactions
from hanse.ledger.contract.contract import Context, Contract, Message, Record
from hanse.ledger.contract.state import Collection, StateReader
from hanse.ledger.execution import Check
from hanse.ledger.genesis import genesis_hash
from hanse.ledger.intake.worker import holds
from hanse.ledger.registry import Registry
from hanse.ledger.storage.store import Store
from hanse.ledger.transaction import build_transaction
from hanse.ledger.validators import ACTIVATION_DELAY, Validator, engine_address

MILLION = 1_000_000


class SetRecord(Record, frozen=True, kw_only=True):
    """A set of validators and the heights of all sets so far."""

    validators: list[Validator]
    heights: list[int] = msgspec.field(default_factory=list)


class CommitteeGenesis(msgspec.Struct, frozen=True):
    """The first validators."""

    validators: list[Validator] = msgspec.field(default_factory=list)


class ChangeSet(Message, frozen=True):
    """Replace the set of validators."""

    validators: list[Validator]


SETS: Collection[SetRecord] = Collection("validators", "sets", SetRecord)


def committee_genesis(context: Context, message: CommitteeGenesis) -> None:
    SETS.put(context.state, SetRecord(validators=message.validators, heights=[0]), 0)


def change_set(context: Context, message: ChangeSet) -> None:
    first = SETS.get(context.state, 0)
    assert first is not None
    at = context.height + ACTIVATION_DELAY
    SETS.put(context.state, SetRecord(validators=message.validators), at)
    heights = sorted({*first.heights, at})
    SETS.put(context.state, msgspec.structs.replace(first, heights=heights), 0)


class SetDirectory:
    """Sets from the test contract's records."""

    def validators(self, state: StateReader, height: int) -> tuple[Validator, ...]:
        first = SETS.get(state, 0)
        assert first is not None
        at = max(h for h in first.heights if h <= height)
        record = SETS.get(state, at)
        assert record is not None
        return tuple(sorted(record.validators, key=lambda v: v.did))

    def changes(self, state: StateReader, height: int) -> tuple[int, ...]:
        first = SETS.get(state, 0)
        assert first is not None
        return tuple(h for h in first.heights if 0 < h <= height)


VALIDATORS = Contract(
    "validators",
    1,
    {ChangeSet: change_set},
    genesis=committee_genesis,
    genesis_type=CommitteeGenesis,
)


def registry() -> Registry:
    """The test contracts with validators among them."""
    return Registry(
        contracts=[PEOPLE_CONTRACT, VALIDATORS, COUNTER, COUNTER_2],
        wiring={("counter", Names): lambda context: BoundNames(context.acting_as("people"))},
        keys=Directory(),
        validators=SetDirectory(),
    )


@dataclass(frozen=True)
class Seat:
    """Keys of one validator; the engine's key is a stand-in where no engine runs."""

    member: Member
    certificate_private: bytes
    engine_public: bytes
    power: int = 1

    @property
    def validator(self) -> Validator:
        public = self.member.suite.signing_public(self.certificate_private).hex()
        return Validator(self.member.did, self.engine_public.hex(), public, self.power)

    @property
    def address(self) -> bytes:
        return engine_address(self.engine_public)


class CommitteeNetwork(Network):
    """A network whose members 0…n-1 hold seats."""

    def __init__(
        self,
        suite_name: str = "sm",
        seats: int = 4,
        members: int = 5,
        powers: Sequence[int] = (),
        engine_keys: Sequence[bytes] = (),
        **parameters: int,
    ) -> None:
        super().__init__(suite_name, members, **parameters)
        suite = get_suite(suite_name)
        self.seats = [
            Seat(
                member,
                suite.generate_signing_key(),
                engine_keys[i] if engine_keys else hashlib.sha256(b"%d" % i).digest(),
                powers[i] if powers else 1,
            )
            for i, member in enumerate(self.members)
        ]
        people = self.genesis.initial["people"]["people"]
        validators = [msgspec.to_builtins(seat.validator) for seat in self.seats[:seats]]
        self.genesis = msgspec.structs.replace(
            self.genesis,
            engine="cometbft",
            contracts=self.genesis.contracts | {"validators": 1},
            initial={"people": {"people": people}, "validators": {"validators": validators}},
        )
        self.chain = genesis_hash(self.genesis)

    def change(self, seats: Iterable[Seat], member: int = 0, **options: Any) -> bytes:
        """A transaction that replaces the set."""
        message = ChangeSet([seat.validator for seat in seats])
        return build_transaction(self.members[member], self.chain, "validators", message, **options)


class Node:
    """One node's application and its consensus side."""

    def __init__(self, network: CommitteeNetwork, seat: Seat, folder: Path) -> None:
        self.network, self.seat, self.folder = network, seat, folder
        self.faults = Faults()
        self.open()

    def open(self) -> None:
        """Open the disk, as at a start."""
        suite = self.network.suite
        self.store = Store(self.folder, suite.hash)
        self.app = Application(self.store, self.network.genesis, registry(), self._verify)
        public = suite.signing_public(self.seat.certificate_private).hex()
        self.book = CertificateBook(self.app, self.store, {public: self.seat.certificate_private})
        self.known = KnownTransactions(suite, self.app.limits.max_transaction_bytes)
        self.carried = Carried()
        self.consensus = Consensus(self.app, self.book, self.known, self.carried, self.faults)

    def crash(self) -> None:
        """Lose everything that is not on disk, and start again."""
        self.store.close()
        self.open()

    def _verify(self, checks: list[Check]) -> list[bool]:
        return [holds(self.network.suite, check) for check in checks]


class Committee:
    """The engine of all nodes, played honestly unless a test says otherwise."""

    def __init__(self, network: CommitteeNetwork, folder: Path, nodes: int = 4) -> None:
        self.network = network
        self.nodes = [
            Node(network, seat, folder / f"n{i}") for i, seat in enumerate(network.seats[:nodes])
        ]
        self.time_ns = (network.genesis.created_ms + 1_000) * MILLION
        self.votes: list[tuple[bytes, bytes]] = []
        self.blocks: list[tuple[int, int, list[bytes], bytes]] = []

    @property
    def height(self) -> int:
        """Height of the next block."""
        return len(self.blocks) + 1

    @property
    def now_ms(self) -> int:
        """A time at which transactions may be made."""
        return self.time_ns // MILLION

    def propose(self, items: Sequence[bytes], proposer: int = 0) -> list[bytes]:
        """What a node would propose next."""
        consensus = self.nodes[proposer].consensus
        return consensus.prepare(self.height, self.time_ns, items, 1 << 22, self.votes)

    def verdicts(self, items: Sequence[bytes], proposer: int = 0) -> list[bool]:
        """What every node says of a proposal."""
        address = self.nodes[proposer].seat.address
        return [
            node.consensus.is_acceptable(self.height, self.time_ns, items, address)
            for node in self.nodes
        ]

    def vote(self, away: Sequence[int] = ()) -> None:
        """Everybody extends its vote on the next block; everybody verifies."""
        self.votes = []
        for index, node in enumerate(self.nodes):
            if index in away:
                continue
            extension = node.consensus.extension(self.height)
            self.votes.append((node.seat.address, extension))
        for index, node in enumerate(self.nodes):
            if index not in away:
                for address, extension in self.votes:
                    if address != node.seat.address:
                        assert node.consensus.is_extension_valid(self.height, address, extension)

    def decide(self, items: Sequence[bytes], away: Sequence[int] = ()) -> list[Outcome]:
        """Finalize and commit a block everywhere."""
        height, block_id = self.height, hashlib.sha256(b"".join(items)).digest()
        self.blocks.append((height, self.time_ns, list(items), block_id))
        outcomes = []
        for index, node in enumerate(self.nodes):
            if index not in away:
                outcomes.append(node.consensus.finalize(height, self.time_ns, items, block_id))
                node.consensus.commit()
        self.time_ns += 10 * MILLION
        return outcomes

    def block(self, items: Sequence[bytes] = (), away: Sequence[int] = ()) -> list[Outcome]:
        """One honest round: propose, judge, vote, decide."""
        proposer = next(i for i in range(len(self.nodes)) if i not in away)
        content = self.propose(items, proposer)
        address = self.nodes[proposer].seat.address
        for index, node in enumerate(self.nodes):
            if index not in away:
                assert node.consensus.is_acceptable(self.height, self.time_ns, content, address)
        self.vote(away)
        return self.decide(content, away)

    def close(self) -> None:
        for node in self.nodes:
            node.store.close()
