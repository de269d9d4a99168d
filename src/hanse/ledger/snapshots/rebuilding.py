"""Values, trie and replay indexes from a stream of entries, in order of hashed keys."""

from __future__ import annotations

from typing import Any

import msgspec

from hanse.core import canonical
from hanse.core.errors import HanseError
from hanse.ledger.block import encode_block
from hanse.ledger.certificates import encode_certificate
from hanse.ledger.records import REPLAY, ReplayRecord
from hanse.ledger.snapshots.entries import EntryReader
from hanse.ledger.snapshots.errors import SnapshotRefused
from hanse.ledger.snapshots.manifest import Manifest
from hanse.ledger.state.building import TrieBuilder
from hanse.ledger.state.nodes import Hash, hash_key, hash_value
from hanse.ledger.storage.store import ROOT_KEY, Store

_REPLAY_PREFIX = REPLAY.key()[:-1] + b","
NO_CERTIFICATE = msgspec.Raw(b"null")
Items = list[tuple[bytes, bytes]]


class Rebuilding:
    """A store being filled; memory is that of one chunk. Each node of the trie is made once."""

    def __init__(self, store: Store, hash_: Hash) -> None:
        self._store = store
        self._hash = hash_
        self._trie = TrieBuilder(hash_)
        self._reader = EntryReader()
        self._last = b""
        self.keys = 0

    def take(self, chunk: bytes) -> None:
        """Put the next chunk's entries in; all of them or, on any error, none.

        Raises:
            SnapshotRefused: when they are not in order, or no entries.
            StorageFull, StorageFailed
        """
        reader = self._reader.fork()
        values: Items = []
        entries: list[bytes] = []
        replay: Items = []
        expiry: Items = []
        last, hash_ = self._last, self._hash
        for key, value in reader.feed(chunk):
            hashed = hash_key(hash_, key)
            # A key that stood twice would hide behind its second value.
            if hashed <= last:
                raise SnapshotRefused("the keys of the snapshot are not in order")
            last = hashed
            values.append((hashed, len(key).to_bytes(2, "big") + key + value))
            entries.append(hashed + hash_value(hash_, value))
            if key.startswith(_REPLAY_PREFIX):
                _index(key, value, replay, expiry)
        trie = self._trie.fork()
        nodes = trie.add(entries)
        self._store.environment.write(lambda txn: self._put(txn, values, nodes, replay, expiry))
        self._reader, self._last, self._trie = reader, last, trie
        self.keys += len(values)

    def root(self) -> bytes:
        """Root of what was taken; with it the trie in the store is whole.

        Raises:
            SnapshotRefused: when the last entry is not whole.
            StorageFull, StorageFailed
        """
        if not self._reader.ended:
            raise SnapshotRefused("the last entry of the snapshot is cut off")
        root, nodes = self._trie.fork().finish()
        nodes = [(path or ROOT_KEY, node) for path, node in nodes]
        self._store.environment.write(lambda txn: self._put(txn, [], nodes, [], []))
        return root

    def complete(self, chain: str, manifest: Manifest) -> None:
        """Write head, base, the bare block and certificates, and put everything on disk."""
        block = manifest.block
        number = block.header.height.to_bytes(8, "big")
        base = (block.header.height + 1).to_bytes(8, "big")
        certificate = bytes(block.certificate)
        stored = msgspec.structs.replace(block, certificate=NO_CERTIFICATE)
        db = self._store.environment.db

        def put(txn: Any) -> None:
            txn.put(number, encode_block(stored), db=db["blocks"])
            if certificate != bytes(NO_CERTIFICATE):
                txn.put(number, certificate, db=db["certificates"])
            for handover in manifest.handovers:
                height = handover.statement.height.to_bytes(8, "big")
                txn.put(height, encode_certificate(handover), db=db["certificates"])
            for name, value in ((b"chain", chain.encode()), (b"head", number), (b"base", base)):
                txn.put(name, value, db=db["meta"])

        self._store.environment.write(put)
        self._store.environment.sync()

    def _put(self, txn: Any, values: Items, nodes: Items, replay: Items, expiry: Items) -> None:
        db = self._store.environment.db
        txn.cursor(db=db["values"]).putmulti(values, append=True)
        for name, items in (("nodes", nodes), ("replay", replay), ("expiry", expiry)):
            txn.cursor(db=db[name]).putmulti(sorted(items))


def _index(key: bytes, value: bytes, replay: Items, expiry: Items) -> None:
    """Add a replay record's digests to the indexes that answer look-ups."""
    try:
        height = msgspec.json.decode(key, type=tuple[str, str, int])[2]
        record = canonical.decode_trusted(value, ReplayRecord)
        number = height.to_bytes(8, "big")
        replay.extend((digest, number) for digest in record.split())
        expiry.append((record.until_ms.to_bytes(8, "big") + number, b""))
    except (HanseError, msgspec.DecodeError, OverflowError, ValueError) as error:
        raise SnapshotRefused("a replay record of the snapshot cannot be read") from error
