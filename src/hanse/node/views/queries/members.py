"""The member directory."""

from __future__ import annotations

from sqlalchemy import Connection, RowMapping, func, select

from hanse.api.base import Page
from hanse.api.members import MemberView
from hanse.node.errors import NothingFound
from hanse.node.views.queries.paging import PageRequest, fetch_page, like
from hanse.node.views.tables import members


def list_members(
    connection: Connection, page: PageRequest, *, q: str = "", role: str = "", state: str = ""
) -> Page[MemberView]:
    """Members; ``q`` looks in names and DIDs."""
    query = select(members)
    if q:
        pattern = like(q.casefold())
        query = query.where(
            func.lower(members.c.name).like(pattern, escape="\\")
            | members.c.did.like(pattern, escape="\\")
        )
    if role:
        padded = "," + members.c.roles + ","
        query = query.where(padded.like(like(f",{role},"), escape="\\"))
    if state:
        query = query.where(members.c.state == state)
    return fetch_page(connection, query, members.c.position, page, _view)


def get_member(connection: Connection, did: str) -> MemberView:
    """One member; raises NothingFound."""
    row = connection.execute(select(members).where(members.c.did == did)).mappings().one_or_none()
    if row is None:
        raise NothingFound("no such member")
    return _view(row)


def _view(row: RowMapping) -> MemberView:
    return MemberView(
        did=row["did"],
        name=row["name"],
        roles=row["roles"].split(","),
        controller=row["controller"],
        state=row["state"],
        endpoint=row["endpoint"],
        registered_height=row["registered_height"],
    )
