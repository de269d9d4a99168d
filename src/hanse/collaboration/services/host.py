"""All services at a node: their sessions, the queue of questions, and what is tended in between."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from hanse.collaboration.engine.context import EngineContext
from hanse.collaboration.services import standing
from hanse.collaboration.services.book import Book
from hanse.collaboration.services.counting import Counter
from hanse.collaboration.services.errors import BadServiceOffer, ServiceNotReady, WrongKind
from hanse.collaboration.services.models import Models
from hanse.collaboration.services.offers import OFFER_TYPE, ServiceOffer
from hanse.collaboration.services.queue import Questions
from hanse.collaboration.services.session import ServiceSession, Shared
from hanse.collaboration.services.tickets import Keys, Signer
from hanse.compute.services import ServiceKind
from hanse.compute.worker.request import ObjectRef
from hanse.contracts.services.errors import NotTheReceiver, ServiceNotFound
from hanse.core import canonical
from hanse.core.errors import HanseError

_log = structlog.get_logger("hanse.collaboration")
Observe = Callable[[str, str, int, float], None]


@dataclass(frozen=True)
class HostSettings:
    """How services are kept.

    Attributes:
        idle_s: without a question for so long a service is closed; the next opens it again.
        record_s: how often totals are put on the ledger.
        tend_s: how often the node looks whether open services may still be used.
    """

    idle_s: float = 900.0
    record_s: float = 60.0
    tend_s: float = 2.0


class ServiceHost:
    """Answers questions of this node's users, and takes part in others' rounds.

    Args:
        ctx: the engine's parts.
        signer: this node's identity.
        keys: the members' keys.
        book: what was bound and counted here.
        table_of: the object of a table of this node.
        observe: called after each question with kind, outcome (a code, or ok), uses and seconds.
        settings: how services are kept.
    """

    def __init__(
        self,
        ctx: EngineContext,
        signer: Signer,
        keys: Keys,
        book: Book,
        table_of: Callable[[str], ObjectRef],
        observe: Observe = lambda *_: None,
        settings: HostSettings | None = None,
    ) -> None:
        self._ctx = ctx
        self.book = book
        self.models = Models(ctx)
        self.counter = Counter(ctx.ledger, signer, keys, book, ctx.clock)
        self._observe = observe
        self._settings = settings or HostSettings()

        def bound(service: str) -> ObjectRef | None:
            table = book.binding(service)
            return table_of(table) if table else None

        self._shared = Shared(ctx, self.counter, self.models, bound)
        self._sessions: dict[str, ServiceSession] = {}
        self._questions: dict[str, Questions] = {}
        self._asked: dict[str, float] = {}
        self._tending: asyncio.Task[None] | None = None
        self._recorded = time.monotonic()
        ctx.peers.register(OFFER_TYPE, self.take)

    def start(self) -> None:
        """Begin to tend."""
        self._tending = asyncio.create_task(self._tend(), name="services")

    async def close(self) -> None:
        """Stop every worker; services open again with the next question."""
        if self._tending is not None:
            self._tending.cancel()
            await asyncio.gather(self._tending, return_exceptions=True)
        for questions in self._questions.values():
            await questions.close()
        for session in self._sessions.values():
            await session.stop()
        self.book.close()

    def is_open(self, service: str) -> bool:
        """Whether a worker of this node is ready for rounds."""
        session = self._sessions.get(service)
        return session is not None and session.is_open

    async def ask(
        self, service: str, kind: ServiceKind, keys: Sequence[Sequence[str]]
    ) -> list[Any]:
        """Scores of ids, or what was found for keys, as the receiver; one row for each.

        Raises:
            NotTheReceiver, WrongKind, MoreThanReserved, RateExceeded: before anything is asked.
            ServiceUnreachable, ServiceBroke, ServiceTimedOut, BadReceipt: it could not be asked.
            HanseError: a party refused, named in the message.
        """
        record = standing.load(self._ctx.ledger.state, service)
        if record.kind != kind:
            raise WrongKind(f"the service is one of {record.kind}")
        if standing.receiver_of(record) != self._ctx.did:
            raise NotTheReceiver()
        standing.require_usable(self._ctx.ledger.state, record, self._ctx.clock())
        self._asked[service] = since = time.monotonic()
        outcome = "ok"
        try:
            return await self._ask(service, kind, [list(key) for key in keys])
        except HanseError as error:
            outcome = error.code
            raise
        finally:
            self._observe(kind, outcome, len(keys), time.monotonic() - since)

    async def _ask(self, service: str, kind: ServiceKind, keys: list[list[str]]) -> list[Any]:
        questions = self._questions.get(service)
        if questions is None:
            questions = self._questions[service] = Questions(self._session(service), kind)
        return await questions.ask(keys)

    async def take(self, sender: str, body: dict[str, Any]) -> None:
        """A party's offer to open a service.

        Raises:
            BadServiceOffer: it does not hold.
            ServiceNotReady: this node does not see the service yet.
            HanseError: the service may not be used now.
        """
        try:
            offer = canonical.decode(canonical.encode(body), ServiceOffer)
        except HanseError as error:
            raise BadServiceOffer("the offer cannot be read") from error
        if offer.chain != self._ctx.ledger.chain:
            raise BadServiceOffer("the offer is for another network")
        try:
            record = standing.load(self._ctx.ledger.state, offer.service)
        except ServiceNotFound as error:
            raise ServiceNotReady() from error
        standing.alias_of(record, self._ctx.did)
        await self._session(offer.service).take(sender, offer)

    async def record(self, service: str) -> None:
        """Put this node's total on the ledger now."""
        await self.counter.record(service)

    def _session(self, service: str) -> ServiceSession:
        if service not in self._sessions:
            self._sessions[service] = ServiceSession(self._shared, service)
        return self._sessions[service]

    async def _tend(self) -> None:
        while True:
            await asyncio.sleep(self._settings.tend_s)
            for service, session in list(self._sessions.items()):
                await self._look(service, session)
            if time.monotonic() - self._recorded >= self._settings.record_s:
                self._recorded = time.monotonic()
                await self._record_all()

    async def _look(self, service: str, session: ServiceSession) -> None:
        if not session.is_open:
            return
        state = self._ctx.ledger.state
        try:
            standing.require_usable(state, standing.load(state, service), self._ctx.clock())
        except HanseError as error:
            _log.info("service.stopped", service=service, code=error.code)
            await session.stop()
            return
        asked = self._asked.get(service)
        if asked is not None and time.monotonic() - asked > self._settings.idle_s:
            await session.close()

    async def _record_all(self) -> None:
        for service in self.book.services():
            with contextlib.suppress(HanseError):  # tried again the next time
                await self.counter.record(service)
