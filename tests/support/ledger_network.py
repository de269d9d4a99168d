"""A tiny network for tests of the ledger: two contracts, a key directory, people with keys."""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import msgspec

from hanse.core.errors import ConflictError, InputError, UnavailableError
from hanse.crypto.suite import get_suite
from hanse.ledger.contract.contract import Context, Contract, Event, Message, Record
from hanse.ledger.contract.state import Collection, StateReader
from hanse.ledger.genesis import (
    Genesis,
    Orderer,
    Parameters,
    decode_genesis,
    encode_genesis,
    genesis_hash,
)
from hanse.ledger.ordering.sequencer import Sequencer
from hanse.ledger.registry import Registry
from hanse.ledger.transaction import build_transaction


class NotEnough(ConflictError):
    """A counter would go below zero."""

    code = "test.not_enough"
    help = "Add first."


class Refused(InputError):
    """Asked to be refused."""

    code = "test.refused"
    help = "Do not ask."


class MachineTrouble(UnavailableError):
    """Stands for a failure of this machine during execution."""

    code = "test.machine_trouble"
    help = "Repair the machine."


class Person(msgspec.Struct, frozen=True):
    """One signing key and the heights it is valid at (until: exclusive, 0 is open)."""

    key: str
    public: str
    from_height: int
    until_height: int = 0


class PersonRecord(Record, frozen=True, kw_only=True):
    """All keys a person ever had."""

    keys: list[Person]


class CounterRecord(Record, frozen=True, kw_only=True):
    """One counter."""

    value: int
    touched_ms: int
    by: str


PEOPLE: Collection[PersonRecord] = Collection("people", "people", PersonRecord)
COUNTERS: Collection[CounterRecord] = Collection("counter", "counters", CounterRecord)
CALLS = {"machine_trouble": 0}


class RotateKey(Message, frozen=True):
    """Replace the sender's key from the next height on."""

    public: str


class PeopleGenesis(msgspec.Struct, frozen=True):
    """did → public key hex."""

    people: dict[str, str]


class Add(Message, frozen=True):
    """Add to a counter; negative amounts take away."""

    name: str
    amount: int


class AddMany(Message, frozen=True):
    """Add to several counters and then perhaps fail."""

    names: list[str]
    amount: int
    fail: bool = False


class Remove(Message, frozen=True):
    """Delete a counter."""

    name: str


class Misbehave(Message, frozen=True):
    """Do what a contract must not."""

    how: str


class AddedResult(msgspec.Struct, frozen=True):
    """What Add returns."""

    value: int
    id: str


class CounterChanged(Event, frozen=True):
    """A counter changed."""

    name: str
    value: int


class Names(Protocol):
    """What counter needs of people."""

    def key_count(self, did: str) -> int:
        """How many keys a person had."""
        ...


@dataclass
class BoundNames:
    """Provided by people, bound to one transaction."""

    context: Context

    def key_count(self, did: str) -> int:
        record = PEOPLE.get(self.context.state, did)
        return 0 if record is None else len(record.keys)


def people_genesis(context: Context, message: PeopleGenesis) -> None:
    for did, public in sorted(message.people.items()):
        person = Person("#key-1", public, 0)
        PEOPLE.put(context.state, PersonRecord(keys=[person]), did)


def rotate(context: Context, message: RotateKey) -> None:
    record = PEOPLE.get(context.state, context.sender)
    assert record is not None
    old = record.keys[-1]
    at = context.height + 1
    keys = [*record.keys[:-1], msgspec.structs.replace(old, until_height=at)]
    number = len(record.keys) + 1
    keys.append(Person(f"#key-{number}", message.public, at))
    PEOPLE.put(context.state, PersonRecord(keys=keys), context.sender)


def add(context: Context, message: Add) -> AddedResult:
    assert context.need(Names).key_count(context.sender) >= 1
    record = COUNTERS.get(context.state, message.name)
    value = (record.value if record else 0) + message.amount
    if value < 0:
        raise NotEnough()
    changed = CounterRecord(value=value, touched_ms=context.time_ms, by=context.sender)
    COUNTERS.put(context.state, changed, message.name)
    context.emit(CounterChanged(message.name, value))
    return AddedResult(value, context.new_id("ct"))


def add_many(context: Context, message: AddMany) -> None:
    for name in message.names:
        add(context, Add(name, message.amount))
    if message.fail:
        raise Refused()


def remove(context: Context, message: Remove) -> None:
    COUNTERS.delete(context.state, message.name)


