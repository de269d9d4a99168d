"""The ring of owners: right for any number of them, and who sees what."""

from __future__ import annotations

import json
import queue
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from hanse.compute.engines.psi import Keys
from hanse.compute.errors import DuplicateKeys, LinkFailed
from hanse.compute.operators.sets import decisions
from hanse.compute.operators.sets.receipts import receipt_of
from hanse.compute.operators.sets.ring import Ring
from hanse.crypto.blocks import open_numbers, seal_numbers
from hanse.data.batches import ArrowTable


class PlayedLink:
    """A member's end of links inside the process; everything sent is kept."""

    def __init__(self, me: str, net: dict[tuple[str, str], Any], seen: list[bytes]) -> None:
        self.me, self._net, self._seen = me, net, seen

    def send(self, alias: str, data: bytes) -> None:
        self._seen.append(data)
        self._net[self.me, alias].put(data)

    def receive(self, alias: str) -> bytes:
        data: bytes = self._net[alias, self.me].get(timeout=60)
        return data


def play(
    sets: dict[str, list[bytes]], comparer: str, receivers: list[str], decide: Any
) -> tuple[dict[str, tuple[Any, int]], list[bytes]]:
    owners = list(sets)
    net: dict[tuple[str, str], Any] = {(a, b): queue.Queue() for a in owners for b in owners}
    seen: list[bytes] = []

    def party(alias: str) -> tuple[Any, int]:
        ring = Ring(PlayedLink(alias, net, seen), owners, comparer)  # type: ignore[arg-type]
        ring.blind(sets[alias])
        return ring.tell(decide, receivers)

    with ThreadPoolExecutor(len(owners)) as pool:
        done = dict(zip(owners, pool.map(party, owners), strict=True))
    assert all(channel.empty() for channel in net.values())
    return done, seen


def digests(numbers: range) -> list[bytes]:
    return [number.to_bytes(12) for number in numbers]


SETS = {
    "a": digests(range(0, 30)),
    "b": digests(range(10, 35)),
    "c": digests(range(5, 25)),
    "d": digests(range(12, 40)),
}


@pytest.mark.parametrize("count", [2, 3, 4])
@pytest.mark.parametrize("decide", [decisions.common, decisions.alone, decisions.together])
def test_every_receiver_is_told_right_whoever_compares(
    count: int, decide: Callable[..., Any]
) -> None:
    sets = dict(list(SETS.items())[:count])
    for comparer in sets:
        receivers = [alias for alias in sets if alias != "c"]
        done, _ = play(sets, comparer, receivers, decide)
        places: dict[bytes, int] = {}
        for alias, own in sets.items():
            numbers, total = done[alias]
            if alias not in receivers:
                assert len(numbers) == 0
                continue
            others = [set(keys) for other, keys in sets.items() if other != alias]
            if decide is decisions.common:
                assert [n == 0 for n in numbers] == [all(k in o for o in others) for k in own]
                assert total == len(set.intersection(*map(set, sets.values())))
            elif decide is decisions.alone:
                assert [n == 0 for n in numbers] == [not any(k in o for o in others) for k in own]
            else:
                assert total == len(set().union(*map(set, sets.values())))
                assert len(set(numbers.tolist())) == len(own)
                for key, place in zip(own, numbers.tolist(), strict=True):
                    assert places.setdefault(key, place) == place


def test_nothing_that_is_sent_repeats_or_names_a_key() -> None:
    _, seen = play(SETS, "b", ["a"], decisions.common)
    lists = [data for data in seen if len(data) % 32 == 0]
    points = [data[i : i + 32] for data in lists for i in range(0, len(data), 32)]
    # Equal points appear only in the lists for the comparer, where keys are common.
    assert len(points) - len(set(points)) < 60
    sent = b"".join(seen)
    assert not any(key in sent for own in SETS.values() for key in own)


def test_numbers_are_enciphered_one_by_one() -> None:
    key = secrets.token_bytes(32)
    numbers = np.array([0, -1, 0, 2**40, -1], np.int64)
    blocks = seal_numbers(key, numbers)
    assert len({block.tobytes() for block in blocks}) == 5
    order = np.array([3, 1, 0, 4, 2])
    assert np.array_equal(open_numbers(key, blocks[order]), numbers[order])
    assert not np.array_equal(open_numbers(secrets.token_bytes(32), blocks), numbers)


def test_a_list_of_another_form_is_refused() -> None:
    net: dict[tuple[str, str], Any] = {(a, b): queue.Queue() for a in "ab" for b in "ab"}
    net["b", "a"].put(bytes(33))
    ring = Ring(PlayedLink("a", net, []), ["a", "b"], "a")  # type: ignore[arg-type]
    with pytest.raises(LinkFailed):
        ring.blind(digests(range(2)))


def test_the_first_of_equal_keys_is_taken_when_asked() -> None:
    held = np.array([[1] * 12, [2] * 12, [1] * 12, [3] * 12, [1] * 12], np.uint8)
    marks = np.array([7, 9, 7, 1, 7], np.uint64)
    with pytest.raises(DuplicateKeys):
        Keys(held, marks, np.arange(5))
    keys = Keys(held, marks, np.arange(5), first_of_equal=True)
    assert keys.rows.tolist() == [3, 0, 1]
    assert keys.digests[:, 0].tolist() == [3, 1, 2]


def test_receipt_shows_no_small_group() -> None:
    grades = ["甲"] * 12 + ["乙"] * 10 + [None] * 3 + ["丙"] * 4 + ["丁"] * 4
    table = ArrowTable(pa.table({"级": grades, "n": list(range(33))}))
    receipt = receipt_of(50, table, ["级"], 10)
    assert receipt["rows_entered"] == 50
    assert receipt["rows_common"] == 33
    values = [{"value": "甲", "rows": 12}, {"value": "乙", "rows": 10}]
    assert receipt["by"] == {"级": {"values": values, "fewer": 11}}
    few = receipt_of(5, ArrowTable(pa.table({"g": ["x"] * 3})), ["g"], 5)
    assert few["by"] == {"g": {"values": []}}
    json.dumps(receipt)
