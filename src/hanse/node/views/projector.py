"""Follows committed blocks and projects each into SQL: one block, one transaction.

The cursor moves in the same SQL transaction as the rows, so a crash at any instant leaves the
views at the end of some block; the projector goes on from there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, Protocol

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from hanse.contracts.identity.types import IdentityGenesis
from hanse.contracts.points.types import PointsGenesis
from hanse.contracts.validators.types import ValidatorsGenesis
from hanse.core import canonical
from hanse.ledger.block import Block, header_hash
from hanse.ledger.errors import BlockPruned
from hanse.ledger.genesis import Genesis, suite_of
from hanse.node.database.engine import Database
from hanse.node.errors import DatabaseVersion, ViewsBehind
from hanse.node.observability.logs import logger
from hanse.node.observability.metrics import Metrics
from hanse.node.views.fact import POSITIONS_PER_BLOCK, Fact, Projection
from hanse.node.views.projections import (
    algorithms,
    catalogue,
    evidence,
    facts,
    flows,
    identity,
    points,
    privacy,
    rights,
    validators,
)
from hanse.node.views.tables import VIEWS_SCHEMA, VIEWS_SCHEMA_VERSION, cursor, metadata
from hanse.node.views.tables import blocks as blocks_table
from hanse.node.views.tables import transactions as transactions_table

_log = logger("node.views")
PROJECTIONS: Mapping[str, Projection] = {
    module.projection.contract: module.projection
    for module in (
        identity,
        catalogue,
        rights,
        algorithms,
        flows,
        points,
        evidence,
        privacy,
        validators,
    )
}


_TASK_ENDS = {
    "StepCompleted": "completed",
    "AttemptFailed": "failed",
    "AttemptCancelled": "cancelled",
}


class BlockFeed(Protocol):
    """The part of the ledger the projector follows."""

    def blocks(self, from_height: int) -> AsyncIterator[Block]:
        """Committed blocks, then new ones as they come."""
        ...


class _Body(msgspec.Struct):
    sender: str
    contract: str
    action: str


class _Envelope(msgspec.Struct):
    body: _Body


class Projector:
    """Writes the views.

    Args:
        database: where the tables live.
        genesis: start of the network.
        chain: its chain id.
        metrics: counts blocks and transactions.
    """

    def __init__(self, database: Database, genesis: Genesis, chain: str, metrics: Metrics) -> None:
        self._database = database
        self._genesis = genesis
        self._suite = suite_of(genesis)
        self._chain = chain
        self._metrics = metrics
        self._height = 0
        self._progress = asyncio.Condition()

    @property
    def height(self) -> int:
        """Height of the last block projected."""
        return self._height

    def prepare(self) -> None:
        """Create the tables; views of another chain or schema are thrown away."""
        try:
            self._database.migrate(VIEWS_SCHEMA, metadata, VIEWS_SCHEMA_VERSION)
        except DatabaseVersion:
            _log.warning("views.rebuilt", why="written by another version")
            self._database.forget(VIEWS_SCHEMA, metadata)
            self._database.migrate(VIEWS_SCHEMA, metadata, VIEWS_SCHEMA_VERSION)
        with self._database.read() as connection:
            row = connection.execute(select(cursor.c.chain, cursor.c.height)).one_or_none()
        if row is None or row[0] != self._chain:
            self.reset()
        else:
            self._height = row[1]

    def reset(self) -> None:
        """Empty every table and begin at genesis."""
        with self._database.write() as connection:
            for table in metadata.tables.values():
                connection.execute(delete(table))
            initial = self._genesis.initial
            if "identity" in initial:
                identity.start(connection, msgspec.convert(initial["identity"], IdentityGenesis))
            if "points" in initial:
                points.start(connection, msgspec.convert(initial["points"], PointsGenesis))
            if "validators" in initial:
                preset = msgspec.convert(initial["validators"], ValidatorsGenesis)
                validators.start(connection, preset)
            connection.execute(insert(cursor).values(chain=self._chain, height=0))
        self._height = 0

    async def follow(self, ledger: BlockFeed) -> None:
        """Project blocks for ever; a gap of blocks that are not kept here is skipped."""
        while True:
            try:
                await self._follow(ledger)
                return
            except BlockPruned as error:
                await asyncio.to_thread(self._skip_to, error.base)

    async def _follow(self, ledger: BlockFeed) -> None:
        async for block in ledger.blocks(self._height + 1):
            await asyncio.to_thread(self.project, block)
            async with self._progress:
                self._progress.notify_all()

    def _skip_to(self, base: int) -> None:
        # A node that began with a snapshot: what happened before is in state, not in the views.
        _log.warning("views.gap", after=self._height, base=base)
        with self._database.write() as connection:
            connection.execute(update(cursor).values(height=base - 1))
        self._height = base - 1

    async def wait_height(self, height: int, timeout_s: float = 15.0) -> None:
        """Wait until the views hold a block.

        Raises:
            ViewsBehind: when they do not in time.
        """
        async with self._progress:
            try:
                async with asyncio.timeout(timeout_s):
                    await self._progress.wait_for(lambda: self._height >= height)
            except TimeoutError as error:
                raise ViewsBehind(f"the views are at {self._height}, not {height}") from error

    def project(self, block: Block) -> None:
        """Apply one block; the next one after the cursor, or nothing happens."""
        height = block.header.height
        if height <= self._height:
            return
        ended: list[str] = []
        with self._database.write() as connection:
            self._index(connection, block)
            for fact in self._transactions(connection, block):
                facts.record(connection, fact)
                projection = PROJECTIONS.get(fact.contract)
                if projection is not None:
                    projection.apply(connection, fact)
                if fact.contract == "flows" and fact.event in _TASK_ENDS:
                    ended.append(_TASK_ENDS[fact.event])
            connection.execute(update(cursor).values(height=height))
        self._height = height
        self._metrics.blocks.inc()
        for outcome in ended:
            self._metrics.tasks.labels(outcome).inc()

    def _index(self, connection: Connection, block: Block) -> None:
        connection.execute(
            insert(blocks_table).values(
                hash=header_hash(self._suite, block.header),
                engine_hash=block.block_id,
                height=block.header.height,
            )
        )

    def _transactions(self, connection: Connection, block: Block) -> Iterator[Fact]:
        header = block.header
        position = header.height * POSITIONS_PER_BLOCK
        for place, (raw, receipt) in enumerate(
            zip(block.transactions, block.receipts, strict=True)
        ):
            body = canonical.decode_trusted(raw, _Envelope).body
            values: dict[str, Any] = {
                "id": receipt.tx,
                "position": position,
                "height": header.height,
                "place": place,
                "time_ms": header.time_ms,
                "sender": body.sender,
                "contract": body.contract,
                "action": body.action,
                "ok": receipt.ok,
                "code": receipt.code,
            }
            connection.execute(insert(transactions_table).values(values))
            outcome = "ok" if receipt.ok else "refused"
            self._metrics.transactions.labels(body.contract, outcome).inc()
            for event in receipt.events:
                position += 1
                yield Fact(
                    position,
                    header.height,
                    header.time_ms,
                    receipt.tx,
                    body.sender,
                    event.contract,
                    event.name,
                    event.data,
                )
            position += 1
