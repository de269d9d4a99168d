"""Typed collections over a key–value state, and the overlay a transaction writes to."""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

import msgspec

from hanse.core import canonical
from hanse.core.errors import InternalError, NotFoundError

V = TypeVar("V", bound=msgspec.Struct)
Key = str | int


class StateReader(Protocol):
    """Committed state, or an overlay over it."""

    def get(self, key: bytes) -> bytes | None:
        """Value bytes under a full state key, or None."""
        ...


class StateWriter(StateReader, Protocol):
    """State that can be changed; None deletes."""

    def set(self, key: bytes, value: bytes | None) -> None:
        """Write or delete one key."""
        ...


class Overlay:
    """Uncommitted writes above a reader; reads see them first.

    A transaction runs in an overlay of the block's overlay, so a refused transaction leaves
    nothing behind.
    """

    __slots__ = ("_base", "writes")

    def __init__(self, base: StateReader) -> None:
        self._base = base
        self.writes: dict[bytes, bytes | None] = {}

    def get(self, key: bytes) -> bytes | None:
        """Value bytes, from the writes first."""
        if key in self.writes:
            return self.writes[key]
        return self._base.get(key)

    def set(self, key: bytes, value: bytes | None) -> None:
        """Write (or with None delete) one key in the overlay."""
        self.writes[key] = value

    def merge_into(self, target: StateWriter) -> None:
        """Move every write down, in the order written."""
        for key, value in self.writes.items():
            target.set(key, value)


class WriteOutsideContract(InternalError):
    """A contract tried to write a collection of another contract."""

    code = "ledger.write_outside_contract"
    help = "A contract writes only its own collections."


class Collection(Generic[V]):
    """A map of one contract: key parts (strings, integers) → one struct type.

    The full state key is the canonical encoding of ``[contract, collection, *key]``; proofs
    of a value name exactly that.
    """

    __slots__ = ("contract", "name", "type")

    def __init__(self, contract: str, name: str, type_: type[V]) -> None:
        self.contract = contract
        self.name = name
        self.type = type_

    def key(self, *key: Key) -> bytes:
        """Full state key bytes."""
        return msgspec.json.encode([self.contract, self.name, *key])

    def get(self, state: StateReader, *key: Key) -> V | None:
        """The record, or None."""
        data = state.get(self.key(*key))
        return None if data is None else canonical.decode_trusted(data, self.type)

    def require(self, state: StateReader, error: type[NotFoundError], *key: Key) -> V:
        """The record.

        Raises:
            NotFoundError: the subclass given, when there is none.
        """
        record = self.get(state, *key)
        if record is None:
            raise error()
        return record

    def has(self, state: StateReader, *key: Key) -> bool:
        """Whether a record stands under the key."""
        return state.get(self.key(*key)) is not None

    def put(self, state: StateWriter, value: V, *key: Key) -> None:
        """Write the record."""
        state.set(self.key(*key), canonical.encode(value))

    def delete(self, state: StateWriter, *key: Key) -> None:
        """Remove the record."""
        state.set(self.key(*key), None)


class OwnState:
    """The view a contract's handler gets: reads anywhere, writes only under its own name."""

    __slots__ = ("_prefix", "_state")

    def __init__(self, state: StateWriter, contract: str) -> None:
        self._state = state
        self._prefix = b'["' + contract.encode("ascii") + b'",'

    def get(self, key: bytes) -> bytes | None:
        """Value bytes under a full state key."""
        return self._state.get(key)

    def set(self, key: bytes, value: bytes | None) -> None:
        """Write one key of the own contract.

        Raises:
            WriteOutsideContract: for any other key.
        """
        if not key.startswith(self._prefix):
            raise WriteOutsideContract()
        self._state.set(key, value)
