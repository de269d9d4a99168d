"""Search in the shared catalogue."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, select

from hanse.api.base import Page
from hanse.api.catalogue import DatasetView, FieldView, ResourceView
from hanse.node.errors import NothingFound
from hanse.node.views.projections.catalogue import fold
from hanse.node.views.queries.paging import PageRequest, fetch_page, like, names
from hanse.node.views.tables import datasets, resources


@dataclass(frozen=True)
class DatasetFilter:
    """Conditions of a search; empty means any.

    Attributes:
        q: words that must all occur, as substrings (so Chinese needs no word breaking).
    """

    q: str = ""
    owner: str = ""
    keyword: str = ""
    field: str = ""
    purpose: str = ""
    operator: str = ""
    max_level: int | None = None
    state: str = ""


def search_datasets(
    connection: Connection, page: PageRequest, wanted: DatasetFilter, tables: Mapping[str, str]
) -> Page[DatasetView]:
    """Datasets that fit. Withdrawn ones only when asked for by state.

    Exact terms (keyword, field, purpose, operator) are compared after SQL has narrowed the rows
    by owner, level, state and words.
    """
    known = names(connection)
    query = _conditions(wanted)
    found: list[DatasetView] = []
    after = page.after
    while True:
        part = fetch_page(
            connection,
            query,
            datasets.c.position,
            PageRequest(page.limit, after),
            lambda row: (row["position"], _dataset(row, known, tables)),
        )
        for position, view in part.items:
            if _fits(view, wanted):
                if len(found) == page.limit:
                    return Page(items=found, next=after)
                found.append(view)
            after = str(position)
        if not part.next:
            return Page(items=found)


def get_dataset(connection: Connection, dataset: str, tables: Mapping[str, str]) -> DatasetView:
    """One entry, withdrawn or not; raises NothingFound."""
    query = select(datasets).where(datasets.c.id == dataset)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise NothingFound("no such dataset")
    return _dataset(row, names(connection), tables)


def list_resources(
    connection: Connection,
    page: PageRequest,
    *,
    owner: str = "",
    protocol: str = "",
    state: str = "",
) -> Page[ResourceView]:
    """Computing resources; withdrawn ones only when asked for by state."""
    known = names(connection)
    query = select(resources).where(resources.c.state == (state or "PUBLISHED"))
    if owner:
        query = query.where(resources.c.owner == owner)
    if protocol:
        query = query.where(resources.c.entry.like(like(f'"{protocol}"'), escape="\\"))
    return fetch_page(
        connection, query, resources.c.position, page, lambda row: _resource(row, known)
    )


def get_resource(connection: Connection, resource: str) -> ResourceView:
    """One resource; raises NothingFound."""
    query = select(resources).where(resources.c.id == resource)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise NothingFound("no such resource")
    return _resource(row, names(connection))


def _conditions(wanted: DatasetFilter) -> Select[Any]:
    query = select(datasets).where(datasets.c.state == (wanted.state or "PUBLISHED"))
    for word in fold(wanted.q).split():
        query = query.where(datasets.c.search.like(like(word), escape="\\"))
    if wanted.owner:
        query = query.where(datasets.c.owner == wanted.owner)
    if wanted.max_level is not None:
        query = query.where(datasets.c.level <= wanted.max_level)
    return query


def _fits(view: DatasetView, wanted: DatasetFilter) -> bool:
    def allows(values: list[str], value: str) -> bool:
        return not value or value in values or "*" in values

    return (
        (not wanted.keyword or fold(wanted.keyword) in [fold(word) for word in view.keywords])
        and (not wanted.field or wanted.field in [field.name for field in view.fields])
        and allows(view.purposes, wanted.purpose)
        and allows(view.operators, wanted.operator)
    )


def _dataset(row: RowMapping, known: Mapping[str, str], tables: Mapping[str, str]) -> DatasetView:
    entry: dict[str, Any] = json.loads(row["entry"])
    provenance = {name: text for name, text in entry["provenance"].items() if text}
    return DatasetView(
        id=entry["id"],
        owner=entry["owner"],
        owner_name=known.get(entry["owner"], ""),
        title=entry["title"],
        description=entry["description"],
        keywords=entry["keywords"],
        fields=[FieldView(**field) for field in entry["fields"]],
        row_count=entry["row_count"],
        commitment=entry["commitment"],
        level=entry["level"],
        operators=entry["operators"],
        purposes=entry["purposes"],
        price_points=entry["price_points"],
        provenance=provenance,
        policy=entry["policy"],
        state=row["state"],
        published_ms=entry["published_ms"],
        updated_ms=entry["updated_ms"],
        table=tables.get(entry["id"], ""),
    )


def _resource(row: RowMapping, known: Mapping[str, str]) -> ResourceView:
    entry: dict[str, Any] = json.loads(row["entry"])
    return ResourceView(
        id=entry["id"],
        owner=entry["owner"],
        owner_name=known.get(entry["owner"], ""),
        kind=entry["kind"],
        protocols=entry["protocols"],
        price_points=entry["price_points"],
        cores=entry["cores"],
        memory_bytes=entry["memory_bytes"],
        state=row["state"],
    )
