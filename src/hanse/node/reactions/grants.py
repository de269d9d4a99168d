"""The consumer's confirmation of a grant, given by its node when the terms are as asked.

After the owner's `AgreeGrant` somebody has to compare what was agreed with what was asked or
accepted and confirm it; that is a mechanical act, so the node does it. Terms that differ are
left to people, and said so in the log.
"""

from __future__ import annotations

import asyncio

import msgspec
from sqlalchemy import insert, select, update

from hanse.contracts.rights.messages import VerifyGrant
from hanse.contracts.rights.types import GRANTS, GrantRecord, Terms
from hanse.core.errors import ConflictError, HanseError, UnavailableError
from hanse.ledger.block import Block
from hanse.node.clock import Clock, now_ms
from hanse.node.database.engine import Database
from hanse.node.database.tables import grant_requests
from hanse.node.errors import TermsDiffer
from hanse.node.ledger_client import LedgerReader, Submitter
from hanse.node.observability.logs import logger

_log = logger("node.grants")
_RETRY_S = 2.0


class GrantBook:
    """The terms this node asked for or accepted, by grant."""

    def __init__(self, database: Database, clock: Clock = now_ms) -> None:
        self._database = database
        self._clock = clock

    def expect(self, grant: str, terms: Terms) -> None:
        """Remember what a person of ours wants; replaces what was wanted before."""
        text = msgspec.json.encode(terms).decode()
        with self._database.write() as connection:
            row = grant_requests.c.grant_id == grant
            changed = connection.execute(
                update(grant_requests).where(row).values(terms=text, decision="")
            )
            if changed.rowcount == 0:
                values = {
                    "grant_id": grant,
                    "terms": text,
                    "decision": "",
                    "created_ms": self._clock(),
                }
                connection.execute(insert(grant_requests).values(values))

    def wanted(self, grant: str) -> Terms | None:
        """What was asked for, or None when nobody here did."""
        query = select(grant_requests.c.terms).where(grant_requests.c.grant_id == grant)
        with self._database.read() as connection:
            text = connection.execute(query).scalar_one_or_none()
        return None if text is None else msgspec.json.decode(text, type=Terms)

    def undecided(self) -> list[str]:
        """Grants nothing was decided about yet."""
        query = select(grant_requests.c.grant_id).where(grant_requests.c.decision == "")
        with self._database.read() as connection:
            return list(connection.execute(query).scalars())

    def decide(self, grant: str, decision: str) -> None:
        """Note the end: VERIFIED, DIFFERS or CLOSED."""
        with self._database.write() as connection:
            row = grant_requests.c.grant_id == grant
            connection.execute(update(grant_requests).where(row).values(decision=decision))


def require_wanted(record: GrantRecord, wanted: Terms) -> None:
    """Raise TermsDiffer unless the agreed terms are the wanted ones.

    A price nobody named when asking (the catalogue's) is part of the record from the start,
    so it is compared like everything else.
    """
    agreed, asked = record.terms, wanted
    for name in Terms.__struct_fields__:
        left, right = getattr(agreed, name), getattr(asked, name)
        if isinstance(left, list):
            left, right = sorted(left), sorted(right)
        if left != right:
            raise TermsDiffer(f"{name} of grant {record.id} differs from what was asked")


class GrantVerifier:
    """Follows the ledger and confirms agreed grants.

    Args:
        ledger: committed blocks and state.
        submitter: sends VerifyGrant.
        book: what was asked.
        own: DID of this node.
    """

    def __init__(
        self, ledger: LedgerReader, submitter: Submitter, book: GrantBook, own: str
    ) -> None:
        self._ledger = ledger
        self._submitter = submitter
        self._book = book
        self._own = own

    async def run(self) -> None:
        """Look at what is open, then at each new block, for ever."""
        start = self._ledger.height + 1
        await self.look()
        async for block in self._ledger.blocks(start):
            if self._concerns(block):
                await self.look()

    async def look(self) -> None:
        """Confirm every grant that is agreed as asked."""
        for grant in await asyncio.to_thread(self._book.undecided):
            await self._settle(grant)

    async def _settle(self, grant: str) -> None:
        record = GRANTS.get(self._ledger.state, grant)
        wanted = await asyncio.to_thread(self._book.wanted, grant)
        if record is None or wanted is None or record.state in ("REQUESTED", "OFFERED", "ACCEPTED"):
            return
        decision = "CLOSED"
        if record.state == "AGREED":
            try:
                require_wanted(record, wanted)
                decision = await self._confirm(grant)
            except TermsDiffer as error:
                decision = "DIFFERS"
                _log.warning("grant.terms_differ", grant=grant, what=error.message)
        await asyncio.to_thread(self._book.decide, grant, decision)

    async def _confirm(self, grant: str) -> str:
        while True:
            try:
                await self._submitter.submit("rights", VerifyGrant(grant))
                return "VERIFIED"
            except UnavailableError as error:
                _log.info("grant.retry", grant=grant, code=error.code)
                await asyncio.sleep(_RETRY_S)
            except ConflictError:  # somebody was faster, or it was terminated meanwhile
                return "CLOSED"
            except HanseError as error:
                _log.warning("grant.not_confirmed", grant=grant, code=error.code)
                return "CLOSED"

    def _concerns(self, block: Block) -> bool:
        return any(
            event.contract == "rights"
            and event.name == "GrantAgreed"
            and event.data.get("consumer") == self._own
            for receipt in block.receipts
            for event in receipt.events
        )
