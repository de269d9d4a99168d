"""Pages: newest first, continued by the position of the last row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Column, Connection, RowMapping, Select, select

from hanse.api.base import Page
from hanse.core.errors import InputError
from hanse.node.views.tables import members

V = TypeVar("V")
DEFAULT_LIMIT = 100


@dataclass(frozen=True)
class PageRequest:
    """``limit`` 1 to 500, ``after`` as a page before answered it."""

    limit: int = DEFAULT_LIMIT
    after: str = ""

    @property
    def position(self) -> int | None:
        """``after`` as a position.

        Raises:
            InputError: when it is none.
        """
        if not self.after:
            return None
        if not (self.after.isascii() and self.after.isdigit() and len(self.after) <= 18):
            raise InputError("after is not what a page answered")
        return int(self.after)


def fetch_page(
    connection: Connection,
    query: Select[Any],
    order: Column[int],
    page: PageRequest,
    view: Callable[[RowMapping], V],
) -> Page[V]:
    """Run a query newest first; one row more than asked for tells whether a page follows."""
    if page.position is not None:
        query = query.where(order < page.position)
    rows = connection.execute(query.order_by(order.desc()).limit(page.limit + 1)).mappings().all()
    shown = rows[: page.limit]
    more = len(rows) > page.limit
    return Page(items=[view(row) for row in shown], next=str(shown[-1][order.name]) if more else "")


def names(connection: Connection) -> dict[str, str]:
    """Display name of every member by DID."""
    rows = connection.execute(select(members.c.did, members.c.name))
    return {row[0]: row[1] for row in rows}


def like(text: str) -> str:
    """A LIKE pattern for a substring; use with ``escape="\\\\"``."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
