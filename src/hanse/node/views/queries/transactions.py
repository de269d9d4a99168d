"""Search among transactions."""

from __future__ import annotations

from sqlalchemy import Connection, select

from hanse.api.base import Page
from hanse.node.views.queries.paging import PageRequest, fetch_page
from hanse.node.views.tables import fact_subjects, facts, transactions


def find_transactions(
    connection: Connection,
    page: PageRequest,
    *,
    from_height: int = 0,
    sender: str = "",
    contract: str = "",
    action: str = "",
    subject: str = "",
) -> Page[str]:
    """Ids of transactions, newest first.

    Args:
        connection: of the views.
        page: which part.
        from_height: lowest block to look at; those below may be pruned.
        sender: DID.
        contract: name.
        action: name.
        subject: any identifier that events name.
    """
    query = select(transactions).where(transactions.c.height >= from_height)
    for column, value in (
        (transactions.c.sender, sender),
        (transactions.c.contract, contract),
        (transactions.c.action, action),
    ):
        if value:
            query = query.where(column == value)
    if subject:
        about = (
            select(facts.c.transaction)
            .join(fact_subjects, fact_subjects.c.position == facts.c.position)
            .where(fact_subjects.c.subject == subject)
        )
        query = query.where(transactions.c.id.in_(about))
    return fetch_page(connection, query, transactions.c.position, page, lambda row: str(row["id"]))
