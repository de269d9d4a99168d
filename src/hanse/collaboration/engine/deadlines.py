"""Deadlines and revocations act when somebody submits a `Tick`; this node does for its flows."""

from __future__ import annotations

import structlog

from hanse.collaboration.engine.context import EngineContext
from hanse.collaboration.engine.views import FlowView
from hanse.contracts.flows.messages import Tick
from hanse.contracts.flows.queries import overdue_steps
from hanse.contracts.flows.rules import grants_of
from hanse.core.errors import HanseError

GRACE_MS = 500
AGAIN_MS = 5_000
_log = structlog.get_logger("hanse.collaboration")


class Deadlines:
    """Submits ticks for overdue steps this member takes part in, and for revoked grants."""

    def __init__(self, ctx: EngineContext) -> None:
        self._ctx = ctx
        self._sent_ms: dict[str, int] = {}
        self._due: set[str] = set()

    def revoked(self, grant: str) -> None:
        """A grant was revoked: flows that use it are to end now."""
        for flow in self._ctx.journal.flows(live=True):
            view = FlowView.read(self._ctx.ledger.state, flow)
            if view and grant in grants_of(view.spec):
                self._due.add(flow)
        self._ctx.signals.notify()

    async def run(self) -> None:
        """Look for ever."""
        while True:
            for flow in self._ctx.journal.flows(live=True):
                if flow in self._due or self._is_overdue(flow):
                    self._due.discard(flow)
                    await self._tick(flow)
            await self._ctx.signals.wait(self._ctx.settings.tick_s)

    def _is_overdue(self, flow: str) -> bool:
        now = self._ctx.clock()
        if now - self._sent_ms.get(flow, 0) < AGAIN_MS:
            return False
        view = FlowView.read(self._ctx.ledger.state, flow)
        if view is None or not view.is_active:
            return False
        alias = view.alias_of(self._ctx.did)
        for step in overdue_steps(self._ctx.ledger.state, flow, now - GRACE_MS):
            found = view.step(step)
            parties = found.parties if found else []
            # One after the other, so that the parties do not all send the same at once.
            turn = parties.index(alias) if alias in parties else -1
            record = found.record if found else None
            if turn >= 0 and record and now >= record.deadline_ms + GRACE_MS * (turn + 1):
                return True
        return False

    async def _tick(self, flow: str) -> None:
        view = FlowView.read(self._ctx.ledger.state, flow)
        if view is None or not view.is_active:
            return
        self._sent_ms[flow] = self._ctx.clock()
        try:
            receipt = await self._ctx.ledger.submit("flows", Tick(flow))
        except HanseError as error:
            _log.info("tick.not_sent", flow=flow, code=error.code)
            return
        _log.info("tick.sent", flow=flow, ok=receipt.ok, code=receipt.code)
