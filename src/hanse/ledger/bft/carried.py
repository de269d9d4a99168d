"""What the engine's mempool holds: which transactions wait, and in which item each arrived.

The engine tells items apart by their bytes, so anybody could wrap the same transactions into ever
new bundles. Here they are told apart by sender and nonce: each waits in one item only.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable

from hanse.ledger.transaction import Transaction

MAX_TRANSACTIONS = 20_000
MAX_SPENT = 20_000
RECHECKED_WITHIN = 2


class _Item:
    """A transaction or bundle in the mempool, and which of its transactions wait because of it."""

    __slots__ = ("height", "members")

    def __init__(self, members: list[Transaction], height: int) -> None:
        self.members = members
        self.height = height


class Carried:
    """Items in the mempool by SHA-256; belongs to the event loop, `members` to any thread.

    The engine has every item looked at after each block. One that is not is no more in the
    mempool (the engine had no room after all), and forgotten here.

    Args:
        limit: most transactions waiting.
    """

    def __init__(self, limit: int = MAX_TRANSACTIONS) -> None:
        self._limit = limit
        self._items: dict[bytes, _Item] = {}
        self._by_replay: dict[bytes, _Item] = {}
        self._spent: OrderedDict[bytes, None] = OrderedDict()

    def __len__(self) -> int:
        """Transactions waiting."""
        return len(self._by_replay)

    def __contains__(self, replay: bytes) -> bool:
        """Whether a transaction with this replay digest waits."""
        return replay in self._by_replay

    def has_room(self, count: int) -> bool:
        """Whether so many transactions more may wait."""
        return len(self._by_replay) + count <= self._limit

    def has(self, digest: bytes) -> bool:
        """Whether this very item is in the mempool."""
        return digest in self._items

    def is_spent(self, digest: bytes) -> bool:
        """Whether this very item was in the mempool, or was to be, and nothing of it can run."""
        return digest in self._spent

    def members(self, digest: bytes) -> list[Transaction]:
        """Transactions that wait because of an item: new when it came, verified then."""
        item = self._items.get(digest)
        return [] if item is None else item.members

    def add(self, digest: bytes, members: list[Transaction], height: int) -> None:
        """An item enters the mempool."""
        item = self._items[digest] = _Item(members, height)
        self._by_replay.update((member.replay, item) for member in members)

    def keep(self, digest: bytes, members: list[Transaction], height: int) -> None:
        """After the block of this height these transactions of an item still wait."""
        item = self._items[digest]
        gone = {member.replay for member in item.members} - {member.replay for member in members}
        self._release(item, gone)
        item.members, item.height = members, height
        if not members:
            del self._items[digest]
            self.note_spent(digest)

    def note_spent(self, digest: bytes) -> None:
        """Nothing of an item can run any more; it is refused without a look from now on."""
        self._spent[digest] = None
        if len(self._spent) > MAX_SPENT:
            self._spent.popitem(last=False)

    def drop_stale(self, height: int) -> None:
        """Forget items the engine has not asked about since a few blocks before this height."""
        oldest = height - RECHECKED_WITHIN
        for digest in [key for key, item in self._items.items() if item.height < oldest]:
            item = self._items.pop(digest)
            self._release(item, (member.replay for member in item.members))

    def clear(self) -> None:
        """The engine was started again: its mempool is empty."""
        self._items.clear()
        self._by_replay.clear()

    def _release(self, item: _Item, replays: Iterable[bytes]) -> None:
        for replay in replays:
            if self._by_replay.get(replay) is item:
                del self._by_replay[replay]


def digest_of(item: bytes) -> bytes:
    """Name of an item here."""
    return hashlib.sha256(item).digest()
