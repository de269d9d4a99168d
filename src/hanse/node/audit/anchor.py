"""Anchoring the head of the audit log on the ledger, from time to time and at shutdown."""

from __future__ import annotations

import asyncio

from hanse.contracts.evidence.messages import AnchorLog
from hanse.core.errors import HanseError
from hanse.node.audit.log import AuditLog
from hanse.node.ledger_client import Submitter
from hanse.node.observability.logs import logger
from hanse.node.observability.metrics import Metrics

_log = logger("node.audit")


class Anchoring:
    """Puts the head on the ledger when it moved.

    Args:
        audit: the log.
        submitter: writes to the ledger.
        metrics: counts successes and failures.
        period_s: seconds between anchors.
    """

    def __init__(
        self, audit: AuditLog, submitter: Submitter, metrics: Metrics, period_s: float
    ) -> None:
        self._audit = audit
        self._submitter = submitter
        self._metrics = metrics
        self._period_s = period_s

    async def run(self) -> None:
        """Anchor for ever."""
        while True:
            await asyncio.sleep(self._period_s)
            await self.anchor()

    async def anchor(self, timeout_s: float = 30.0) -> bool:
        """Anchor once if the log has grown; a failure is logged and tried again next time."""
        head = await asyncio.to_thread(self._audit.head)
        last = await asyncio.to_thread(self._audit.last_anchor_length)
        if head.length == last:
            return False
        try:
            message = AnchorLog(head.hash, head.length)
            receipt = await self._submitter.submit("evidence", message, timeout_s=timeout_s)
            await asyncio.to_thread(self._audit.note_anchor, head, receipt.tx)
        except HanseError as error:
            self._metrics.audit_anchors.labels("failed").inc()
            _log.warning("audit.anchor_failed", code=error.code)
            return False
        self._metrics.audit_anchors.labels("ok").inc()
        _log.info("audit.anchored", length=head.length, tx=receipt.tx)
        return True
