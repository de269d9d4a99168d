"""Grants as they stand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

from sqlalchemy import Connection, RowMapping, select

from hanse.api.base import Page
from hanse.api.grants import GrantView
from hanse.node.errors import NothingFound
from hanse.node.views.queries.paging import PageRequest, fetch_page, names
from hanse.node.views.tables import datasets, grants


def list_grants(
    connection: Connection,
    page: PageRequest,
    own: str,
    now_ms: int,
    *,
    side: str = "",
    state: str = "",
    standing: str = "",
    dataset: str = "",
) -> Page[GrantView]:
    """Grants; ``side`` owner or consumer narrows to this node's."""
    query = select(grants)
    if side == "owner":
        query = query.where(grants.c.owner == own)
    elif side == "consumer":
        query = query.where(grants.c.consumer == own)
    elif side == "other":
        query = query.where(grants.c.owner != own, grants.c.consumer != own)
    if state:
        query = query.where(grants.c.state == state)
    if standing:
        query = query.where(grants.c.standing == standing)
    if dataset:
        query = query.where(grants.c.dataset == dataset)
    known, titles = names(connection), _titles(connection)
    return fetch_page(
        connection,
        query,
        grants.c.position,
        page,
        lambda row: _view(row, own, now_ms, known, titles),
    )


def get_grant(connection: Connection, grant: str, own: str, now_ms: int) -> GrantView:
    """One grant; raises NothingFound."""
    row = connection.execute(select(grants).where(grants.c.id == grant)).mappings().one_or_none()
    if row is None:
        raise NothingFound("no such grant")
    return _view(row, own, now_ms, names(connection), _titles(connection))


def _titles(connection: Connection) -> dict[str, str]:
    rows = connection.execute(select(datasets.c.id, datasets.c.title))
    return {row[0]: row[1] for row in rows}


def _side(row: RowMapping, own: str) -> Literal["owner", "consumer", "other"]:
    if row["owner"] == own:
        return "owner"
    return "consumer" if row["consumer"] == own else "other"


def _view(
    row: RowMapping,
    own: str,
    now_ms: int,
    known: Mapping[str, str],
    titles: Mapping[str, str],
) -> GrantView:
    entry: dict[str, Any] = json.loads(row["entry"])
    terms = entry["terms"]
    standing = row["standing"]
    if standing == "ACTIVE" and terms["not_after_ms"] < now_ms:
        standing = "EXPIRED"  # the ledger finds out at the next use
    return GrantView(
        id=row["id"],
        dataset=row["dataset"],
        dataset_title=titles.get(row["dataset"], ""),
        owner=row["owner"],
        owner_name=known.get(row["owner"], ""),
        consumer=row["consumer"],
        consumer_name=known.get(row["consumer"], ""),
        side=_side(row, own),
        fields=terms["fields"],
        purpose=terms["purpose"],
        operators=terms["operators"],
        uses=terms["uses"],
        uses_left=terms["uses"] - row["reserved"] - row["consumed"],
        uses_reserved=row["reserved"],
        not_after_ms=terms["not_after_ms"],
        price_points=terms["price_points"],
        state=row["state"],
        standing=standing,
        reason=entry["reason"],
        updated_ms=row["updated_ms"],
        transaction=row["transaction"],
    )
