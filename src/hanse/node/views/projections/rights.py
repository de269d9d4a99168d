"""Grants and the count of their uses."""

from __future__ import annotations

from sqlalchemy import Connection

from hanse.contracts.rights import events
from hanse.node.views.fact import Fact, Projection, change, put, to_json
from hanse.node.views.tables import grants

projection = Projection("rights")


@projection.on(events.GrantRequested)
def requested(connection: Connection, fact: Fact, event: events.GrantRequested) -> None:
    """A new grant."""
    put(connection, grants, {"id": event.grant}, {"position": fact.position, **_row(fact, event)})


@projection.on(
    events.GrantOffered,
    events.OfferAccepted,
    events.GrantAgreed,
    events.GrantVerified,
    events.GrantFinalized,
    events.GrantTerminated,
    events.GrantRevoked,
)
def moved(connection: Connection, fact: Fact, event: events.GrantEvent) -> None:
    """A step of its life."""
    change(connection, grants, {"id": event.grant}, **_row(fact, event))


@projection.on(events.UseReserved, events.UseConsumed, events.UseReleased)
def used(connection: Connection, fact: Fact, event: events.UseEvent) -> None:
    """Another count of uses."""
    values = {
        "standing": event.standing,
        "reserved": event.reserved,
        "consumed": event.consumed,
        "updated_ms": fact.time_ms,
    }
    change(connection, grants, {"id": event.grant}, **values)


def _row(fact: Fact, event: events.GrantEvent) -> dict[str, object]:
    entry = event.entry
    return {
        "dataset": entry.dataset,
        "owner": entry.owner,
        "consumer": entry.consumer,
        "state": entry.state,
        "standing": entry.standing,
        "reserved": entry.reserved,
        "consumed": entry.consumed,
        "entry": to_json(entry),
        "updated_ms": fact.time_ms,
        "transaction": fact.transaction,
    }
