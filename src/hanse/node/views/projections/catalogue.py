"""Catalogue entries and the text they are searched by."""

from __future__ import annotations

import unicodedata

from sqlalchemy import Connection

from hanse.contracts.catalogue import events
from hanse.contracts.catalogue.types import DatasetRecord
from hanse.node.views.fact import Fact, Projection, change, put, to_json
from hanse.node.views.tables import datasets, resources

projection = Projection("catalogue")


def fold(text: str) -> str:
    """Search form: compatibility characters (full-width letters) and case made equal."""
    return unicodedata.normalize("NFKC", text).casefold()


@projection.on(events.DatasetPublished)
def published(connection: Connection, fact: Fact, event: events.DatasetPublished) -> None:
    """A new entry."""
    values = {"position": fact.position, **_values(event.entry)}
    put(connection, datasets, {"id": event.dataset}, values)


@projection.on(events.DatasetUpdated)
def updated(connection: Connection, _fact: Fact, event: events.DatasetUpdated) -> None:
    """Described anew."""
    change(connection, datasets, {"id": event.dataset}, **_values(event.entry))


@projection.on(events.DatasetWithdrawn)
def withdrawn(connection: Connection, _fact: Fact, event: events.DatasetWithdrawn) -> None:
    """No longer on offer."""
    change(connection, datasets, {"id": event.dataset}, state="WITHDRAWN")


@projection.on(events.ResourcePublished)
def resource(connection: Connection, fact: Fact, event: events.ResourcePublished) -> None:
    """Capacity on offer."""
    values = {
        "position": fact.position,
        "owner": event.owner,
        "state": event.entry.state,
        "entry": to_json(event.entry),
    }
    put(connection, resources, {"id": event.resource}, values)


@projection.on(events.ResourceWithdrawn)
def resource_withdrawn(
    connection: Connection, _fact: Fact, event: events.ResourceWithdrawn
) -> None:
    """Capacity no longer on offer."""
    change(connection, resources, {"id": event.resource}, state="WITHDRAWN")


def _values(entry: DatasetRecord) -> dict[str, object]:
    words = [entry.id, entry.title, entry.description, *entry.keywords, *entry.purposes]
    words += [f"{field.name} {field.description}" for field in entry.fields]
    return {
        "owner": entry.owner,
        "title": entry.title,
        "level": entry.level,
        "price_points": entry.price_points,
        "state": entry.state,
        "entry": to_json(entry),
        "search": fold("\n".join(words)),
    }
