"""Members' own algorithms, and who approved them."""

from __future__ import annotations

from sqlalchemy import Connection

from hanse.contracts.algorithms import events
from hanse.node.views.fact import Fact, Projection, change, put, to_json
from hanse.node.views.tables import algorithm_approvals, algorithms

projection = Projection("algorithms")


@projection.on(events.AlgorithmPublished)
def published(connection: Connection, fact: Fact, event: events.AlgorithmPublished) -> None:
    """A new version."""
    values = {
        "position": fact.position,
        "author": event.author,
        "state": event.entry.state,
        "entry": to_json(event.entry),
    }
    put(connection, algorithms, {"id": event.algorithm}, values)


@projection.on(events.AlgorithmWithdrawn)
def withdrawn(connection: Connection, _fact: Fact, event: events.AlgorithmWithdrawn) -> None:
    """No longer to be used."""
    change(connection, algorithms, {"id": event.algorithm}, state="WITHDRAWN")


@projection.on(events.AlgorithmApproved)
def approved(connection: Connection, _fact: Fact, event: events.AlgorithmApproved) -> None:
    """Approved by a party."""
    key = {"algorithm": event.algorithm, "party": event.party}
    put(connection, algorithm_approvals, key, {"state": "APPROVED"})


@projection.on(events.ApprovalRevoked)
def revoked(connection: Connection, _fact: Fact, event: events.ApprovalRevoked) -> None:
    """Approval taken back."""
    key = {"algorithm": event.algorithm, "party": event.party}
    put(connection, algorithm_approvals, key, {"state": "REVOKED"})
