"""Sending sealed messages to members, found by their DID documents."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from hanse.api.peer import AcceptedView
from hanse.core.errors import HanseError, UnavailableError
from hanse.identity.did import DidDocument, Resolver
from hanse.identity.holder import Identity
from hanse.identity.messages import pack
from hanse.node.clock import Clock, now_ms
from hanse.node.errors import NoEndpoint, PeerUnreachable
from hanse.node.observability.logs import logger
from hanse.node.observability.metrics import Metrics
from hanse.node.services import NODE_SERVICE
from hanse.node.transport.http import NodeHttp
from hanse.node.transport.session import PeerSession

T = TypeVar("T")
_log = logger("node.peers")
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 5.0
DEFAULT_PATIENCE_MS = 60_000


class PeerClient:
    """Seals a message for a member and delivers it, with retry until it expires.

    Args:
        http: connection pool.
        identity: the sender.
        resolver: gives a resolver over the ledger's present state.
        metrics: counts deliveries.
        clock: UTC milliseconds.
    """

    def __init__(
        self,
        http: NodeHttp,
        identity: Identity,
        resolver: Callable[[], Resolver],
        metrics: Metrics,
        clock: Clock = now_ms,
    ) -> None:
        self._http = http
        self._identity = identity
        self._resolver = resolver
        self._metrics = metrics
        self._clock = clock
        self._sessions: dict[tuple[str, str], PeerSession] = {}

    async def send(
        self,
        recipient: str,
        type_: str,
        body: dict[str, Any],
        *,
        thread: str = "",
        patience_ms: int = DEFAULT_PATIENCE_MS,
    ) -> str:
        """Deliver a message; returns its id at the recipient.

        Each try is sealed afresh, because a recipient refuses the same message twice; the
        handler at the other end must not mind receiving one content twice.

        Args:
            recipient: DID of a member.
            type_: ``hanse/<what>/<version>``.
            body: content.
            thread: id of the message answered.
            patience_ms: how long to try.

        Raises:
            DidNotFound, NoEndpoint: the recipient cannot be addressed.
            PeerUnreachable: it did not answer in time.
            HanseError: it refused the message, by name.
        """
        deadline = self._clock() + patience_ms
        pause = FIRST_PAUSE_S
        while True:
            try:
                return await self._once(recipient, type_, body, thread, deadline)
            except UnavailableError as error:
                failure: HanseError = error
            if self._clock() + pause * 1000 >= deadline:
                self._metrics.messages.labels("out", "failed").inc()
                raise PeerUnreachable(f"{recipient} cannot be reached", debug=failure.debug)
            _log.info("peer.retry", recipient=recipient, type=type_, code=failure.code)
            await asyncio.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311 - only jitter
            pause = min(pause * 2, LONGEST_PAUSE_S)

    async def call(
        self, recipient: str, operation: str, answer: type[T], path: Mapping[str, str]
    ) -> T:
        """Call an operation of a member's node, as this member's node.

        Raises:
            DidNotFound, NoEndpoint: the member cannot be addressed.
            HanseError: what its node answers, or that it does not.
        """
        session = self._session(self._resolver().resolve(recipient))
        return await session.call(operation, answer, path=path)

    async def _once(
        self, recipient: str, type_: str, body: dict[str, Any], thread: str, deadline: int
    ) -> str:
        document = self._resolver().resolve(recipient)
        session = self._session(document)
        expires = max(deadline, self._clock() + 5_000)
        sealed = await asyncio.to_thread(
            pack, self._identity, document, type_, body, thread=thread, expires_ms=expires
        )
        accepted = await session.call("peer.send", AcceptedView, content=sealed)
        self._metrics.messages.labels("out", "ok").inc()
        return accepted.id

    def _session(self, document: DidDocument) -> PeerSession:
        url = document.endpoint(NODE_SERVICE)
        if not url:
            raise NoEndpoint(f"{document.id} publishes no endpoint")
        key = (document.id, url)
        if key not in self._sessions:
            self._sessions[key] = PeerSession(self._http, self._identity, url, document.id)
        return self._sessions[key]
