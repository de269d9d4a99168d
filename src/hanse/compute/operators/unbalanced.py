"""Intersection of a small table with a huge one, whose part is done once and kept.

The owner of the huge table, the *holder*, draws a secret k and evaluates a pseudo-random function
F_k at each of its keys: the list. The owner of the small one, the *asker* and receiver, gets the
list once, and F_k at its own keys by an oblivious evaluation, in which the holder sees nothing of
them; then it compares (Resende and Aranha, Financial Cryptography 2018; Kales and others, PoPETs
2017). F is 2HashDH, see `hanse.compute.operators.retrieval.prf`. Both keep the list, so a next
intersection of the same table costs both but the small one's keys.

A list is of one content of one table and of one asker: another version, key column or asker means
another k. Entries of the list are 96 bits, ascending: for n and m keys a false match has
probability n·m/2^96 at most, 2^-63 for a thousand against ten million.

**Leaks**: the asker learns how many keys the holder has, and whether the table is that of an
earlier session. The holder learns how many keys the asker has. With ``broadcast`` the asker tells
it which entries were found. libpsi's own unbalanced protocol is not used: it keeps k and the list
unencrypted.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import numpy.typing as npt

from hanse.compute.errors import LinkFailed
from hanse.compute.operators.keys import normal_keys
from hanse.compute.operators.retrieval import prf
from hanse.compute.operators.rows import Rows
from hanse.crypto.curve25519 import Secret
from hanse.data.types import TableSource

if TYPE_CHECKING:
    from hanse.compute.engines.link import Link

ENTRY_BYTES = 12
AT_ONCE = 1024  # keys in one question
_SENT_AT_ONCE = 1 << 20  # entries in one message
Bytes = npt.NDArray[np.uint8]
Report = Callable[[int, int], None]


class PublicList(msgspec.Struct, frozen=True):
    """What the asker keeps.

    Attributes:
        id: drawn by the holder.
        entries: of 12 bytes, ascending.
    """

    id: str
    entries: bytes


class OwnList(msgspec.Struct, frozen=True):
    """What the holder keeps.

    Attributes:
        id: drawn for this list.
        secret: k, 32 bytes.
        entries: as the asker has them.
        ranks: of each entry, its key's place in the order that both share, int64.
        rows: the table's rows in that order, int64.
    """

    id: str
    secret: bytes
    entries: bytes
    ranks: bytes
    rows: bytes


def make_list(
    table: TableSource, columns: Sequence[str], rows: Rows, report: Report, **reading: Any
) -> OwnList:
    """Evaluate F under a new secret at the keys of these rows, some 50 µs each.

    Args:
        table: read once.
        columns: the key columns.
        rows: rows to enter, in the order that both share; no two have the same key.
        report: told how many of how many are done.
        reading: as of `normal_keys`.
    """
    secret = Secret()
    ranks = np.full(table.rows, -1, np.int64)
    ranks[rows] = np.arange(len(rows))
    entries = np.empty((len(rows), ENTRY_BYTES), np.uint8)
    order = np.empty(len(rows), np.int64)
    done = 0
    for keys, held in normal_keys(table, columns, **reading):
        entered = np.flatnonzero(ranks[held] >= 0)
        chosen = [key.encode() for key in keys.take(entered).to_pylist()]
        part = slice(done, done + len(chosen))
        entries[part] = prf.outputs_of_all(secret, chosen, [0] * len(chosen), ENTRY_BYTES)
        order[part] = ranks[held[entered]]
        done += len(chosen)
        report(done, len(rows))
    ascending = np.argsort(entries.view(f"S{ENTRY_BYTES}").reshape(-1), kind="stable")
    return OwnList(
        id=secrets.token_hex(16),
        secret=secret.raw,
        entries=entries[ascending].tobytes(),
        ranks=order[ascending].tobytes(),
        rows=rows.astype(np.int64).tobytes(),
    )


def hand_over(link: Link, asker: str, own: OwnList) -> None:
    """Send the list in messages of some twelve megabytes."""
    size = _SENT_AT_ONCE * ENTRY_BYTES
    for start in range(0, len(own.entries), size):
        link.send(asker, own.entries[start : start + size])


def take_over(link: Link, holder: str, keys: int) -> bytes:
    """Wait for a list of so many keys.

    Raises:
        LinkFailed: when it has another form.
    """
    taken = bytearray()
    while len(taken) < keys * ENTRY_BYTES:
        part = link.receive(holder)
        if not part or len(taken) + len(part) > keys * ENTRY_BYTES:
            raise LinkFailed("the list of keys has another size than said", blamed=holder)
        taken += part
    return bytes(taken)


def answer(link: Link, asker: str, own: OwnList, keys: int, report: Report) -> None:
    """The holder's side: evaluate blindly at so many keys of the asker."""
    secret = Secret(own.secret)
    for start in range(0, keys, AT_ONCE):
        count = min(AT_ONCE, keys - start)
        blinded = link.receive(asker)
        if len(blinded) != count * prf.PAIR_BYTES:
            raise LinkFailed("the asker asks for another number of keys than said", blamed=asker)
        link.send(asker, prf.evaluate(secret, blinded))
        report(start + count, keys)


