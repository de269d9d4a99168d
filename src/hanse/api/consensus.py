"""Consensus, figures of blocks, and search on the ledger."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hanse.api.base import View
from hanse.api.ledger import BlockSummary, TransactionView
from hanse.api.operation import Operation


class ConsensusValidatorView(View):
    """A validator of the height being decided.

    ``signed``: its vote is in the newest block's commit, as this node's engine knows it;
    ``prevoted`` and ``precommitted``: its votes in the present round arrived here. All three
    are None where this node runs no engine.
    """

    did: str
    name: str = ""
    power: int
    proposer: bool = False
    signed: bool | None = None
    prevoted: bool | None = None
    precommitted: bool | None = None


class PeerLinkView(View):
    """A connection of this node's engine. ``did`` when a member registered that engine."""

    node_id: str
    did: str = ""
    name: str = ""
    moniker: str = ""
    address: str
    outbound: bool


class ConsensusView(View):
    """Where ordering stands, seen from this node.

    Height, round, step, proposer, mempool and peers are those of this node's own engine; a node
    without one tells engine, orderer, validators and heights. ``height`` is the one being
    decided there, else the newest committed. ``certified_height`` is the newest block whose
    certificate (of the orderer, or of the validators) is here. ``stalled`` is
    ``ledger.no_quorum`` when for long no block was decided although one was to be;
    ``stalled_seconds`` is how long the present one has been to be decided.
    """

    engine: Literal["embedded", "cometbft"]
    runs_engine: bool
    version: str = ""
    node_id: str = ""
    orderer: str
    orderer_name: str = ""
    height: int
    round: int | None = None
    step: str = ""
    proposer: str = ""
    proposer_name: str = ""
    catching_up: bool | None = None
    certified_height: int
    stalled: str = ""
    stalled_seconds: float = 0.0
    engine_restarts: int = 0
    validator_faults: int = 0
    mempool_transactions: int | None = None
    mempool_bytes: int | None = None
    total_power: int = 0
    validators: list[ConsensusValidatorView] = Field(default_factory=list)
    peers: list[PeerLinkView] = Field(default_factory=list)


class StatisticsView(View):
    """Figures of the newest blocks kept here, heights ``first`` to ``last``.

    Block times are those between neighbours and include the pauses of an idle network;
    ``transactions_per_second`` is over the whole span, None for a single block.
    """

    first: int
    last: int
    blocks: int
    empty_blocks: int
    transactions: int
    size_bytes: int
    span_seconds: float
    block_seconds_mean: float | None = None
    block_seconds_p50: float | None = None
    block_seconds_max: float | None = None
    transactions_per_block_mean: float
    transactions_per_block_p50: int
    transactions_per_block_max: int
    block_size_mean_bytes: int
    block_size_max_bytes: int
    transactions_per_second: float | None = None


class MatchView(View):
    """Something the search text names."""

    kind: str
    id: str
    name: str = ""


class SearchView(View):
    """What a text names: a block, a transaction, or things that transactions are about.

    Transactions are the newest about the match, when there is exactly one.
    """

    text: str
    block: BlockSummary | None = None
    matches: list[MatchView] = Field(default_factory=list)
    transactions: list[TransactionView] = Field(default_factory=list)


OPERATIONS = (
    Operation(
        "ledger.consensus",
        "GET",
        "/v1/ledger/consensus",
        "Height, round, validators, mempool, peers",
        ConsensusView,
    ),
    Operation(
        "ledger.statistics",
        "GET",
        "/v1/ledger/statistics",
        "Block time, size and throughput of the newest blocks",
        StatisticsView,
        query=("blocks",),
    ),
    Operation(
        "ledger.search",
        "GET",
        "/v1/ledger/search",
        "Find by height, hash, member, dataset or task",
        SearchView,
        query=("text",),
    ),
)
