"""Sealed messages coming in: opened, checked, handed to whoever handles their type."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from hanse.core.errors import HanseError
from hanse.identity.did import Resolver
from hanse.identity.holder import Identity
from hanse.identity.messages import unpack
from hanse.identity.replay import ReplayGuard
from hanse.node.observability.logs import bind_task, logger
from hanse.node.observability.metrics import Metrics
from hanse.node.transport.dispatcher import Dispatcher

_log = logger("node.inbox")


class Inbox:
    """Takes what `POST /v1/messages` receives.

    Args:
        identity: the recipient.
        resolver: gives a resolver over the ledger's present state.
        replay: remembers messages until they expire.
        dispatcher: handlers by type.
        metrics: counts messages.
    """

    def __init__(
        self,
        identity: Identity,
        resolver: Callable[[], Resolver],
        replay: ReplayGuard,
        dispatcher: Dispatcher,
        metrics: Metrics,
    ) -> None:
        self._identity = identity
        self._resolver = resolver
        self._replay = replay
        self._dispatcher = dispatcher
        self._metrics = metrics

    async def receive(self, raw: bytes) -> tuple[str, str]:
        """Open, check and hand on; returns the sender's DID and the message's id.

        Raises:
            HanseError: forged, altered, expired, replayed, for somebody else, of an unknown
                type, or refused by its handler.
        """
        try:
            message = await asyncio.to_thread(
                unpack, self._identity, self._resolver(), raw, self._replay
            )
            flow, step = (str(message.body.get(key, "")) for key in ("flow", "step"))
            with bind_task(flow, step):
                _log.info("message.received", sender=message.sender, type=message.type)
                await self._dispatcher.dispatch(message)
        except HanseError as error:
            self._metrics.messages.labels("in", error.code).inc()
            raise
        self._metrics.messages.labels("in", "ok").inc()
        return message.sender, message.id
