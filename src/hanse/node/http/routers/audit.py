"""The node's own log of operations."""

from __future__ import annotations

from fastapi import APIRouter

from hanse.api.base import Page
from hanse.api.evidence import AuditLogEntry, LogVerificationView
from hanse.node.audit.verification import verify_log
from hanse.node.http.dependencies import NodeDep, PageDep, Text
from hanse.node.http.operations import operation

router = APIRouter()


@operation(router, "audit.log")
def log(
    node: NodeDep, page: PageDep, actor: Text = "", action: Text = "", subject: Text = ""
) -> Page[AuditLogEntry]:
    """The log, newest first."""
    rows = node.host.audit.entries(
        before=page.position or 0,
        limit=page.limit + 1,
        actor=actor,
        operation=action,
        target=subject,
    )
    shown = rows[: page.limit]
    items = [
        AuditLogEntry(
            index=row.entry.number,
            time_ms=row.entry.time_ms,
            actor=row.entry.actor,
            action=row.entry.operation,
            subject=row.entry.target,
            outcome=row.entry.outcome,
            request_id=row.entry.request_id,
            hash=row.hash,
            previous=row.previous,
        )
        for row in shown
    ]
    more = len(rows) > page.limit
    return Page(items=items, next=str(shown[-1].entry.number) if more else "")


@operation(router, "audit.verify_log")
def verify(node: NodeDep) -> LogVerificationView:
    """Recompute the chain and compare it with the heads on the ledger."""
    anchored = {} if node.network is None else node.network.anchors_of(node.identity.did)
    return verify_log(node.host.audit, anchored)
