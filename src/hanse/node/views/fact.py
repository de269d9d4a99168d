"""A fact: one event of one accepted transaction, with all that a projection may use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, and_, insert, update

from hanse.ledger.contract.contract import Event

POSITIONS_PER_BLOCK = 1_000_000


@dataclass(frozen=True)
class Fact:
    """Where and when an event happened.

    Attributes:
        position: order among all facts.
        sender: DID that signed the transaction; empty for genesis.
    """

    position: int
    height: int
    time_ms: int
    transaction: str
    sender: str
    contract: str
    event: str
    data: dict[str, Any]


Apply = Callable[[Connection, Fact, Any], None]


class Projection:
    """What the events of one contract do to the tables."""

    def __init__(self, contract: str) -> None:
        self.contract = contract
        self._handlers: dict[str, tuple[type[Event], Apply]] = {}

    def on(self, *types: type[Event]) -> Callable[[Apply], Apply]:
        """Decorator: the function applies these events."""

        def register(function: Apply) -> Apply:
            for type_ in types:
                self._handlers[type_.__name__] = (type_, function)
            return function

        return register

    def apply(self, connection: Connection, fact: Fact) -> None:
        """Apply one fact; an event nobody registered for changes nothing."""
        found = self._handlers.get(fact.event)
        if found is not None:
            type_, function = found
            function(connection, fact, msgspec.convert(fact.data, type_))

    @property
    def handled(self) -> frozenset[str]:
        """Names of the events that change tables."""
        return frozenset(self._handlers)


def put(
    connection: Connection, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]
) -> None:
    """Insert a row, or overwrite the values of the one that stands under the key."""
    where = and_(*(table.c[name] == value for name, value in key.items()))
    if connection.execute(update(table).where(where).values(**values)).rowcount == 0:
        connection.execute(insert(table).values(**key, **values))


def change(connection: Connection, table: Table, key: Mapping[str, Any], **values: Any) -> None:
    """Change a row that exists."""
    where = and_(*(table.c[name] == value for name, value in key.items()))
    connection.execute(update(table).where(where).values(**values))


def to_json(value: object) -> str:
    """JSON text for a column."""
    return msgspec.json.encode(value).decode("utf-8")
