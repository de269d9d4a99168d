"""Products on replicated shares."""

from __future__ import annotations

import queue
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import numpy as np
import pytest

from hanse.compute.engines.link import Link
from hanse.compute.engines.replicated import Matrix, Replicated, Words
from hanse.compute.engines.shares import Sharing, share_of, words_of
from hanse.compute.errors import BadInput

NAMES = ["a", "b", "c"]


class Wires:
    """Three members that keep what they send each other."""

    def __init__(self) -> None:
        self.queues = {(s, r): queue.Queue[bytes]() for s in NAMES for r in NAMES}
        self.seen: list[bytes] = []

    def member(self, rank: int) -> Link:
        return cast(Link, Member(self, rank))


class Member:
    def __init__(self, wires: Wires, rank: int) -> None:
        self.aliases, self.rank, self._wires = NAMES, rank, wires

    def send(self, alias: str, data: bytes) -> None:
        self._wires.seen.append(data)
        self._wires.queues[NAMES[self.rank], alias].put(data)

    def receive(self, alias: str) -> bytes:
        return self._wires.queues[alias, NAMES[self.rank]].get(timeout=20)


def shared(values: Any) -> list[Words]:
    """Replicated shares, made by SPU."""
    shares = Sharing("aby3").split(values.astype(np.int64))
    return [words_of(share, values.shape) for share in shares]


def opened(shares: list[Words]) -> Any:
    packed = [share_of(words, "int64", Sharing("aby3")) for words in shares]
    return Sharing("aby3").join(packed)


def test_products_are_exact_modulo_two_to_the_64() -> None:
    rng = np.random.default_rng(4)
    left = rng.integers(-(2**62), 2**62, (4, 300))
    matrix, right = rng.integers(0, 2, (300, 33)), rng.integers(0, 2, (3, 33))
    parts = [shared(each) for each in (left, matrix, right)]
    wires = Wires()

    def node(rank: int) -> tuple[Words, Words]:
        mine = Replicated(wires.member(rank))
        ready = Matrix(parts[1][rank])
        return mine.sums(parts[0][rank], ready), mine.answers(ready, parts[2][rank])

    with ThreadPoolExecutor(3) as pool:
        made = list(pool.map(node, range(3)))
    assert (opened([sums for sums, _ in made]) == left @ matrix).all()
    assert (opened([answers for _, answers in made]) == matrix @ right.T).all()
    sent = np.concatenate([np.frombuffer(data, np.uint64) for data in wires.seen])
    assert len(np.unique(sent)) == len(sent)  # masked: nothing repeats


def test_the_same_product_twice_sends_other_bytes() -> None:
    zeros = shared(np.zeros((2, 2)))
    wires = Wires()

    def node(rank: int) -> None:
        mine = Replicated(wires.member(rank))
        for _ in range(2):
            mine.sums(zeros[rank], Matrix(zeros[rank]))

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(node, range(3)))
    assert len(set(wires.seen)) == 9


def test_share_of_another_size_is_refused() -> None:
    share = Sharing("aby3").split(np.zeros((2, 3), np.int64))[0]
    assert words_of(share, (2, 3)).shape == (2, 3, 2)
    with pytest.raises(BadInput):
        words_of(share, (2, 4))
