"""Tickets and receipts: how uses are counted between nodes without a block for each.

The receiver's node signs a ticket for each round: how many uses it makes, and how many that are in
all. Every other party's node counts by it and signs a receipt. Totals are cumulative, so the
newest ticket proves them all, one that is shown twice counts nothing, and one that got lost is
counted with the next. Each node chains the tickets it took by hash and records total and head on
the ledger, where an auditor compares them with the tickets.

A ticket says nothing of what is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Protocol, TypeVar

import msgspec
from msgspec import Meta

from hanse.collaboration.services.errors import BadReceipt, BadTicket, TicketStale
from hanse.contracts.bounds import Did, Digest, Identifier
from hanse.contracts.services.types import Uses
from hanse.core import canonical
from hanse.core.errors import HanseError
from hanse.crypto.suite import Suite

TICKET = "hanse/service-ticket/1"
RECEIPT = "hanse/service-receipt/1"
START = "00" * 32
T = TypeVar("T", bound=msgspec.Struct)


class Signer(Protocol):
    """The node's own identity."""

    @property
    def did(self) -> str:
        """DID."""
        ...

    @property
    def signing_kid(self) -> str:
        """Full id of the present signing key."""
        ...

    def sign(self, domain: str, message: bytes) -> bytes:
        """Sign with it, in a domain."""
        ...


class Keys(Protocol):
    """Public signing keys of members."""

    def signing_key(self, did: str, kid: str) -> bytes:
        """A key of the DID's present document.

        Raises:
            HanseError: there is none of that id.
        """
        ...


class Ticket(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A round the receiver asks for.

    Attributes:
        uses: of this round.
        total: uses of the service, this round's included.
    """

    chain: Digest
    service: Identifier
    receiver: Did
    uses: Uses
    total: Uses
    time_ms: int


class Receipt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A party's word that it counted a ticket.

    Attributes:
        ticket: hash of the ticket.
    """

    service: Identifier
    party: Did
    ticket: Digest
    total: Uses


class Signed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A ticket or receipt as it travels: its canonical text, key and signature."""

    body: Annotated[str, Meta(max_length=1_000)]
    kid: Annotated[str, Meta(max_length=200)]
    signature: Annotated[str, Meta(pattern=r"^([0-9a-f]{2}){1,256}\Z")]


def sign(signer: Signer, domain: str, what: msgspec.Struct) -> str:
    """Sign; returns the text that travels."""
    body = canonical.encode(what)
    signature = signer.sign(domain, body).hex()
    return canonical.encode(Signed(body.decode(), signer.signing_kid, signature)).decode()


def verify(suite: Suite, keys: Keys, domain: str, text: str, type_: type[T], signer: str) -> T:
    """The content of a signed text.

    Steps: 1. form; 2. a key of the signer's DID; 3. the signature.

    Raises:
        HanseError: whatever does not hold.
    """
    signed = canonical.decode(text.encode(), Signed)
    body = signed.body.encode()
    what = canonical.decode(body, type_)
    public = keys.signing_key(signer, signed.kid)
    suite.verify(public, domain, body, bytes.fromhex(signed.signature))
    return what


def read_ticket(
    suite: Suite, keys: Keys, text: str, chain: str, service: str, receiver: str
) -> Ticket:
    """A ticket of a service, checked.

    Raises:
        BadTicket: it is of another network, service or receiver, or altered.
    """
    try:
        ticket = verify(suite, keys, TICKET, text, Ticket, receiver)
    except HanseError as error:
        raise BadTicket("the ticket is not signed by the receiver", debug=error.message) from error
    if (ticket.chain, ticket.service, ticket.receiver) != (chain, service, receiver):
        raise BadTicket("the ticket is for another service")
    if ticket.total < ticket.uses:
        raise BadTicket("the ticket's total is less than its uses")
    return ticket


def read_receipt(suite: Suite, keys: Keys, text: str, ticket: str, party: str) -> Receipt:
    """A party's receipt for a ticket, checked.

    Raises:
        BadReceipt: it is for another ticket, by another party, or altered.
    """
    try:
        receipt = verify(suite, keys, RECEIPT, text, Receipt, party)
    except HanseError as error:
        raise BadReceipt("a receipt is not signed by its party", debug=error.message) from error
    if (receipt.party, receipt.ticket) != (party, ticket_hash(suite, ticket)):
        raise BadReceipt("a receipt is for another ticket")
    return receipt


def ticket_hash(suite: Suite, text: str) -> str:
    """Hash of a signed ticket, hex."""
    return suite.hash(canonical.tagged("hanse/service-ticket-hash/1", text.encode())).hex()


def next_head(suite: Suite, head: str, text: str) -> str:
    """Head of the chain with one more ticket, hex."""
    return suite.hash(
        canonical.tagged("hanse/service-head/1", bytes.fromhex(head), text.encode())
    ).hex()


class Checked(msgspec.Struct, frozen=True):
    """What a chain of tickets shows: uses in all, and the head."""

    uses: int
    head: str


def check_tickets(
    suite: Suite, keys: Keys, texts: Sequence[str], chain: str, service: str, receiver: str
) -> Checked:
    """Recompute total and head of a node's tickets, oldest first.

    Raises:
        BadTicket: one does not hold.
        TicketStale: they are out of order, or one is there twice.
    """
    total, head = 0, START
    for text in texts:
        ticket = read_ticket(suite, keys, text, chain, service, receiver)
        if ticket.total - ticket.uses < total:
            raise TicketStale("tickets are out of order, or one is there twice")
        total, head = ticket.total, next_head(suite, head, text)
    return Checked(total, head)
