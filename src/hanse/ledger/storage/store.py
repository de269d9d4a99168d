"""The databases of a ledger: what is kept where, read by snapshot, written by delta.

=============  ==============================  ==========================================
database        key                             value
=============  ==============================  ==========================================
values          hashed state key (32 bytes)     length of key (2 bytes), key, value
nodes           path, ``/`` for the root        node of the state trie
blocks          height (8 bytes)                encoded block
certificates    height (8 bytes)                the validators' certificate of the block
transactions    transaction id (32 bytes)       height (8 bytes), index (4 bytes)
replay          replay digest (32 bytes)        height (8 bytes)
expiry          until_ms, height (16 bytes)     empty
meta            name                            chain id, head height, base height
=============  ==============================  ==========================================

``values`` and ``nodes`` are the authenticated state; transactions, replay and expiry can be rebuilt
from blocks and state. Blocks below the *base* are not kept (pruned, or never seen by a store that
began with a snapshot), except the one right below it as a *bare* block: header and signature only.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from hanse.ledger.errors import StoreAltered, WrongGenesis
from hanse.ledger.state.nodes import Hash, hash_key
from hanse.ledger.storage.delta import Delta
from hanse.ledger.storage.environment import INITIAL_MAP_BYTES, Environment

DATABASES = (
    "values", "nodes", "blocks", "certificates", "transactions", "replay", "expiry", "meta",
)  # fmt: skip
ROOT_KEY = b"/"


class Snapshot:
    """A consistent view of one committed height, inside ``with``."""

    __slots__ = ("_db", "_environment", "_hash", "_txn")

    def __init__(self, environment: Environment, hash_: Hash) -> None:
        self._environment = environment
        self._hash = hash_
        self._txn: Any = None
        self._db: dict[str, Any] = {}

    def __enter__(self) -> Self:
        self._txn = self._environment.enter()
        self._db = self._environment.db
        return self

    def __exit__(self, *_: object) -> None:
        self._txn.abort()
        self._environment.leave()

    def get(self, key: bytes) -> bytes | None:
        """Value under a full state key."""
        return self.get_hashed(key, hash_key(self._hash, key))

    def get_hashed(self, key: bytes, hashed: bytes) -> bytes | None:
        """The same when the hash of the key is known already."""
        stored = self._txn.get(hashed, db=self._db["values"])
        return None if stored is None else unpack_value(stored, key)

    def node(self, path: bytes) -> bytes | None:
        """Node of the state trie."""
        node: bytes | None = self._txn.get(path or ROOT_KEY, db=self._db["nodes"])
        return node

    def replay_height(self, digest: bytes) -> int | None:
        """Height of the block that remembers a replay digest."""
        stored = self._txn.get(digest, db=self._db["replay"])
        return None if stored is None else int.from_bytes(stored, "big")

    def expiring(self, before_ms: int, limit: int) -> list[tuple[int, int]]:
        """(until_ms, height) of replay records that ended before a time, earliest first."""
        found: list[tuple[int, int]] = []
        for key in self._txn.cursor(db=self._db["expiry"]).iternext(values=False):
            until_ms, height = int.from_bytes(key[:8], "big"), int.from_bytes(key[8:], "big")
            if until_ms >= before_ms or len(found) == limit:
                break
            found.append((until_ms, height))
        return found

    def block(self, height: int) -> bytes | None:
        """Encoded block."""
        if height < 0:
            return None
        block: bytes | None = self._txn.get(_number(height), db=self._db["blocks"])
        return block

    def certificate(self, height: int) -> bytes | None:
        """Encoded certificate of a block."""
        found: bytes | None = self._txn.get(_number(height), db=self._db["certificates"])
        return found

    def certificates(self, below: int) -> Iterator[tuple[int, bytes]]:
        """(height, encoded certificate) of what is kept below a height, the lowest first."""
        for key, data in self._txn.cursor(db=self._db["certificates"]):
            height = int.from_bytes(key, "big")
            if height >= below:
                return
            yield height, data

    def locate(self, transaction_id: bytes) -> tuple[int, int] | None:
        """Height and index of a transaction."""
        stored = self._txn.get(transaction_id, db=self._db["transactions"])
        if stored is None:
            return None
        return int.from_bytes(stored[:8], "big"), int.from_bytes(stored[8:], "big")

    def head(self) -> int | None:
        """Last committed height, None in an empty store."""
        stored = self._txn.get(b"head", db=self._db["meta"])
        return None if stored is None else int.from_bytes(stored, "big")

    def base(self) -> int:
        """Lowest height whose block is here whole; one above the head when none is."""
        stored: bytes = self._txn.get(b"base", db=self._db["meta"], default=b"")
        return int.from_bytes(stored, "big")

    def chain(self) -> str:
        """Chain id, empty in an empty store."""
        stored: bytes = self._txn.get(b"chain", db=self._db["meta"], default=b"")
        return stored.decode("ascii")

    def values(self) -> Iterator[tuple[bytes, bytes, bytes]]:
        """(hashed key, key, value) of the whole state, in order of hashed keys."""
        for hashed, stored in self._txn.cursor(db=self._db["values"]):
            end = 2 + int.from_bytes(stored[:2], "big")
            yield hashed, stored[2:end], stored[end:]

    def nodes(self) -> Iterator[tuple[bytes, bytes]]:
        """(path, node) of the whole trie."""
        for path, node in self._txn.cursor(db=self._db["nodes"]):
            yield b"" if path == ROOT_KEY else path, node

    def count(self, database: str) -> int:
        """Number of entries of a database."""
        return int(self._txn.stat(self._db[database])["entries"])


class Store:
    """A ledger's disk."""

    def __init__(
        self,
        folder: Path,
        hash_: Hash,
        map_bytes: int = INITIAL_MAP_BYTES,
        *,
        durable: bool = True,
    ) -> None:
        self._hash = hash_
        self.environment = Environment(folder, DATABASES, map_bytes, durable=durable)

    def read(self) -> Snapshot:
        """A snapshot of the last commit, in ``with``. Keep it short: it holds up growing."""
        return Snapshot(self.environment, self._hash)

    def get(self, key: bytes) -> bytes | None:
        """Value under a full state key, as last committed; the store is a StateReader."""
        hashed = hash_key(self._hash, key)
        with self.environment.read() as txn:
            stored = txn.get(hashed, db=self.environment.db["values"])
        return None if stored is None else unpack_value(stored, key)

    def commit(self, delta: Delta, chain: str) -> None:
        """Make a delta durable: all of it or, on any error, nothing.

        Raises:
            StorageFull, StorageFailed: see `Environment.write`.
            WrongGenesis: when another chain is stored here.
        """
        self.environment.write(lambda txn: self._put(txn, delta, chain))

    def close(self) -> None:
        """Wait for readers and close."""
        self.environment.close()

    def _put(self, txn: Any, delta: Delta, chain: str) -> None:
        db = self.environment.db
        if txn.get(b"chain", db=db["meta"], default=chain.encode()) != chain.encode():
            raise WrongGenesis()
        for key, value in delta.values.items():
            if value is None:
                txn.delete(delta.hashed[key], db=db["values"])
        for path, node in delta.nodes.items():
            if node is None:
                txn.delete(path or ROOT_KEY, db=db["nodes"])
        for digest, height in delta.replay.items():
            if height is None:
                txn.delete(digest, db=db["replay"])
        for (until_ms, height), stands in delta.expiry.items():
            if not stands:
                txn.delete(_number(until_ms) + _number(height), db=db["expiry"])
        for name, items in _puts(delta).items():
            if items:
                items.sort()  # neighbours share pages
                txn.cursor(db=db[name]).putmulti(items)
        txn.put(b"chain", chain.encode(), db=db["meta"])
        if delta.blocks:
            txn.put(b"head", _number(max(delta.blocks)), db=db["meta"])


