"""Accounts and their history."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, RowMapping, select

from hanse.api.base import Page
from hanse.api.points import AccountEntryView, AccountView
from hanse.node.errors import NothingFound
from hanse.node.views.queries.paging import PageRequest, fetch_page, names
from hanse.node.views.tables import accounts, members, movements


def list_accounts(connection: Connection, page: PageRequest) -> Page[AccountView]:
    """Every account that ever held points."""
    known = names(connection)
    query = select(accounts)
    return fetch_page(
        connection, query, accounts.c.position, page, lambda row: _account(row, known)
    )


def get_account(connection: Connection, did: str) -> AccountView:
    """One account; a member without points has an empty one. Raises NothingFound."""
    known = names(connection)
    query = select(accounts).where(accounts.c.did == did)
    row = connection.execute(query).mappings().one_or_none()
    if row is not None:
        return _account(row, known)
    member = select(members.c.did).where(members.c.did == did)
    if connection.execute(member).scalar_one_or_none() is None:
        raise NothingFound("no such account")
    return AccountView(did=did, name=known.get(did, ""), balance_points=0)


def history(connection: Connection, did: str, page: PageRequest) -> Page[AccountEntryView]:
    """Movements of an account, newest first."""
    known = names(connection)
    query = select(movements).where(movements.c.did == did)
    return fetch_page(connection, query, movements.c.position, page, lambda row: _entry(row, known))


def _account(row: RowMapping, known: Mapping[str, str]) -> AccountView:
    return AccountView(
        did=row["did"],
        name=known.get(row["did"], ""),
        balance_points=row["balance_points"],
        held_points=row["held_points"],
        frozen=row["frozen"],
    )


def _entry(row: RowMapping, known: Mapping[str, str]) -> AccountEntryView:
    return AccountEntryView(
        time_ms=row["time_ms"],
        height=row["height"],
        transaction=row["transaction"],
        kind=row["kind"],
        amount_points=row["amount_points"],
        counterparty=row["counterparty"],
        counterparty_name=known.get(row["counterparty"], ""),
        subject=row["subject"],
        memo=row["memo"],
    )
