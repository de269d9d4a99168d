"""The verdict on the audit log, as the API answers it."""

from __future__ import annotations

from collections.abc import Mapping

from hanse.api.evidence import LogVerificationView
from hanse.node.audit.log import AuditLog
from hanse.node.errors import AuditBroken


def verify_log(audit: AuditLog, anchored: Mapping[int, tuple[str, int]]) -> LogVerificationView:
    """Recompute the chain and compare it with anchored heads.

    Args:
        audit: the log.
        anchored: head and height by length, as the ledger has them.
    """
    length = max(anchored, default=0)
    height = anchored[length][1] if anchored else 0
    try:
        head = audit.verify({size: head for size, (head, _) in anchored.items()})
    except AuditBroken as error:
        found = audit.head()
        return LogVerificationView(
            state="BROKEN",
            length=found.length,
            head=found.hash,
            anchored_length=length,
            anchored_height=height,
            broken_index=error.index,
            detail=error.message,
        )
    return LogVerificationView(
        state="INTACT",
        length=head.length,
        head=head.hash,
        anchored_length=length,
        anchored_height=height,
    )
