"""A chain whose validators change, driven block by block; keys and signatures are real."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
from ledger_chain import Chain
from ledger_network import Member, Network, registry
from played_engine import PlayedEngine

from hanse.contracts.validators import sets
from hanse.contracts.validators.queries import ContractValidators
from hanse.crypto.suite import get_suite
from hanse.ledger.application import Application
from hanse.ledger.block import Header
from hanse.ledger.certificates import (
    CERTIFIED_AFTER,
    PREFIX,
    Certificate,
    CommitSignature,
    Statement,
    encode_certificate,
    is_certificate_due,
    make_statement,
    sign_statement,
)
from hanse.ledger.contract.contract import Context, Contract, Message
from hanse.ledger.execution import Executed
from hanse.ledger.genesis import genesis_hash
from hanse.ledger.proving import Prover
from hanse.ledger.registry import Registry
from hanse.ledger.storage.store import Store
from hanse.ledger.transaction import build_transaction
from hanse.ledger.validators import Validator
from hanse.ledger.waiting import Waiting


class FirstSet(msgspec.Struct, frozen=True):
    """The genesis message: the same shape as the real contract's."""

    validators: list[Validator] = []


class Decide(Message, frozen=True):
    """Let another set vote from two blocks later on."""

    validators: list[Validator]


def begin(context: Context, genesis: FirstSet) -> None:
    sets.begin(context, genesis.validators)


def decide(context: Context, message: Decide) -> None:
    sets.decide(context, message.validators)


CONTRACT = Contract(
    "validators", 1, {Decide: decide}, genesis=begin, genesis_type=FirstSet,
    events=(sets.ValidatorSetChanged,),
)  # fmt: skip
Powers = dict[int, int]
"""Member's number → power."""


class ChangingNetwork(Network):
    """Members 0…n-1 validate at first, with power 1 each unless said otherwise."""

    def __init__(
        self, suite_name: str = "sm", members: int = 7, first: Powers | None = None
    ) -> None:
        super().__init__(suite_name, members)
        ed25519 = get_suite("intl")
        self.engine_keys = [ed25519.generate_signing_key() for _ in self.members]
        first_set = self.set_of(first or {0: 1, 1: 1, 2: 1, 3: 1})
        initial = {
            **self.genesis.initial,
            "validators": {"validators": msgspec.to_builtins(first_set)},
        }
        self.genesis = msgspec.structs.replace(
            self.genesis,
            engine="cometbft",
            contracts={**self.genesis.contracts, "validators": 1},
            initial=initial,
        )
        self.chain = genesis_hash(self.genesis)

    def set_of(self, powers: Powers) -> list[Validator]:
        """Validators by member's number."""
        ed25519 = get_suite("intl")
        found = [
            Validator(
                self.members[i].did,
                ed25519.signing_public(self.engine_keys[i]).hex(),
                self.members[i].public,
                power,
            )
            for i, power in powers.items()
        ]
        return sorted(found, key=lambda validator: validator.did)

    def registry(self) -> Registry:
        plain = registry()
        return Registry(
            [*plain.contracts, CONTRACT], plain.wiring, plain.keys, ContractValidators()
        )

    def sign(self, statement: Statement, members: Iterable[Member]) -> Certificate:
        """A certificate by whoever is named, whether or not they are enough or may sign."""
        signatures = [
            CommitSignature(m.did, sign_statement(self.suite, m.private, statement))
            for m in sorted(members, key=lambda member: member.did)
        ]
        return Certificate(statement, signatures)


class WatchedWaiting(Waiting):
    """Tells when somebody has begun to wait for a block."""

    def __init__(self, height: int) -> None:
        super().__init__(height)
        self.asked = asyncio.Event()

    async def beyond(self, height: int) -> None:
        self.asked.set()
        await super().beyond(height)


class ChangingChain(Chain):
    """An application fed as an engine would; certificates follow one block behind."""

    network: ChangingNetwork

    def __init__(self, network: ChangingNetwork, folder: Path) -> None:
        self.network = network
        self.store = Store(folder, network.suite.hash)
        self.verified = []
        self.app = Application(self.store, network.genesis, network.registry(), self._verify)
        self.now_ms = network.genesis.created_ms + 1_000
        self.waiting = WatchedWaiting(self.app.committed.height)
        self.prover = Prover(self.store, network.genesis, self.app.directory, self.waiting)
        self.headers: dict[int, Header] = {}
        self.block_ids: dict[int, str] = {}
        keys = {
            get_suite("intl").signing_public(private).hex(): private
            for private in network.engine_keys
        }
        self.engine = PlayedEngine(network.chain, network.suite, keys, self.app.validators)
        self.engine_prover = Prover(
            self.store, network.genesis, self.app.directory, self.waiting, self.engine
        )
        self.away: set[str] = set()

    def block(self, transactions: Sequence[bytes] = (), after_ms: int = 10) -> Executed:  # type: ignore[override]
        """Execute and commit a block with the certificate of the one before."""
        self.now_ms += after_ms
        height = self.app.head.height + 1
        before = self.app.head.state_root
        certificate = self._due(height)
        items = [*([] if certificate is None else [certificate]), *transactions]
        block_id = self.engine.decide(height, self.now_ms, items, before)
        self.block_ids[height] = block_id
        executed = self.app.execute(height, self.now_ms, list(transactions))
        header = self.headers[height] = self.app.header_for(executed)
        self.app.stage(executed, header, "", block_id)
        self.engine.executed(executed.receipts, certified=certificate is not None)
        if height > 1:
            self.app.stage_certificate(height - 1, encode_certificate(self.certificate(height - 1)))
        self.app.commit()
        self.waiting.publish([executed])
        return executed

    def _due(self, height: int) -> bytes | None:
        """The certificate that the engine's block begins with."""
        if not is_certificate_due(height):
            return None
        with self.store.read() as snapshot:
            certificate = snapshot.certificate(height - CERTIFIED_AFTER)
        assert certificate is not None
        return PREFIX + certificate

    def change(self, powers: Powers) -> Executed:
        """A block that decides another set."""
        return self.block([self.deciding(powers)])

    def deciding(self, powers: Powers) -> bytes:
        """The transaction that decides another set."""
        return build_transaction(
            self.network.members[0],
            self.network.chain,
            "validators",
            Decide(self.network.set_of(powers)),
            now_ms=self.now_ms,
        )

    def statement(self, height: int) -> Statement:
        """What honest validators state of a block."""
        return make_statement(
            self.network.suite,
            self.headers[height],
            self.block_ids[height],
            self.app.validators(height + 1),
            self.app.validators(height + 2),
        )

    def certificate(self, height: int) -> Certificate:
        """By everybody of the set who is not away."""
        dids = {validator.did for validator in self.app.validators(height + 1)} - self.away
        return self.network.sign(
            self.statement(height), [m for m in self.network.members if m.did in dids]
        )