def ask(
    link: Link, holder: str, keys: Sequence[bytes], entries: bytes, report: Report
) -> list[tuple[int, int]]:
    """The asker's side.

    Args:
        link: with the holder.
        holder: its alias.
        keys: the asker's, no two alike.
        entries: the list.
        report: told how many of how many are done.

    Returns:
        Place among ``keys`` and place in the list of those that are in both, in the order of the
        former.
    """
    held = np.frombuffer(entries, np.uint8).reshape(-1, ENTRY_BYTES)
    firsts = np.ascontiguousarray(held[:, :8]).view(">u8").reshape(-1).astype(np.uint64)
    found: list[tuple[int, int]] = []
    for start in range(0, len(keys), AT_ONCE):
        batch = keys[start : start + AT_ONCE]
        blinded = [prf.blind(key) for key in batch]
        link.send(holder, b"".join(one.sent for one in blinded))
        evaluated = link.receive(holder)
        if len(evaluated) != len(batch) * prf.PAIR_BYTES:
            raise LinkFailed("the holder evaluates another number of keys", blamed=holder)
        for place, (key, one) in enumerate(zip(batch, blinded, strict=True)):
            answered = evaluated[place * prf.PAIR_BYTES : (place + 1) * prf.PAIR_BYTES]
            output = prf.output_of(key, prf.unblind(one, answered), 0, ENTRY_BYTES)
            there = _place_of(output, held, firsts)
            if there is not None:
                found.append((start + place, there))
        report(start + len(batch), len(keys))
    return found


def _place_of(output: bytes, held: Bytes, firsts: npt.NDArray[np.uint64]) -> int | None:
    """Where an entry stands in the list, by its first eight bytes and then by all."""
    first = np.uint64(int.from_bytes(output[:8]))
    for place in range(int(np.searchsorted(firsts, first)), len(firsts)):
        if firsts[place] != first:
            return None
        if held[place].tobytes() == output:
            return place
    return None


def malformed(alias: str) -> LinkFailed:
    """What this party sent is no point of the curve."""
    return LinkFailed("a blinded key is no point of the curve", phase="intersect", blamed=alias)


def told_rows(own: OwnList, told: bytes, asker: str) -> Rows:
    """The holder's rows of entries that the asker found, in the order that both share.

    Raises:
        LinkFailed: when what was told names no entries of the list.
    """
    places = np.frombuffer(told, "<i8") if len(told) % 8 == 0 else np.array([-1])
    ranks = np.frombuffer(own.ranks, np.int64)
    if len(places) and (places.min() < 0 or places.max() >= len(ranks)):
        raise LinkFailed("the asker names entries that are not in the list", blamed=asker)
    rows: Rows = np.frombuffer(own.rows, np.int64)[np.unique(ranks[places])]
    return rows