def misbehave(context: Context, message: Misbehave) -> None:
    if message.how == "crash":
        raise KeyError("a fault of the code")
    if message.how == "elsewhere":
        PEOPLE.put(context.state, PersonRecord(keys=[]), "did:hanse:victim")
    if message.how == "machine" and CALLS["machine_trouble"] > 0:
        CALLS["machine_trouble"] -= 1
        raise MachineTrouble()


def add_twice(context: Context, message: Add) -> AddedResult:
    """Version 2 of the counter adds double."""
    return add(context, Add(message.name, 2 * message.amount))


HANDLERS = {Add: add, AddMany: add_many, Remove: remove, Misbehave: misbehave}
COUNTER = Contract("counter", 1, HANDLERS, needs=(Names,), events=(CounterChanged,))
COUNTER_2 = Contract("counter", 2, HANDLERS | {Add: add_twice}, needs=(Names,))
PEOPLE_CONTRACT = Contract(
    "people", 1, {RotateKey: rotate}, genesis=people_genesis, genesis_type=PeopleGenesis
)


class Directory:
    """Keys from the people contract's records."""

    def public_key(self, state: StateReader, did: str, key_id: str, height: int) -> bytes | None:
        record = PEOPLE.get(state, did)
        for person in record.keys if record else []:
            ended = person.until_height and height >= person.until_height
            if person.key == key_id and height >= person.from_height and not ended:
                return bytes.fromhex(person.public)
        return None


def registry() -> Registry:
    """The contracts of the test network."""
    return Registry(
        contracts=[PEOPLE_CONTRACT, COUNTER, COUNTER_2],
        wiring={("counter", Names): lambda context: BoundNames(context.acting_as("people"))},
        keys=Directory(),
    )


class Member:
    """Somebody with a key; the signer of transactions."""

    def __init__(self, suite_name: str, did: str, private: bytes | None = None) -> None:
        self.suite = get_suite(suite_name)
        self.did = did
        self.signing_key_id = "#key-1"
        self.private = private or self.suite.generate_signing_key()

    @property
    def public(self) -> str:
        return self.suite.signing_public(self.private).hex()

    def sign(self, domain: str, message: bytes) -> bytes:
        return self.suite.sign(self.private, domain, message)


class Network:
    """Genesis, orderer and members, without any running ledger."""

    def __init__(self, suite_name: str = "sm", members: int = 3, **parameters: int) -> None:
        self.suite = get_suite(suite_name)
        self.operator = Member(suite_name, "did:hanse:operator")
        self.members = [Member(suite_name, f"did:hanse:member{i}") for i in range(members)]
        everybody = [self.operator, *self.members]
        self.genesis = Genesis(
            name="test",
            suite=suite_name,
            created_ms=1_700_000_000_000,
            orderer=Orderer(self.operator.did, self.operator.public),
            contracts={"people": 1, "counter": 1},
            parameters=Parameters(**parameters),
            initial={"people": {"people": {m.did: m.public for m in everybody}}},
        )
        self.chain = genesis_hash(self.genesis)

    def save(self, path: Path) -> None:
        """Write genesis and keys to a file, for another process."""
        keys = [member.private.hex() for member in [self.operator, *self.members]]
        genesis = encode_genesis(self.genesis).decode()
        path.write_text(json.dumps({"genesis": genesis, "keys": keys}), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Network:
        """The network another process saved."""
        document = json.loads(path.read_text(encoding="utf-8"))
        network = cls.__new__(cls)
        network.genesis = decode_genesis(document["genesis"].encode())
        network.suite = get_suite(network.genesis.suite)
        network.chain = genesis_hash(network.genesis)
        name = network.genesis.suite
        operator, *members = [bytes.fromhex(key) for key in document["keys"]]
        network.operator = Member(name, "did:hanse:operator", operator)
        network.members = [
            Member(name, f"did:hanse:member{i}", key) for i, key in enumerate(members)
        ]
        return network

    @property
    def role(self) -> Sequencer:
        return Sequencer(self.operator.private)

    def transaction(
        self, message: Message, member: int = 0, *, now_ms: int | None = None, **options: Any
    ) -> bytes:
        """A signed transaction to the counter (or, for RotateKey, people) contract."""
        contract = "people" if isinstance(message, RotateKey) else "counter"
        now = int(time.time() * 1000) if now_ms is None else now_ms
        return build_transaction(
            self.members[member], self.chain, contract, message, now_ms=now, **options
        )


def value_of(state: StateReader, name: str) -> int:
    """A counter's value, 0 when there is none."""
    record = COUNTERS.get(state, name)
    return record.value if record else 0


def fresh_name() -> str:
    return secrets.token_hex(8)
