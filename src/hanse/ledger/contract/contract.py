"""What a system contract declares, and the context its handlers run in.

A contract is pure: ``state + message + context → writes + events``. It sees no clock, random
numbers, files, floats or sets; time is the block's, identifiers come from the transaction.
What it needs of another contract it declares as a Protocol in its ``needs.py``; the registry
hands it an object of the other contract bound to the same transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar, cast

import msgspec

from hanse.core import canonical, ids
from hanse.core.errors import InternalError
from hanse.ledger.contract.state import OwnState, StateReader, StateWriter

N = TypeVar("N")


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of every message (imperative name); its class name is the action."""


class Event(msgspec.Struct, frozen=True):
    """Base of every event (past tense); its class name is the event's name."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """Base of every state record. ``v`` is the schema version."""

    v: int = 1


class EmittedEvent(msgspec.Struct, frozen=True):
    """An event as it stands in a receipt."""

    contract: str
    name: str
    data: dict[str, Any]


class Hasher(Protocol):
    """The part of the crypto suite that contracts may use."""

    def hash(self, data: bytes) -> bytes:
        """32-byte digest."""
        ...

    def verify(self, public: bytes, domain: str, message: bytes, signature: bytes) -> None:
        """Raise VerificationError when the signature does not hold."""
        ...


class BlockContext(msgspec.Struct, frozen=True):
    """What is the same for every transaction of a block."""

    chain: str
    height: int
    time_ms: int


class Context:
    """One transaction's view: who sent it, when it executes, what it may read and write."""

    __slots__ = (
        "_counter",
        "_events",
        "_needs",
        "_raw",
        "block",
        "contract",
        "sender",
        "state",
        "suite",
        "tx_id",
    )

    def __init__(
        self,
        *,
        contract: str,
        block: BlockContext,
        tx_id: bytes,
        sender: str,
        state: StateWriter,
        suite: Hasher,
        events: list[EmittedEvent],
        needs: Mapping[tuple[str, type], Callable[[Context], object]],
        counter: list[int],
    ) -> None:
        self.contract = contract
        self.block = block
        self.tx_id = tx_id
        self.sender = sender
        self.state = OwnState(state, contract)
        self._raw = state
        self.suite = suite
        self._events = events
        self._needs = needs
        self._counter = counter

    @property
    def height(self) -> int:
        """Height of the block."""
        return self.block.height

    @property
    def time_ms(self) -> int:
        """Block time, UTC milliseconds."""
        return self.block.time_ms

    def emit(self, event: Event) -> None:
        """Add an event to the receipt, under this contract's name."""
        data = cast("dict[str, Any]", msgspec.to_builtins(event))
        self._events.append(EmittedEvent(self.contract, type(event).__name__, data))

    def new_id(self, prefix: str) -> str:
        """An identifier nobody could choose: derived from transaction id and a counter."""
        self._counter[0] += 1
        counter = self._counter[0].to_bytes(4, "big")
        return ids.derive_id(
            prefix,
            self.suite.hash(
                canonical.tagged("hanse/id/1", prefix.encode("ascii"), self.tx_id, counter)
            ),
        )

    def need(self, protocol: Callable[..., N]) -> N:
        """The object another contract provides for a Protocol this contract declared.

        Raises:
            InternalError: when the registry wired nothing for it.
        """
        # Typed by what the class makes: mypy takes no Protocol class for a ``type[N]``.
        key = (self.contract, cast(type, protocol))
        provider = self._needs.get(key)
        if provider is None:
            raise InternalError(f"{self.contract} was handed no {key[1].__name__}")
        return cast(N, provider(self))

    def acting_as(self, contract: str) -> Context:
        """The same transaction seen by another contract (used by the registry's providers)."""
        return Context(
            contract=contract,
            block=self.block,
            tx_id=self.tx_id,
            sender=self.sender,
            state=self._raw,
            suite=self.suite,
            events=self._events,
            needs=self._needs,
            counter=self._counter,
        )


Handler = Callable[[Context, Any], msgspec.Struct | None]
Invariant = Callable[[StateReader], None]


@dataclass(frozen=True)
class Contract:
    """One version of one system contract.

    Attributes:
        name: folder name under ``hanse.contracts``.
        version: code version; several may be registered, the state says which is active.
        handlers: message type → pure function ``(context, message) → result or None``.
        genesis: message type and handler run once when the chain starts, or None.
        needs: Protocols this contract wants to be handed.
        events: every event type the handlers may emit (documentation, API, tests).
    """

    name: str
    version: int
    handlers: Mapping[type[Message], Handler]
    genesis: Callable[[Context, Any], None] | None = None
    genesis_type: type[msgspec.Struct] | None = None
    needs: tuple[type, ...] = ()
    events: tuple[type[Event], ...] = ()
    actions: Mapping[str, type[Message]] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "actions", {t.__name__: t for t in self.handlers})
