"""Commitments on record. One is named ``<record>.<place>``."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import Connection, RowMapping, select

from hanse.api.base import Page
from hanse.api.evidence import EvidenceView
from hanse.node.errors import NothingFound
from hanse.node.views.queries.paging import PageRequest, names
from hanse.node.views.tables import evidence

IsOpenable = Callable[[str, int], bool]
ITEMS_PER_RECORD = 100


def list_evidence(
    connection: Connection,
    page: PageRequest,
    is_openable: IsOpenable,
    *,
    flow: str = "",
    step: str = "",
    party: str = "",
    subject: str = "",
) -> Page[EvidenceView]:
    """Commitments, newest record first, items in their own order."""
    query = select(evidence)
    for column, value in (
        (evidence.c.subject, flow or subject),
        (evidence.c.step, step),
        (evidence.c.party, party),
    ):
        if value:
            query = query.where(column == value)
    if page.position is not None:
        place = evidence.c.position * ITEMS_PER_RECORD - evidence.c.item
        query = query.where(place < page.position)
    ordered = query.order_by(evidence.c.position.desc(), evidence.c.item).limit(page.limit + 1)
    rows = connection.execute(ordered).mappings().all()
    known = names(connection)
    shown = rows[: page.limit]
    after = ""
    if len(rows) > page.limit:
        after = str(shown[-1]["position"] * ITEMS_PER_RECORD - shown[-1]["item"])
    return Page(items=[_view(row, known, is_openable) for row in shown], next=after)


def get_evidence(connection: Connection, id_: str, is_openable: IsOpenable) -> EvidenceView:
    """One commitment; raises NothingFound."""
    record, item = split_id(id_)
    query = select(evidence).where(evidence.c.id == record, evidence.c.item == item)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise NothingFound("no such evidence")
    return _view(row, names(connection), is_openable)


def split_id(id_: str) -> tuple[str, int]:
    """Record and place.

    Raises:
        NothingFound: when it is no evidence id.
    """
    record, _, item = id_.partition(".")
    if not (item.isascii() and item.isdigit() and len(item) < 4):
        raise NothingFound("no such evidence")
    return record, int(item)


def _view(row: RowMapping, known: Mapping[str, str], is_openable: IsOpenable) -> EvidenceView:
    return EvidenceView(
        id=f"{row['id']}.{row['item']}",
        flow=row["subject"],
        step=row["step"],
        attempt=row["attempt"],
        party=row["party"],
        party_name=known.get(row["party"], ""),
        name=row["name"],
        kind=row["kind"],
        commitment=row["commitment"],
        openable=is_openable(row["id"], row["item"]),
        height=row["height"],
        time_ms=row["time_ms"],
        transaction=row["transaction"],
    )
