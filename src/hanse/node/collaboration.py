"""The collaboration engine wired to this node: its ports, its own files, its answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from hanse.api.flows import ProgressView
from hanse.api.tasks import TasksView, TaskView
from hanse.collaboration.compiler import LedgerDirectory
from hanse.collaboration.engine import Engine, EngineSettings, NodePolicy
from hanse.collaboration.engine.records import ProgressRow
from hanse.collaboration.ports import MessageHandler, StoredDataset
from hanse.contracts.identity.queries import LedgerResolver
from hanse.core.canonical import tagged
from hanse.core.errors import ComputeError, NotFoundError
from hanse.data.vault import Vault
from hanse.identity.messages import ReceivedMessage
from hanse.ledger.block import Receipt
from hanse.ledger.contract.contract import Message
from hanse.ledger.contract.state import StateReader
from hanse.ledger.ledger import Ledger
from hanse.node.algorithms import Packages
from hanse.node.attestation import accepted_workers
from hanse.node.background import Background
from hanse.node.clock import Clock
from hanse.node.data.publications import Publications
from hanse.node.database.engine import Database
from hanse.node.host import Host
from hanse.node.ledger_client import Submitter
from hanse.node.machine import lendable_memory_bytes
from hanse.node.transport.dispatcher import Dispatcher
from hanse.node.transport.peers import PeerClient
from hanse.node.views.queries.paging import like
from hanse.node.views.tables import members, resources

ENGINE_PATIENCE_MS = 10_000
_WATCH_S = 2.0


class EngineStopped(ComputeError):
    """The collaboration engine is not following the ledger."""

    code = "node.engine_stopped"
    help = "Look at the log for why it stopped, and start the node again."


class EngineLedger:
    """`LedgerPort`: the ledger signed for by this node."""

    def __init__(self, ledger: Ledger, submitter: Submitter) -> None:
        self._ledger = ledger
        self._submitter = submitter
        self.chain = ledger.chain
        self.suite = ledger.suite
        self.blocks = ledger.blocks

    @property
    def height(self) -> int:
        """Height committed here."""
        return self._ledger.height

    @property
    def state(self) -> StateReader:
        """State as committed here."""
        return self._ledger.state

    async def submit(self, contract: str, message: Message) -> Receipt:
        """Sign, submit, wait; a refusal is in the receipt."""
        return await self._submitter.send(contract, message)


class EnginePeers:
    """`PeerPort`: sealed messages; the engine repeats what could not be delivered."""

    def __init__(self, client: PeerClient, dispatcher: Dispatcher) -> None:
        self._client = client
        self._dispatcher = dispatcher

    async def send(self, did: str, message_type: str, body: dict[str, Any]) -> None:
        """Deliver one message."""
        await self._client.send(did, message_type, body, patience_ms=ENGINE_PATIENCE_MS)

    def register(self, message_type: str, handler: MessageHandler) -> None:
        """Call the handler with sender and body."""

        async def handle(message: ReceivedMessage) -> None:
            await handler(message.sender, message.body)

        self._dispatcher.register(message_type, handle)


class EngineDatasets:
    """`DatasetPort`: the tables behind own datasets."""

    def __init__(self, publications: Publications, ledger: Ledger) -> None:
        self._publications = publications
        self._ledger = ledger

    def dataset(self, dataset: str) -> StoredDataset | None:
        """None when this node holds no such dataset."""
        found = self._publications.find(dataset, self._ledger.state)
        if found is None:
            return None
        meta = {"key_columns": list(found.table.key_columns)}
        return StoredDataset(found.table.object_id, found.opening, meta)


class EngineMembers:
    """`MembersPort`: auditors from the views, keys from ledger state."""

    def __init__(self, views: Database, ledger: Ledger) -> None:
        self._views = views
        self._ledger = ledger

    def auditors(self) -> list[str]:
        """DIDs of the active auditors."""
        padded = "," + members.c.roles + ","
        query = select(members.c.did).where(
            members.c.state == "ACTIVE", padded.like(like(",auditor,"), escape="\\")
        )
        with self._views.read() as connection:
            return sorted(connection.execute(query).scalars())

    def agreement_key(self, did: str) -> tuple[str, bytes] | None:
        """Key id and public agreement key; None when unknown."""
        try:
            method = LedgerResolver(self._ledger.state).resolve(did).first("keyAgreement")
        except NotFoundError:
            return None
        return did + method.id, method.public_bytes


@dataclass
class Collaboration:
    """The engine and what the API asks of it."""

    engine: Engine
    ledger: Ledger
    views: Database
    clock: Clock

    async def start(self, background: Background) -> None:
        """Start the engine; health shows when it stops following."""
        await self.engine.start()
        background.start("engine", self._watch)

    async def close(self) -> None:
        """Stop; running steps are tried again after the next start."""
        await self.engine.close()

    def directory(self) -> LedgerDirectory:
        """What the compiler may know, as of now."""
        return LedgerDirectory(self.ledger.state, self.clock(), self._compute_price)

    def progress(self, flow: str) -> dict[tuple[str, int], ProgressView]:
        """What this node's workers report of a flow, by step and attempt."""
        found: dict[tuple[str, int], ProgressView] = {}
        for row in self.engine.results.attempts(flow):
            key = row.key
            seen = self.engine.results.progress(key.flow, key.step, key.attempt)
            if seen is not None:
                found[(key.step, key.attempt)] = self._progress(seen)
        return found

    def tasks(self) -> TasksView:
        """What this node computes now, and its limits."""
        queue = self.engine.queue()
        return TasksView(
            items=[
                TaskView(
                    flow=task.key.flow,
                    step=task.key.step,
                    attempt=task.key.attempt,
                    operator=task.operator,
                    state=task.state,
                    priority=task.priority,
                    place=task.place,
                    memory_bytes=task.memory_bytes,
                    progress=None if task.progress is None else self._progress(task.progress),
                )
                for task in queue.tasks
            ],
            max_tasks=queue.max_tasks,
            memory_bytes=queue.memory_bytes,
            reserved_bytes=queue.reserved_bytes,
            cores=queue.cores,
        )

    def _progress(self, row: ProgressRow) -> ProgressView:
        left_ms = row.left_ms(self.clock())
        left = None if left_ms is None else -(-left_ms // 1000)
        return ProgressView(
            phase=row.phase,
            done=row.done,
            total=row.total,
            left_seconds=left,
            resumed_at=row.resumed,
        )

    def _compute_price(self, did: str) -> int:
        """The lowest price among the provider's computing resources on offer."""
        query = select(resources.c.entry).where(
            resources.c.owner == did, resources.c.state == "PUBLISHED"
        )
        with self.views.read() as connection:
            entries = [json.loads(text) for text in connection.execute(query).scalars()]
        prices: Sequence[int] = [entry["price_points"] for entry in entries]
        return min(prices, default=0)

    async def _watch(self) -> None:
        while self.engine.is_following:  # noqa: ASYNC110 - the engine offers no event
            await asyncio.sleep(_WATCH_S)
        raise EngineStopped()


def build_collaboration(
    host: Host,
    ledger: Ledger,
    views: Database,
    submitter: Submitter,
    peers: PeerClient,
    dispatcher: Dispatcher,
    vault: Vault,
    publications: Publications,
    packages: Packages,
) -> Collaboration:
    """Make the engine with this node's ports."""
    compute = host.settings.compute
    engine = Engine(
        did=host.identity.did,
        ledger=EngineLedger(ledger, submitter),
        peers=EnginePeers(peers, dispatcher),
        store=vault,
        datasets=EngineDatasets(publications, ledger),
        members=EngineMembers(views, ledger),
        policy=NodePolicy(lambda: ledger.state, host.identity.did),
        journal_path=host.home.journal / "engine.sqlite",
        journal_key=host.secrets.journal_key,
        settings=EngineSettings(
            work_dir=host.home.work,
            cache_dir=host.home.cache,
            checkpoint_dir=host.home.checkpoints,
            lists_dir=host.home.lists,
            lists_key=host.suite.hkdf(
                host.secrets.journal_key,
                salt=b"",
                info=tagged("hanse/lists-key/1"),
                length=host.suite.key_bytes,
            ),
            link_host=compute.host,
            first_port=compute.first_port,
            last_port=compute.last_port,
            max_tasks=compute.max_tasks,
            memory_bytes=compute.memory_mib << 20 or lendable_memory_bytes(),
            cores=compute.cores,
            policies=accepted_workers(compute),
            collateral=Path(compute.attestation_collateral)
            if compute.attestation_collateral
            else None,
        ),
        algorithms=packages,
        clock=host.clock,
    )
    return Collaboration(engine, ledger, views, host.clock)
