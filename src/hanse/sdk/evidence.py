"""Evidence and audit."""

from __future__ import annotations

from hanse.api.base import Page
from hanse.api.evidence import (
    AuditLogEntry,
    EvidenceView,
    LogVerificationView,
    OpenedEvidenceView,
    TraceView,
)
from hanse.sdk.area import Area, page


class EvidenceArea(Area):
    """Commitments on the ledger."""

    def list(
        self,
        *,
        flow: str | None = None,
        step: str | None = None,
        party: str | None = None,
        subject: str | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> Page[EvidenceView]:
        """One page of evidence."""
        query = page(limit, after, flow=flow, step=step, party=party, subject=subject)
        return self._http.call("evidence.list", Page[EvidenceView], query=query)

    def open(self, evidence: str) -> OpenedEvidenceView:
        """Open a commitment sealed to this node; it is checked before it is answered."""
        return self._http.call("evidence.open", OpenedEvidenceView, path={"id": evidence})


class AuditArea(Area):
    """Traces over the ledger, and the node's own log."""

    def trace(self, subject: str) -> TraceView:
        """Everything about a dataset, grant, flow, member or transaction."""
        return self._http.call("audit.trace", TraceView, path={"subject": subject})

    def log(
        self,
        *,
        actor: str | None = None,
        action: str | None = None,
        subject: str | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> Page[AuditLogEntry]:
        """One page of the log of operations, newest first."""
        query = page(limit, after, actor=actor, action=action, subject=subject)
        return self._http.call("audit.log", Page[AuditLogEntry], query=query)

    def verify_log(self) -> LogVerificationView:
        """Recompute the log's chain and compare it with its anchors on the ledger."""
        return self._http.call("audit.verify_log", LogVerificationView, timeout_s=300.0)
