"""Evidence and the audit trace over the ledger."""

from __future__ import annotations

from fastapi import APIRouter

from hanse.api.base import Page
from hanse.api.evidence import EvidenceView, OpenedEvidenceView, TraceView
from hanse.node.evidence import EvidenceOpener
from hanse.node.http.dependencies import NetworkDep, NodeDep, PageDep, Text
from hanse.node.http.operations import operation
from hanse.node.views.queries import evidence as queries
from hanse.node.views.queries.trace import trace as trace_subject

router = APIRouter()


@operation(router, "evidence.list")
def list_evidence(
    node: NodeDep,
    network: NetworkDep,
    page: PageDep,
    flow: Text = "",
    step: Text = "",
    party: Text = "",
    subject: Text = "",
) -> Page[EvidenceView]:
    """Commitments on the ledger."""
    opener = EvidenceOpener(node.identity, network.ledger.state)
    with network.views.read() as connection:
        return queries.list_evidence(
            connection,
            page,
            opener.is_openable,
            flow=flow,
            step=step,
            party=party,
            subject=subject,
        )


@operation(router, "evidence.open")
def open_evidence(node: NodeDep, network: NetworkDep, id: str) -> OpenedEvidenceView:  # noqa: A002
    """Open a commitment sealed to this node; checked before it is answered."""
    opener = EvidenceOpener(node.identity, network.ledger.state)
    with network.views.read() as connection:
        view = queries.get_evidence(connection, id, opener.is_openable)
    record, item = queries.split_id(id)
    value = opener.open(record, item)
    return OpenedEvidenceView(**view.model_dump(), value=value)


@operation(router, "audit.trace")
def trace(network: NetworkDep, subject: str) -> TraceView:
    """Everything about a subject and what it hangs on."""
    with network.views.read() as connection:
        return trace_subject(connection, subject)
