"""One box for everything: height, hash, member, dataset, task, and whatever else has an id."""

from __future__ import annotations

import re

from sqlalchemy import Connection, func, or_, select

from hanse.api.consensus import MatchView, SearchView
from hanse.api.ledger import BlockSummary
from hanse.node.errors import NothingFound
from hanse.node.http.showing import find_transaction, summary
from hanse.node.network import Network
from hanse.node.views.queries.paging import PageRequest, like
from hanse.node.views.queries.trace import kind_of
from hanse.node.views.queries.transactions import find_transactions
from hanse.node.views.tables import blocks, datasets, flows, members

MOST_MATCHES = 20
MOST_TRANSACTIONS = 50
_HASH = re.compile(r"[0-9a-f]{64}\Z")
_HEIGHT = re.compile(r"[0-9]{1,15}\Z")
_ID = re.compile(r"(?:did:hanse:[a-z2-7]{32}|[a-z]{2,8}-[a-z2-7]{26})\Z")


def search_ledger(network: Network, text: str) -> SearchView:
    """What a text names; nothing found is an answer without matches.

    Args:
        network: of this node.
        text: a height; a block's hash, ours or the engine's, or a transaction's id, in hex; an
            identifier or DID; otherwise a part of a member's name, a dataset's title or a
            flow's name.

    Raises:
        BlockPruned: the block is known but not kept here.
    """
    if _HEIGHT.match(text):
        return SearchView(text=text, block=_block(network, int(text)))
    if _HASH.match(text.lower()):
        return _hash(network, text.lower())
    with network.views.read() as connection:
        identifier = bool(_ID.match(text))
        matches = (
            [MatchView(kind=kind_of(text), id=text, name=_name(connection, text))]
            if identifier
            else _named(connection, text)
        )
        ids = _about(network, connection, matches[0].id) if len(matches) == 1 else []
    if identifier and not ids:
        matches = []
    transactions = [find_transaction(network, id_) for id_ in ids]
    return SearchView(text=text, matches=matches, transactions=transactions)


def _block(network: Network, height: int) -> BlockSummary | None:
    header = network.ledger.header(height)
    return None if header is None else BlockSummary(**summary(network, header))


def _hash(network: Network, text: str) -> SearchView:
    try:
        found = find_transaction(network, text)
    except NothingFound:
        with network.views.read() as connection:
            query = select(blocks.c.height).where(
                or_(blocks.c.hash == text, blocks.c.engine_hash == text)
            )
            height = connection.execute(query).scalar()
        return SearchView(text=text, block=None if height is None else _block(network, height))
    return SearchView(
        text=text,
        block=_block(network, found.height),
        matches=[MatchView(kind="transaction", id=found.id)],
        transactions=[found],
    )


def _about(network: Network, connection: Connection, subject: str) -> list[str]:
    return find_transactions(
        connection,
        PageRequest(MOST_TRANSACTIONS),
        from_height=network.ledger.base,
        subject=subject,
    ).items


_TITLED = (
    ("member", members.c.did, members.c.name),
    ("dataset", datasets.c.id, datasets.c.title),
    ("flow", flows.c.id, flows.c.name),
)


def _name(connection: Connection, id_: str) -> str:
    for _, key, title in _TITLED:
        found = connection.execute(select(title).where(key == id_)).scalar()
        if found is not None:
            return str(found)
    return ""


def _named(connection: Connection, text: str) -> list[MatchView]:
    found: list[MatchView] = []
    for kind, key, title in _TITLED:
        pattern = like(text.casefold())
        query = select(key, title).where(func.lower(title).like(pattern, escape="\\"))
        rows = connection.execute(query.order_by(title).limit(MOST_MATCHES))
        found += [MatchView(kind=kind, id=row[0], name=row[1]) for row in rows]
    return found[:MOST_MATCHES]
