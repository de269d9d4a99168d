"""Following committed blocks by a durable cursor."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from hanse.collaboration.engine.context import EngineContext
from hanse.core.errors import HanseError
from hanse.ledger.block import Block
from hanse.ledger.contract.contract import EmittedEvent
from hanse.ledger.errors import BlockPruned

CURSOR_EVERY = 64
_log = structlog.get_logger("hanse.collaboration")


class Following:
    """Finds the flows of this member in blocks and says which to look at.

    Args:
        ctx: the engine's parts.
        evaluate: called with each flow of this member that a block touched.
        revoked: called with each grant that was revoked.
    """

    def __init__(
        self,
        ctx: EngineContext,
        evaluate: Callable[[str], None],
        revoked: Callable[[str], None],
    ) -> None:
        self._ctx = ctx
        self._evaluate = evaluate
        self._revoked = revoked
        self.height = ctx.journal.cursor()
        self._written = self.height

    async def run(self) -> None:
        """Follow for ever; a failure is logged and following goes on from the cursor."""
        while True:
            try:
                async for block in self._ctx.ledger.blocks(self.height + 1):
                    self._take(block)
                return
            except BlockPruned as error:
                self._skip_to(error.base)
                continue
            except HanseError as error:
                _log.warning("engine.following", code=error.code)
            except Exception:
                _log.exception("engine.following")
            await asyncio.sleep(self._ctx.settings.retry_s)

    def _skip_to(self, base: int) -> None:
        """Go on above blocks that are not kept here; state says what became of known flows."""
        _log.warning("engine.gap", after=self.height, base=base)
        for flow in self._ctx.journal.flows():
            self._evaluate(flow)
        self.height = base - 1

    def _take(self, block: Block) -> None:
        """Take one block in; doing it twice does no harm."""
        touched: dict[str, None] = {}
        grants: list[str] = []
        journal = self._ctx.journal
        for receipt in block.receipts:
            for event in receipt.events:
                flow = self._flow_of(event, block.header.time_ms)
                if flow:
                    touched[flow] = None
                if event.contract == "rights" and event.name == "GrantRevoked":
                    grants.append(str(event.data["grant"]))
        height = block.header.height
        for flow in touched:
            self._evaluate(flow)
        for grant in grants:
            self._revoked(grant)
        self.height = height
        # Idle blocks are cheap to see again; each write here is a sync to disk.
        if touched or grants or height - self._written >= CURSOR_EVERY:
            journal.set_cursor(height)
            self._written = height
        self._ctx.signals.notify()

    def _flow_of(self, event: EmittedEvent, time_ms: int) -> str:
        """The flow an event is about when this member is a party of it, else empty."""
        if event.contract != "flows":
            return ""
        flow = str(event.data.get("flow", ""))
        if event.name == "FlowDeployed":
            parties = event.data["spec"]["parties"]
            if self._ctx.did in parties.values():
                self._ctx.journal.add_flow(flow, time_ms)
        return flow if self._ctx.journal.knows(flow) else ""
