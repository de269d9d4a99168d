"""Consensus and figures of blocks as people read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from sqlalchemy import Connection, select

from hanse.api.consensus import (
    ConsensusValidatorView,
    ConsensusView,
    PeerLinkView,
    StatisticsView,
)
from hanse.ledger.bft.standing import Link, Standing
from hanse.ledger.ledger import Ledger
from hanse.ledger.statistics import BlockStatistics
from hanse.ledger.validators import Validator, engine_address
from hanse.node.views.queries.paging import names
from hanse.node.views.tables import nodes


def show_consensus(
    ledger: Ledger, standing: Standing | None, connection: Connection
) -> ConsensusView:
    """Join what the engine tells with the members' names.

    Args:
        ledger: of this node.
        standing: of its engine; None when it runs none.
        connection: to the views.
    """
    known, status = names(connection), ledger.status()
    orderer = ledger.genesis.orderer.did
    engine: Literal["embedded", "cometbft"] = ledger.genesis.engine
    certified = ledger.certified_height
    if standing is None:
        validators = [_voter(v, None, known) for v in ledger.validators()]
        return ConsensusView(
            engine=engine,
            runs_engine=False,
            orderer=orderer,
            orderer_name=known.get(orderer, ""),
            height=status.height,
            certified_height=certified,
            total_power=sum(v.power for v in validators),
            validators=validators,
        )
    directory = ledger.validators(min(standing.height, status.height + 2))
    validators = [_voter(v, standing, known) for v in directory]
    proposer = next((v for v in validators if v.proposer), None)
    return ConsensusView(
        engine=engine,
        runs_engine=True,
        version=standing.version,
        node_id=standing.node_id,
        orderer=orderer,
        orderer_name=known.get(orderer, ""),
        height=standing.height,
        round=standing.round,
        step=standing.step,
        proposer="" if proposer is None else proposer.did,
        proposer_name="" if proposer is None else proposer.name,
        catching_up=standing.catching_up,
        certified_height=certified,
        stalled=status.stalled,
        stalled_seconds=round(status.stalled_seconds, 1),
        engine_restarts=status.engine_restarts,
        validator_faults=status.validator_faults,
        mempool_transactions=standing.mempool_transactions,
        mempool_bytes=standing.mempool_bytes,
        total_power=sum(v.power for v in validators),
        validators=validators,
        peers=_peers(standing.links, connection, known),
    )


def show_statistics(found: BlockStatistics) -> StatisticsView:
    """Figures in seconds and per block."""
    times, blocks = found.times_ms, len(found.counts)
    return StatisticsView(
        first=found.first,
        last=found.last,
        blocks=blocks,
        empty_blocks=found.empty,
        transactions=found.transactions,
        size_bytes=found.bytes,
        span_seconds=found.span_ms / 1_000,
        block_seconds_mean=sum(times) / len(times) / 1_000 if times else None,
        block_seconds_p50=_middle(times) / 1_000 if times else None,
        block_seconds_max=times[-1] / 1_000 if times else None,
        transactions_per_block_mean=found.transactions / blocks,
        transactions_per_block_p50=_middle(found.counts),
        transactions_per_block_max=found.counts[-1],
        block_size_mean_bytes=found.bytes // blocks,
        block_size_max_bytes=found.sizes_bytes[-1],
        transactions_per_second=found.per_second,
    )


def _middle(ascending: Sequence[int]) -> int:
    return ascending[(len(ascending) - 1) // 2]


def _voter(
    validator: Validator, standing: Standing | None, known: dict[str, str]
) -> ConsensusValidatorView:
    name = known.get(validator.did, "")
    if standing is None:
        return ConsensusValidatorView(did=validator.did, name=name, power=validator.power)
    address = engine_address(bytes.fromhex(validator.engine_public)).hex().upper()
    voter = next((v for v in standing.voters if v.address == address), None)
    return ConsensusValidatorView(
        did=validator.did,
        name=name,
        power=validator.power,
        proposer=address == standing.proposer,
        signed=None if voter is None else voter.signed,
        prevoted=None if voter is None else voter.prevoted,
        precommitted=None if voter is None else voter.precommitted,
    )


def _peers(
    links: Sequence[Link], connection: Connection, known: dict[str, str]
) -> list[PeerLinkView]:
    query = select(nodes.c.node_id, nodes.c.did).where(
        nodes.c.node_id.in_([link.node_id for link in links])
    )
    owners = {row[0]: row[1] for row in connection.execute(query)}
    return [
        PeerLinkView(
            node_id=link.node_id,
            did=(did := owners.get(link.node_id, "")),
            name=known.get(did, ""),
            moniker=link.moniker,
            address=link.address,
            outbound=link.outbound,
        )
        for link in sorted(links, key=lambda link: link.node_id)
    ]
