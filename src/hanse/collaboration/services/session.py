"""One service at this node: its present generation, the parties' offers, and the worker."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
import structlog

from hanse.collaboration.engine.context import EngineContext
from hanse.collaboration.engine.uninterrupted import uninterrupted
from hanse.collaboration.ports import Worker
from hanse.collaboration.services import standing
from hanse.collaboration.services.counting import Counter
from hanse.collaboration.services.errors import (
    ServiceBroke,
    ServiceTimedOut,
    ServiceUnreachable,
)
from hanse.collaboration.services.models import Models
from hanse.collaboration.services.offers import (
    OFFER_TYPE,
    ServiceOffer,
    check_offer,
    make_offer,
    session,
)
from hanse.compute.worker.manifest import SessionManifest
from hanse.compute.worker.request import Failure, ObjectRef, WorkerEvent, WorkerRequest
from hanse.compute.worker.serving import (
    Admit,
    Admitted,
    Answered,
    Close,
    Declined,
    Query,
    Ready,
    Refused,
)
from hanse.contracts.services.types import ServiceRecord
from hanse.core.errors import HanseError, error_for

OPEN_S = 90.0
ROUND_S = 60.0
CLOSE_S = 5.0
KEPT_GENERATIONS = 4
_log = structlog.get_logger("hanse.collaboration")


@dataclass
class Shared:
    """What the sessions of a node share.

    Attributes:
        table_of: the table of features bound to a service, None when there is none.
        ports: given out to sessions.
    """

    ctx: EngineContext
    counter: Counter
    models: Models
    table_of: Callable[[str], ObjectRef | None]
    ports: dict[str, set[int]] = field(default_factory=dict)

    @property
    def used_ports(self) -> set[int]:
        """Ports of all sessions."""
        return {port for ports in self.ports.values() for port in ports}


class RoundDeclined(Exception):
    """A party refused a round; the service goes on."""

    def __init__(self, error: HanseError) -> None:
        super().__init__(error.code)
        self.error = error


class ServiceSession:
    """Opens the service with the others, and keeps it open until it is stopped.

    Args:
        shared: parts of the node.
        service: identifier.
    """

    def __init__(self, shared: Shared, service: str) -> None:
        self._shared, self._ctx = shared, shared.ctx
        self._service = service
        self._generation = 0
        self._offers: dict[int, dict[str, ServiceOffer]] = {}
        self._troubles: dict[str, str] = {}
        self._private_key = ""
        self._worker: Worker | None = None
        self._life: asyncio.Task[None] | None = None
        self._opened: asyncio.Future[None] | None = None
        self._round: asyncio.Future[Answered | Declined] | None = None
        self._number = 0
        self._changing = asyncio.Lock()

    @property
    def is_open(self) -> bool:
        """Whether rounds can be run."""
        opened = self._opened
        return (
            opened is not None
            and opened.done()
            and not opened.cancelled()
            and opened.exception() is None
            and self._life is not None
        )

    async def round(self, keys: list[list[str]]) -> list[Any]:
        """Run one round, as the receiver; opens the service when it is not.

        Raises:
            RoundDeclined: a party refused it.
            ServiceUnreachable, ServiceBroke, ServiceTimedOut, BadReceipt: as named.
            HanseError: the terms do not allow it.
        """
        record = self._usable()
        await self.open()
        worker = self._worker
        if worker is None:
            raise ServiceBroke()
        ticket = self._shared.counter.issue(self._service, len(keys))
        self._number += 1
        self._round = asyncio.get_running_loop().create_future()
        worker.tell(Query(self._number, ticket, keys))
        try:
            event = await asyncio.wait_for(self._round, ROUND_S)
        except TimeoutError:
            await self.stop()
            raise ServiceTimedOut() from None
        self._shared.counter.receive(record, ticket, event.receipts)
        if isinstance(event, Declined):
            message = f"{event.blamed}: {event.message}"[:500]
            raise RoundDeclined(error_for(event.code, message))
        return event.rows

    async def open(self) -> None:
        """As the receiver: begin a generation unless one is open, and wait for it.

        Raises:
            ServiceUnreachable: naming the parties that did not answer.
            HanseError: what a worker ended with.
        """
        if self.is_open:
            return
        record = self._usable()
        async with self._changing:
            await self._begin(record, max(self._ctx.clock(), self._generation + 1))
        opened = self._opened
        if opened is None:
            raise ServiceBroke()
        try:
            await asyncio.wait_for(asyncio.shield(opened), OPEN_S)
        except TimeoutError:
            missing = sorted(set(record.parties) - set(self._offers.get(self._generation, {})))
            why = ", ".join(f"{a} ({self._troubles.get(a, 'no answer')})" for a in missing)
            await self.stop()
            raise ServiceUnreachable(
                f"no offer came from: {why or 'nobody; workers hang'}"
            ) from None

    async def take(self, sender: str, offer: ServiceOffer) -> None:
        """Another party's offer. The receiver's begins a new generation.

        Raises:
            BadServiceOffer: it does not hold.
            HanseError: the service may not be used now.
        """
        record = self._usable()
        check_offer(record, offer, sender, self._ctx.clock())
        async with self._changing:
            if offer.generation < self._generation:
                return
            self._keep(offer)
            if offer.generation > self._generation and offer.alias == record.receiver:
                await self._begin(record, offer.generation)
            self._start_if_complete(record)

    async def stop(self) -> None:
        """End the worker at once."""
        async with self._changing:
            await self._stop()

    async def close(self) -> None:
        """As the receiver: part from the others in peace."""
        worker, life = self._worker, self._life
        if worker is not None and life is not None and self.is_open:
            worker.tell(Close())
            await asyncio.wait([life], timeout=CLOSE_S)
        await self.stop()

    def _usable(self) -> ServiceRecord:
        record = standing.load(self._ctx.ledger.state, self._service)
        standing.require_usable(self._ctx.ledger.state, record, self._ctx.clock())
        return record

    async def _begin(self, record: ServiceRecord, generation: int) -> None:
        await self._stop()
        ctx, alias = self._ctx, standing.alias_of(record, self._ctx.did)
        self._shared.ports.pop(self._service, None)
        used = self._shared.used_ports | ctx.journal.ports_in_use()
        before = set(used)
        offer, key = make_offer(
            record, ctx.ledger.chain, alias, generation, ctx.settings, used, ctx.clock()
        )
        self._shared.ports[self._service] = used - before
        self._generation, self._private_key = generation, key
        self._opened = asyncio.get_running_loop().create_future()
        self._troubles = {}
        self._keep(offer)
        for did in record.parties.values():
            if did != ctx.did:
                ctx.later(self._deliver(offer, did, record))
        self._start_if_complete(record)

    def _keep(self, offer: ServiceOffer) -> None:
        self._offers.setdefault(offer.generation, {})[offer.alias] = offer
        for generation in sorted(self._offers)[:-KEPT_GENERATIONS]:
            del self._offers[generation]

    async def _deliver(self, offer: ServiceOffer, did: str, record: ServiceRecord) -> None:
        body = msgspec.to_builtins(offer)
        alias = standing.alias_of(record, did)
        until = asyncio.get_running_loop().time() + OPEN_S
        while self._generation == offer.generation and asyncio.get_running_loop().time() < until:
            try:
                await self._ctx.peers.send(did, OFFER_TYPE, body)
            except HanseError as error:
                self._troubles[alias] = error.code
                _log.info("service_offer.not_taken", party=alias, code=error.code)
                await asyncio.sleep(self._ctx.settings.retry_s)
            else:
                self._troubles.pop(alias, None)
                return

    def _start_if_complete(self, record: ServiceRecord) -> None:
        offers = self._offers.get(self._generation, {})
        if self._life is not None or set(offers) != set(record.parties):
            return
        ledger = self._ctx.ledger
        manifest = session(ledger.suite, ledger.chain, record, offers)
        alias = standing.alias_of(record, self._ctx.did)
        opened = self._opened
        if opened is not None:
            work = self._live(record, manifest, offers[alias].certificate, opened)
            self._life = asyncio.create_task(work, name=f"service {self._service}")

    async def _live(
        self,
        record: ServiceRecord,
        manifest: SessionManifest,
        certificate: str,
        opened: asyncio.Future[None],
    ) -> None:
        worker = self._worker = self._ctx.workers()
        error: HanseError = ServiceBroke("the service was closed")
        try:
            request = await asyncio.to_thread(self._request, record, manifest, certificate)
            await uninterrupted(worker.start(request))
            async for event in worker.events():
                self._take(worker, event, opened)
            failure = worker.failure
            if failure is not None:
                error = _broke(failure)
        except HanseError as raised:
            error = raised
        finally:
            self._worker, self._life = None, None
            self._settle(error, opened)
            await uninterrupted(worker.kill())

    def _take(self, worker: Worker, event: WorkerEvent, opened: asyncio.Future[None]) -> None:
        if isinstance(event, Ready):
            _log.info("service.opened", service=self._service, generation=self._generation)
            if not opened.done():
                opened.set_result(None)
        elif isinstance(event, Admit):
            worker.tell(self._verdict(event.ticket))
        elif isinstance(event, (Answered, Declined)):
            self._answered(event)

    def _answered(self, event: Answered | Declined) -> None:
        waits = self._round is not None and not self._round.done()
        if self._round is not None and waits and event.number == self._number:
            self._round.set_result(event)

    def _verdict(self, ticket: str) -> Admitted | Refused:
        try:
            return Admitted(self._shared.counter.admit(self._service, ticket))
        except HanseError as error:
            _log.warning("service.refused", service=self._service, code=error.code)
            return Refused(error.code, error.message)

    def _settle(self, error: HanseError, opened: asyncio.Future[None]) -> None:
        for future in (opened, self._round):
            if future is not None and not future.done():
                future.set_exception(error)
                future.exception()  # looked at: nobody may be waiting
        _log.info("service.ended", service=self._service, code=error.code, message=error.message)

    async def _stop(self) -> None:
        life = self._life
        if life is not None:
            life.cancel()
            await asyncio.gather(life, return_exceptions=True)

    def _request(
        self, record: ServiceRecord, manifest: SessionManifest, certificate: str
    ) -> WorkerRequest:
        ctx = self._ctx
        settings = ctx.settings
        alias = standing.alias_of(record, ctx.did)
        return WorkerRequest(
            manifest=manifest,
            alias=alias,
            inputs=self._inputs(record, alias),
            certificate=certificate,
            private_key=self._private_key,
            work_dir=str(settings.work_dir / f"service-{self._service}"),
            suite=ctx.ledger.suite.name,
            output_key="00" * 32,  # a worker that serves keeps no output
            cache_dir=str(settings.cache_dir or ""),
            memory_limit_bytes=settings.memory_bytes,
            cores=settings.cores,
            connect_timeout_ms=settings.connect_timeout_ms,
            link_timeout_ms=settings.link_timeout_ms,
            serves=record.kind,
        )

    def _inputs(self, record: ServiceRecord, alias: str) -> dict[str, ObjectRef]:
        found: dict[str, ObjectRef] = {}
        holds = alias in record.owners or alias in record.computes
        if holds or record.kind == "retrieval":
            part = self._shared.models.part(record.flow, record.step, record.output)
            # Seen against the ledger just now; the session's manifest commits to no inputs.
            reference = part.unopened(self._ctx.store)
            found["model" if record.kind == "prediction" else "service"] = reference
        table = self._shared.table_of(record.id)
        if table is not None and record.kind == "prediction" and alias in record.owners:
            found["table"] = table
        return found


def _broke(failure: Failure) -> ServiceBroke:
    whom = f" ({failure.blamed})" if failure.blamed else ""
    return ServiceBroke(f"{failure.code}{whom}: {failure.message}"[:300])
