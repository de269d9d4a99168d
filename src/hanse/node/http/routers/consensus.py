"""Consensus, figures of blocks, and search."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query

from hanse.api.consensus import ConsensusView, SearchView, StatisticsView
from hanse.ledger.bft.standing import Standing
from hanse.ledger.statistics import MAX_BLOCKS
from hanse.node.http.dependencies import NetworkDep
from hanse.node.http.operations import operation
from hanse.node.http.search import search_ledger
from hanse.node.network import Network
from hanse.node.views.consensus import show_consensus, show_statistics

router = APIRouter()


@operation(router, "ledger.consensus")
async def consensus(network: NetworkDep) -> ConsensusView:
    """Where ordering stands, as this node's engine tells it."""
    standing = await network.ledger.standing()
    return await asyncio.to_thread(_show, network, standing)


@operation(router, "ledger.statistics")
def statistics(
    network: NetworkDep, blocks: Annotated[int, Query(ge=1, le=MAX_BLOCKS)] = 100
) -> StatisticsView:
    """Figures of the newest blocks."""
    return show_statistics(network.ledger.statistics(blocks))


@operation(router, "ledger.search")
def search(
    network: NetworkDep, text: Annotated[str, Query(min_length=1, max_length=200)]
) -> SearchView:
    """What a text names."""
    return search_ledger(network, text.strip())


def _show(network: Network, standing: Standing | None) -> ConsensusView:
    with network.views.read() as connection:
        return show_consensus(network.ledger, standing, connection)
