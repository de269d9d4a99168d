"""Sets of two and more owners compared by Diffie-Hellman in a ring.

Every owner's hashed keys travel once around the ring of owners. Each multiplies them by its
secret and puts them in a random order, so that after the last, equal keys of all owners have
become equal points that no coalition without every owner can connect to a key. This is the
commutative blinding of Meadows (S&P 1986) and Huberman, Franklin and Hogg (EC 1999), with the
shuffling that De Cristofaro, Gasti and Tsudik (CANS 2012) use to show a number only, among n
owners. That rows of a union get random common names in this way is Private-ID (Buddhavarapu and
others, ePrint 2020/599).

One owner, the *comparer*, sees all blinded lists and decides a number for each entry. The numbers
for a receiver go back the way its list came; each owner undoes its own order. They are enciphered
for the receiver entry by entry, so the owners on the way learn nothing from them.

**Leaks**: every owner learns how many keys each other owner enters. The comparer learns how many
keys any combination of tables has in common, but not which. A receiver learns the number decided
for each of its own keys. Semi-honest. The comparer and a receiver together learn which of the
receiver's keys each other table has: the numbers could tell them apart.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from hanse.compute.engines.link import Link
from hanse.compute.errors import LinkFailed
from hanse.crypto.blocks import BLOCK_BYTES, open_numbers, seal_numbers
from hanse.crypto.curve25519 import POINT_BYTES, Secret

Numbers = npt.NDArray[np.int64]
Blinded = dict[str, list[bytes]]
_POINT = b"hanse/ring-point/1\0"
_KEY_BYTES = 32


class Decision(msgspec.Struct, frozen=True):
    """What the comparer decides.

    Attributes:
        numbers: by owner, one for each entry of its blinded list, int64.
        total: a number that receivers are told besides.
    """

    numbers: dict[str, Numbers]
    total: int = 0


Decide = Callable[[Blinded], Decision]


class Ring:
    """One session of the owners.

    Args:
        link: joins all who take part.
        owners: aliases in ring order, the same at every party; at least two.
        comparer: one of them.
        on_done: told how many points were multiplied.
        widths: by owner, how many keys stand in an entry of its list; 1 where nothing is said.
            The keys of an entry stay together.
    """

    def __init__(
        self,
        link: Link,
        owners: Sequence[str],
        comparer: str,
        on_done: Callable[[int], None] | None = None,
        widths: Mapping[str, int] | None = None,
    ) -> None:
        self._link, self._owners, self._comparer = link, list(owners), comparer
        self._on_done = on_done
        self._widths = widths or {}
        self._secret = Secret()
        self._orders: dict[str, Numbers] = {}
        self._arrived: Blinded = {}

    def blind(self, digests: Sequence[bytes]) -> None:
        """Send the own keys around the ring, and help the others' along.

        Args:
            digests: distinct, one for each of the own keys, entry after entry.
        """
        here = self._owners.index(self._link.me)
        following = self._owners[(here + 1) % len(self._owners)]
        points = b"".join(hashlib.sha256(_POINT + digest).digest() for digest in digests)
        entries = self._entries(points, self._link.me)
        for step in range(len(self._owners)):
            owner = self._owners[here - step]
            if step:
                entries = self._receive(self._owners[here - 1], owner)
            blinded = self._shuffled(owner, entries)
            if step < len(self._owners) - 1:
                self._link.send(following, b"".join(blinded))
            else:
                self._deliver(owner, blinded)
        if self._link.me == self._comparer:
            self._collect()

    def _shuffled(self, owner: str, entries: Sequence[bytes]) -> list[bytes]:
        points = [e[i : i + POINT_BYTES] for e in entries for i in range(0, len(e), POINT_BYTES)]
        blinded = b"".join(self._secret.multiply_all(points, self._on_done))
        order = _random_order(len(entries))
        self._orders[owner] = order
        multiplied = self._entries(blinded, owner)
        return [multiplied[place] for place in order.tolist()]

    def _receive(self, alias: str, owner: str) -> list[bytes]:
        data = self._link.receive(alias)
        if len(data) % self._size(owner):
            raise LinkFailed("a list of keys has an unknown form", phase="blind", blamed=alias)
        return self._entries(data, owner)

    def _entries(self, data: bytes, owner: str) -> list[bytes]:
        size = self._size(owner)
        return [data[i : i + size] for i in range(0, len(data), size)]

    def _size(self, owner: str) -> int:
        return POINT_BYTES * self._widths.get(owner, 1)

    def _deliver(self, owner: str, blinded: list[bytes]) -> None:
        if self._link.me == self._comparer:
            self._arrived[owner] = blinded
        else:
            self._link.send(self._comparer, b"".join(blinded))

    def _collect(self) -> None:
        """The lists that others multiplied last. The one after an owner is multiplied by it."""
        for place, owner in enumerate(self._owners):
            last = self._owners[place - 1]
            if owner not in self._arrived:
                self._arrived[owner] = self._receive(last, owner)

    def tell(self, decide: Decide, receivers: Sequence[str]) -> tuple[Numbers, int]:
        """Let the comparer decide and bring each receiver the numbers of its keys.

        Args:
            decide: only called at the comparer.
            receivers: owners that learn numbers, the same order at every party.

        Returns:
            At a receiver, the number of each digest in the order of `blind`, and the total;
            elsewhere nothing and 0.
        """
        decision = decide(self._arrived) if self._link.me == self._comparer else None
        told: tuple[Numbers, int] = (np.empty(0, np.int64), 0)
        for owner in receivers:
            key, total = self._key_for(owner, decision)
            blocks = None
            if decision is not None:
                blocks = seal_numbers(key, decision.numbers[owner]).tobytes()
            returned = self._back(owner, blocks)
            if owner == self._link.me:
                numbers = np.frombuffer(returned, np.uint8).reshape(-1, BLOCK_BYTES)
                told = open_numbers(key, numbers), total
        return told

    def total(self, decide: Decide) -> int | None:
        """The number decided at the comparer, None elsewhere; nothing is sent."""
        return decide(self._arrived).total if self._link.me == self._comparer else None

    def _key_for(self, owner: str, decision: Decision | None) -> tuple[bytes, int]:
        """The key of a receiver's numbers, and the total, from the comparer to it alone."""
        if decision is not None:
            key = secrets.token_bytes(_KEY_BYTES)
            if owner != self._link.me:
                self._link.send(owner, key + decision.total.to_bytes(8))
            return key, decision.total
        if owner == self._link.me:
            data = self._link.receive(self._comparer)
            return data[:_KEY_BYTES], int.from_bytes(data[_KEY_BYTES:])
        return b"", 0

    def _back(self, owner: str, blocks: bytes | None) -> bytes:
        """Along the ring backwards, from the comparer to the owner of the list."""
        place, count = self._owners.index(owner), len(self._owners)
        sender = self._comparer
        for step in range(1, count + 1):
            hop = self._owners[(place - step) % count]
            if self._link.me == sender != hop and blocks is not None:
                self._link.send(hop, blocks)
                blocks = None
            if self._link.me == hop:
                data = (
                    blocks if sender == hop and blocks is not None else self._link.receive(sender)
                )
                blocks = _in_first_order(data, self._orders[owner])
            sender = hop
        return blocks if self._link.me == owner and blocks is not None else b""


def _random_order(count: int) -> Numbers:
    """A random order by sorting random numbers of the system."""
    drawn = np.frombuffer(secrets.token_bytes(16 * count), np.uint64).reshape(-1, 2)
    order: Numbers = np.lexsort((drawn[:, 0], drawn[:, 1])).astype(np.int64)
    return order


def _in_first_order(data: bytes, order: Numbers) -> bytes:
    blocks = np.frombuffer(data, np.uint8)
    if len(blocks) != len(order) * BLOCK_BYTES:
        raise LinkFailed("a list of results has an unknown form", phase="tell")
    restored = np.empty((len(order), BLOCK_BYTES), np.uint8)
    restored[order] = blocks.reshape(-1, BLOCK_BYTES)
    return restored.tobytes()
