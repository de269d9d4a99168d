"""Commitments on record and anchored log heads."""

from __future__ import annotations

from sqlalchemy import Connection

from hanse.contracts.evidence import events
from hanse.node.views.fact import Fact, Projection, put
from hanse.node.views.tables import anchors, evidence

projection = Projection("evidence")


@projection.on(events.EvidenceRecorded)
def recorded(connection: Connection, fact: Fact, event: events.EvidenceRecorded) -> None:
    """One row per commitment."""
    items = zip(event.names, event.kinds, event.commitments, strict=True)
    for number, (name, kind, commitment) in enumerate(items):
        values = {
            "position": fact.position,
            "subject": event.subject,
            "step": event.step,
            "attempt": event.attempt,
            "party": event.party,
            "name": name,
            "kind": kind,
            "commitment": commitment,
            "height": fact.height,
            "time_ms": fact.time_ms,
            "transaction": fact.transaction,
        }
        put(connection, evidence, {"id": event.evidence, "item": number}, values)


@projection.on(events.LogAnchored)
def anchored(connection: Connection, fact: Fact, event: events.LogAnchored) -> None:
    """The head of a node's audit log."""
    key = {"member": event.member, "length": event.length}
    values = {"head": event.head, "height": fact.height, "transaction": fact.transaction}
    put(connection, anchors, key, values)
