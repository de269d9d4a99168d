"""Counting rounds at a node: tickets made by the receiver, checked and counted by the others."""

from __future__ import annotations

from collections.abc import Callable

from hanse.collaboration.ports import LedgerPort
from hanse.collaboration.services import standing, tickets
from hanse.collaboration.services.book import Book, Use
from hanse.collaboration.services.errors import BadReceipt, TicketStale
from hanse.collaboration.services.tickets import Keys, Receipt, Signer, Ticket
from hanse.contracts.services.errors import MoreThanReserved, NotTheReceiver, RateExceeded
from hanse.contracts.services.messages import RecordUses
from hanse.contracts.services.queries import get_usage
from hanse.contracts.services.types import ServiceRecord


class Counter:
    """Makes and counts tickets; what it counted is in the book before anything is computed.

    Args:
        ledger: services as committed here, and where totals are recorded.
        signer: this node.
        keys: the members' keys.
        book: where rounds are written down.
        clock: UTC milliseconds.
    """

    def __init__(
        self,
        ledger: LedgerPort,
        signer: Signer,
        keys: Keys,
        book: Book,
        clock: Callable[[], int],
    ) -> None:
        self._ledger = ledger
        self._signer = signer
        self._keys = keys
        self._book = book
        self._clock = clock

    def issue(self, service: str, uses: int) -> str:
        """A ticket for a round, as the receiver; counted at once, answered or not.

        Raises:
            NotTheReceiver, MoreThanReserved, RateExceeded, and what makes a service unusable.
        """
        record = standing.load(self._ledger.state, service)
        if standing.receiver_of(record) != self._signer.did:
            raise NotTheReceiver()
        last = self._book.last(service)
        ticket = Ticket(
            chain=self._ledger.chain,
            service=service,
            receiver=self._signer.did,
            uses=uses,
            total=last.total + uses,
            time_ms=self._clock(),
        )
        self._require(record, ticket)
        text = tickets.sign(self._signer, tickets.TICKET, ticket)
        self._count(ticket, text, last)
        return text

    def admit(self, service: str, text: str) -> str:
        """Count a ticket, as another party; returns the receipt.

        Steps: 1. signed by the receiver, for this service; 2. the service may be used now;
        3. it counts further than any before; 4. total and rate hold; 5. written down, then signed.

        Raises:
            BadTicket, TicketStale, MoreThanReserved, RateExceeded, and what makes a service
            unusable.
        """
        record = standing.load(self._ledger.state, service)
        suite, chain = self._ledger.suite, self._ledger.chain
        receiver = standing.receiver_of(record)
        ticket = tickets.read_ticket(suite, self._keys, text, chain, service, receiver)
        last = self._book.last(service)
        if ticket.total - ticket.uses < last.total:
            raise TicketStale("these uses were counted already")
        self._require(record, ticket)
        self._count(ticket, text, last)
        receipt = Receipt(
            service=service,
            party=self._signer.did,
            ticket=tickets.ticket_hash(suite, text),
            total=ticket.total,
        )
        return tickets.sign(self._signer, tickets.RECEIPT, receipt)

    def receive(self, record: ServiceRecord, text: str, receipts: dict[str, str]) -> None:
        """Check and keep the receipts of a round, as the receiver.

        Raises:
            BadReceipt: one does not hold; names its party.
        """
        suite, total = self._ledger.suite, self._book.last(record.id).total
        for alias, receipt in receipts.items():
            try:
                party = record.parties[alias]
                found = tickets.read_receipt(suite, self._keys, receipt, text, party)
            except (BadReceipt, KeyError) as error:
                raise BadReceipt(f"the receipt of {alias[:60]!r} does not hold") from error
            total = found.total
        if receipts:
            self._book.receive(record.id, total, receipts)

    async def record(self, service: str) -> bool:
        """Put this node's total and head on the ledger unless they stand there."""
        last = self._book.last(service)
        known = get_usage(self._ledger.state, service, self._signer.did)
        if last.total == (known.uses if known else 0):
            return False
        receipt = await self._ledger.submit("services", RecordUses(service, last.total, last.head))
        return receipt.ok

    def _require(self, record: ServiceRecord, ticket: Ticket) -> None:
        now = self._clock()
        standing.require_usable(self._ledger.state, record, now)
        if ticket.total > record.reserved:
            left = max(0, record.reserved - ticket.total + ticket.uses)
            raise MoreThanReserved(f"{left} of the uses reserved are left")
        terms = record.terms
        if self._book.in_window(record.id, now - terms.window_ms) + ticket.uses > terms.window_uses:
            raise RateExceeded(f"{terms.window_uses} uses are allowed in a window")

    def _count(self, ticket: Ticket, text: str, last: Use) -> None:
        head = tickets.next_head(self._ledger.suite, last.head, text)
        use = Use(ticket.total, ticket.uses, self._clock(), text, head, {})
        self._book.count(ticket.service, use)
