"""Evidence on the ledger, its opening by a named party, and the audit trail."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from hanse.api.base import Page, View
from hanse.api.operation import Operation


class EvidenceView(View):
    """A salted commitment on the ledger. ``openable``: this node holds a key of its envelope."""

    id: str
    flow: str = ""
    step: str = ""
    attempt: int = 0
    party: str
    party_name: str = ""
    name: str
    kind: str
    commitment: str
    openable: bool = False
    height: int = 0
    time_ms: int = 0
    transaction: str = ""


class OpenedEvidenceView(EvidenceView):
    """The committed value; it was checked against the commitment before it was answered."""

    value: Any


class TraceEntry(View):
    """One fact about a subject, with the transaction that proves it."""

    time_ms: int
    height: int
    transaction: str
    actor: str
    actor_name: str = ""
    contract: str
    event: str
    subjects: list[str] = Field(default_factory=list)
    data: dict[str, Any] = Field(default_factory=dict)


class TraceView(View):
    """Everything the ledger knows about a dataset, grant, flow, member or transaction."""

    subject: str
    kind: str
    related: list[str] = Field(default_factory=list)
    entries: list[TraceEntry]


class AuditLogEntry(View):
    """One line of the node's hash-chained log of operations."""

    index: int
    time_ms: int
    actor: str
    action: str
    subject: str = ""
    outcome: str = ""
    request_id: str = ""
    hash: str
    previous: str


class LogVerificationView(View):
    """Result of recomputing the log's chain and comparing it with its anchors."""

    state: Literal["INTACT", "BROKEN"]
    length: int
    head: str
    anchored_length: int = 0
    anchored_height: int = 0
    broken_index: int | None = None
    detail: str = ""


OPERATIONS = (
    Operation(
        "evidence.list",
        "GET",
        "/v1/evidence",
        "Search evidence",
        Page[EvidenceView],
        query=("flow", "step", "party", "subject"),
    ),
    Operation(
        "evidence.open",
        "POST",
        "/v1/evidence/{id}/open",
        "Open a commitment sealed to this node",
        OpenedEvidenceView,
    ),
    Operation(
        "audit.trace",
        "GET",
        "/v1/audit/trace/{subject}",
        "Everything about a dataset, grant, flow, member or transaction",
        TraceView,
    ),
    Operation(
        "audit.log",
        "GET",
        "/v1/audit/log",
        "The node's log of operations, newest first",
        Page[AuditLogEntry],
        query=("actor", "action", "subject"),
    ),
    Operation(
        "audit.verify_log",
        "POST",
        "/v1/audit/log/verify",
        "Recompute the log's chain and compare its anchors",
        LogVerificationView,
    ),
)
