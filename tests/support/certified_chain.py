"""A chain whose blocks validators certify, driven block by block, without any engine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
from ledger_chain import Chain
from ledger_network import Member, Network, registry

from hanse.ledger.application import Application
from hanse.ledger.block import Header
from hanse.ledger.certificates import (
    CommitSignature,
    assemble,
    encode_certificate,
    make_statement,
    sign_statement,
)
from hanse.ledger.contract.state import StateReader
from hanse.ledger.execution import Executed
from hanse.ledger.genesis import genesis_hash
from hanse.ledger.registry import Registry
from hanse.ledger.storage.store import Store
from hanse.ledger.validators import Validator


class FixedSet:
    """The same validators at every height; from a height on the first may have more power."""

    def __init__(self, members: Sequence[Member], changed_from: int = 0) -> None:
        chosen = [Validator(m.did, "ab" * 32, m.public, 1) for m in members]
        self._set = tuple(sorted(chosen, key=lambda validator: validator.did))
        self._changed = (msgspec.structs.replace(self._set[0], power=2), *self._set[1:])
        self._changed_from = changed_from

    def validators(self, state: StateReader, height: int) -> tuple[Validator, ...]:
        changed = self._changed_from and height >= self._changed_from
        return self._changed if changed else self._set

    def changes(self, state: StateReader, height: int) -> tuple[int, ...]:
        return (self._changed_from,) if 0 < self._changed_from <= height else ()


class CertifiedNetwork(Network):
    """A network of members that all validate."""

    def __init__(self, suite_name: str = "intl", members: int = 4, changed_from: int = 0) -> None:
        super().__init__(suite_name, members)
        self.genesis = msgspec.structs.replace(self.genesis, engine="cometbft")
        self.chain = genesis_hash(self.genesis)
        self.directory = FixedSet(self.members, changed_from)

    def registry(self) -> Registry:
        plain = registry()
        return Registry(plain.contracts, plain.wiring, plain.keys, self.directory)


class CertifiedChain(Chain):
    """An application fed as an engine would; certificates follow one block behind."""

    def __init__(self, network: CertifiedNetwork, folder: Path) -> None:
        self.network = network
        self.store = Store(folder, network.suite.hash)
        self.verified = []
        self.app = Application(self.store, network.genesis, network.registry(), self._verify)
        self.now_ms = network.genesis.created_ms + 1_000
        self._uncertified: Header | None = None

    def block(self, transactions: Sequence[bytes] = (), after_ms: int = 10) -> Executed:  # type: ignore[override]
        self.now_ms += after_ms
        executed = self.app.execute(self.app.head.height + 1, self.now_ms, list(transactions))
        header = self.app.header_for(executed)
        self.app.stage(executed, header, "", block_id(header.height))
        if self._uncertified is not None:
            self.app.stage_certificate(
                self._uncertified.height, certificate(self.network, self._uncertified)
            )
        self._uncertified = header
        self.app.commit()
        return executed


def block_id(height: int) -> str:
    """Stands for the engine's hash of a block."""
    return f"{height:064x}"


def certificate(network: Network, header: Header, signers: int = 3) -> bytes:
    """A certificate by so many of four validators."""
    assert isinstance(network, CertifiedNetwork)
    voting = network.directory.validators({}, header.height + 1)  # type: ignore[arg-type]
    following = network.directory.validators({}, header.height + 2)  # type: ignore[arg-type]
    statement = make_statement(network.suite, header, block_id(header.height), voting, following)
    signatures = [
        CommitSignature(m.did, sign_statement(network.suite, m.private, statement))
        for m in network.members[:signers]
    ]
    made = assemble(statement, signatures, voting)
    assert made is not None
    return encode_certificate(made)
