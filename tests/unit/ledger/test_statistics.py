"""Figures of blocks are those of the stored headers."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from ledger_chain import running
from ledger_network import Add, Network

from hanse.ledger.ledger import Ledger


@pytest.fixture
def network() -> Network:
    return Network()


async def _send(ledger: Ledger, network: Network, amounts: list[int]) -> None:
    for amount in amounts:
        id_ = await ledger.submit(network.transaction(Add("x", amount)))
        await ledger.wait_receipt(id_)


async def test_figures_are_those_of_the_headers(network: Network, tmp_path: Path) -> None:
    async with running(network, tmp_path) as ledger:
        await _send(ledger, network, [1, 2, 3])
        headers = [ledger.header(h) for h in range(ledger.height + 1)]
        found = ledger.statistics(1_000)
        assert (found.first, found.last) == (0, ledger.height)
        assert found.counts == tuple(sorted(h.count for h in headers if h))
        assert found.transactions == 3
        assert found.empty == 1, "block 0"
        times = [h.time_ms for h in headers if h]
        gaps = sorted(b - a for a, b in pairwise(times))
        assert list(found.times_ms) == gaps
        assert found.span_ms == sum(gaps)
        assert found.per_second == pytest.approx(3_000 / found.span_ms)
        assert found.bytes == sum(found.sizes_bytes) > 0


async def test_only_the_newest_blocks_are_looked_at(network: Network, tmp_path: Path) -> None:
    async with running(network, tmp_path) as ledger:
        await _send(ledger, network, [1, 2, 3])
        found = ledger.statistics(2)
        assert (found.first, found.last) == (ledger.height - 1, ledger.height)
        assert len(found.times_ms) == 1
        first = ledger.header(found.first)
        assert first is not None
        # What came before the first of them took no part of the span.
        assert found.per_second == pytest.approx(
            (found.transactions - first.count) * 1_000 / found.span_ms
        )


async def test_a_single_block_has_no_time_and_no_rate(network: Network, tmp_path: Path) -> None:
    async with running(network, tmp_path) as ledger:
        found = ledger.statistics(1)
        assert (found.first, found.last, found.times_ms, found.per_second) == (0, 0, (), None)