def unpack_value(stored: bytes, key: bytes) -> bytes:
    """Value of a stored entry.

    Raises:
        StoreAltered: when it stands under another key's hash.
    """
    end = 2 + len(key)
    if stored[2:end] != key or int.from_bytes(stored[:2], "big") != len(key):
        raise StoreAltered("a state value stands under the wrong key")
    return stored[end:]


def _puts(delta: Delta) -> dict[str, list[tuple[bytes, bytes]]]:
    hashed = delta.hashed
    return {
        "values": [
            (hashed[k], len(k).to_bytes(2, "big") + k + v)
            for k, v in delta.values.items()
            if v is not None
        ],
        "nodes": [(p or ROOT_KEY, n) for p, n in delta.nodes.items() if n is not None],
        "blocks": [(_number(height), block) for height, block in delta.blocks.items()],
        "certificates": [(_number(height), data) for height, data in delta.certificates.items()],
        "transactions": [
            (id_, _number(height) + index.to_bytes(4, "big"))
            for id_, (height, index) in delta.transactions.items()
        ],
        "replay": [(d, _number(h)) for d, h in delta.replay.items() if h is not None],
        "expiry": [(_number(u) + _number(h), b"") for (u, h), on in delta.expiry.items() if on],
    }


def _number(value: int) -> bytes:
    return value.to_bytes(8, "big")
