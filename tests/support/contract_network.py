"""A network of system contracts over a plain dict, for tests of their rules.

Every call is a block of its own: the message goes through its canonical bytes as on the wire,
runs in an overlay, and leaves nothing behind when it is refused. Signatures of transactions
are the ledger's business and not part of it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import msgspec

from hanse.contracts.identity.types import GenesisMember
from hanse.contracts.system import CONTRACTS, WIRING, genesis_messages
from hanse.contracts.validators.types import GenesisValidator, ValidatorParameters
from hanse.core import canonical
from hanse.crypto.suite import get_suite
from hanse.identity.holder import Identity
from hanse.ledger.contract.contract import BlockContext, Context, EmittedEvent, Message
from hanse.ledger.contract.state import Overlay

START_MS = 1_700_000_000_000
BY_NAME = {contract.name: contract for contract in CONTRACTS}
OWNER_OF = {action: contract for contract in CONTRACTS for action in contract.handlers}

ROLES: dict[str, list[str]] = {
    "operator": ["operator", "regulator"],
    "bank": ["data_consumer", "data_provider"],
    "merchant": ["data_provider"],
    "compute_1": ["compute_provider"],
    "compute_2": ["compute_provider"],
    "auditor": ["auditor"],
    "stranger": ["data_consumer", "data_provider", "compute_provider", "algorithm_provider"],
}


class DictState:
    """Committed state as a dict."""

    def __init__(self) -> None:
        self.data: dict[bytes, bytes] = {}

    def get(self, key: bytes) -> bytes | None:
        return self.data.get(key)

    def set(self, key: bytes, value: bytes | None) -> None:
        if value is None:
            self.data.pop(key, None)
        else:
            self.data[key] = value


@dataclass(frozen=True)
class Call:
    """One transaction as it was executed, to be replayed."""

    contract: str
    action: str
    sender: str
    payload: bytes
    height: int
    time_ms: int


@dataclass(frozen=True)
class Outcome:
    """What a call left behind."""

    result: Any
    events: list[EmittedEvent]

    def names(self) -> list[str]:
        return [event.name for event in self.events]

    def data(self, name: str) -> dict[str, Any]:
        return next(event.data for event in self.events if event.name == name)


def identity_of(name: str, suite: str = "intl") -> Identity:
    """A person with keys; the same for the whole run, because making keys is slow."""
    return _identity(name, suite)


@cache
def _identity(name: str, suite: str) -> Identity:
    return Identity.create(get_suite(suite))


@dataclass
class Network:
    """Contracts, their state and everybody's DIDs."""

    suite_name: str = "intl"
    names: tuple[str, ...] = tuple(ROLES)
    validators: tuple[GenesisValidator, ...] = ()
    rules: ValidatorParameters = field(default_factory=ValidatorParameters)
    state: DictState = field(default_factory=DictState)
    height: int = 0
    time_ms: int = START_MS
    calls: list[Call] = field(default_factory=list)
    events: list[EmittedEvent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.suite = get_suite(self.suite_name)
        self.genesis = genesis_messages(
            [self.member(name) for name in self.names],
            validators=self.validators,
            validator_parameters=self.rules,
        )
        self._begin()

    def did(self, name: str) -> str:
        return identity_of(name, self.suite_name).did

    def member(self, name: str, roles: list[str] | None = None) -> GenesisMember:
        person = identity_of(name, self.suite_name)
        document = person.document()
        proof = person.prove_document(document).hex()
        return GenesisMember(document, proof, name, roles or ROLES.get(name, ["auditor"]))

    def context(
        self, contract: str, sender: str, events: list[EmittedEvent], state: Any
    ) -> Context:
        block = BlockContext(chain="00" * 32, height=self.height, time_ms=self.time_ms)
        tx_id = hashlib.sha256(f"{self.height}".encode()).digest()
        return Context(
            contract=contract,
            block=block,
            tx_id=tx_id,
            sender=sender,
            state=state,
            suite=self.suite,
            events=events,
            needs=WIRING,
            counter=[0],
        )

    def send(self, sender: str, message: Message, *, after_ms: int = 1_000) -> Outcome:
        """Execute one message in the next block; a refusal is raised and changes nothing."""
        contract = OWNER_OF[type(message)]
        call = Call(
            contract=contract.name,
            action=type(message).__name__,
            sender=self.did(sender) if ":" not in sender else sender,
            payload=canonical.encode(message),
            height=self.height + 1,
            time_ms=self.time_ms + after_ms,
        )
        return self.execute(call)

    def execute(self, call: Call) -> Outcome:
        self.height, self.time_ms = call.height, call.time_ms
        self.calls.append(call)
        contract = BY_NAME[call.contract]
        message = canonical.decode(call.payload, contract.actions[call.action])
        overlay = Overlay(self.state)
        events: list[EmittedEvent] = []
        ctx = self.context(call.contract, call.sender, events, overlay)
        result = contract.handlers[type(message)](ctx, message)
        overlay.merge_into(self.state)
        self.events += events
        for event in events:
            declared = [e.__name__ for e in BY_NAME[event.contract].events]
            assert event.name in declared, f"{event.contract} emits undeclared {event.name}"
            canonical.check_plain(event.data)
        return Outcome(result, events)

    def replay(self) -> Network:
        """A second network that executes the same calls from the same genesis."""
        other = Network(suite_name=self.suite_name, names=self.names)
        other.state, other.height, other.time_ms = DictState(), 0, START_MS
        other.genesis = self.genesis
        other.events = []
        other._begin()
        for call in self.calls:
            try:
                other.execute(call)
            except Exception:  # refused in the first run as well; the states will tell
                continue
        return other

    def _begin(self) -> None:
        for contract in CONTRACTS:
            if contract.genesis is None or contract.genesis_type is None:
                continue
            data = canonical.encode(self.genesis[contract.name])
            message = msgspec.json.decode(data, type=contract.genesis_type)
            ctx = self.context(contract.name, "", self.events, self.state)
            contract.genesis(ctx, message)
