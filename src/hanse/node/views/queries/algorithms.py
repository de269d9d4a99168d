"""Members' own algorithms, for the API."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from hanse.api.algorithms import AlgorithmView
from hanse.api.base import Page
from hanse.node.errors import NothingFound
from hanse.node.views.queries.paging import PageRequest, fetch_page, names
from hanse.node.views.tables import algorithm_approvals, algorithms


def list_algorithms(
    connection: Connection,
    page: PageRequest,
    has: Callable[[str], bool],
    *,
    author: str = "",
    state: str = "",
) -> Page[AlgorithmView]:
    """Algorithms; withdrawn ones only when asked for by state."""
    known = names(connection)
    query = select(algorithms).where(algorithms.c.state == (state or "PUBLISHED"))
    if author:
        query = query.where(algorithms.c.author == author)
    return fetch_page(
        connection,
        query,
        algorithms.c.position,
        page,
        lambda row: _view(connection, row, known, has),
    )


def get_algorithm(
    connection: Connection, algorithm: str, has: Callable[[str], bool]
) -> AlgorithmView:
    """One version; raises NothingFound."""
    query = select(algorithms).where(algorithms.c.id == algorithm)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise NothingFound("no such algorithm")
    return _view(connection, row, names(connection), has)


def _view(
    connection: Connection, row: RowMapping, known: Mapping[str, str], has: Callable[[str], bool]
) -> AlgorithmView:
    entry: dict[str, Any] = json.loads(row["entry"])
    approvals = select(algorithm_approvals.c.party).where(
        algorithm_approvals.c.algorithm == row["id"], algorithm_approvals.c.state == "APPROVED"
    )
    return AlgorithmView(
        id=entry["id"],
        author=entry["author"],
        author_name=known.get(entry["author"], ""),
        title=str(entry["manifest"].get("title", "")),
        fingerprint=entry["fingerprint"],
        size_bytes=entry["size_bytes"],
        levels=entry["levels"],
        manifest=entry["manifest"],
        manifest_digest=entry["manifest_digest"],
        environment=entry["environment"],
        approved_by=sorted(connection.execute(approvals).scalars()),
        state=row["state"],
        published_ms=entry["published_ms"],
        here=has(entry["fingerprint"]),
    )
