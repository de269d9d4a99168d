"""Tickets and receipts: made, counted, refused, chained and checked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from contract_network import identity_of
from contract_story import DAY_MS
from service_story import Served

from hanse.collaboration.services import Book, check_tickets
from hanse.collaboration.services.counting import Counter
from hanse.collaboration.services.errors import BadReceipt, BadTicket, TicketStale
from hanse.collaboration.services.tickets import START, TICKET, Ticket, sign
from hanse.contracts.services import errors, messages
from hanse.contracts.services.queries import get_usage
from hanse.identity.did import Directory
from hanse.ledger.block import Receipt
from hanse.ledger.contract.contract import Message

CHAIN = "00" * 32
PEOPLE = ("bank", "merchant", "compute_1", "stranger")


class OneLedger:
    """The ledger port of a party on a contract network."""

    def __init__(self, served: Served, name: str) -> None:
        self._net, self._name = served.net, name
        self.chain, self.suite = CHAIN, served.net.suite
        self.height = 1

    @property
    def state(self) -> Any:
        return self._net.state

    async def submit(self, contract: str, message: Message) -> Receipt:
        assert contract == "services"
        self._net.send(self._name, message)
        return Receipt(tx=CHAIN, ok=True)

    def blocks(self, from_height: int) -> Any:
        raise NotImplementedError


class DocumentKeys:
    """The members' keys by their documents."""

    def __init__(self) -> None:
        self._documents = Directory(identity_of(name).document() for name in PEOPLE)

    def signing_key(self, did: str, kid: str) -> bytes:
        return self._documents.resolve(did).public_key(kid, "authentication")


class Counted:
    """A service that is active, with uses reserved, and a counter at each party."""

    def __init__(self, folder: Path) -> None:
        self.served = Served()
        self.service = self.served.active()
        self.net = self.served.net
        self.net.send("bank", messages.ReserveUses(self.service, 30))
        self.now = self.net.time_ms
        self.keys = DocumentKeys()
        self.books = {name: Book(folder / f"{name}.sqlite") for name in PEOPLE}
        self.counters = {
            name: Counter(
                OneLedger(self.served, name),
                identity_of(name),
                self.keys,
                self.books[name],
                lambda: self.now,
            )
            for name in PEOPLE
        }

    def issue(self, uses: int) -> str:
        return self.counters["bank"].issue(self.service, uses)

    def admit(self, ticket: str, name: str = "merchant") -> str:
        return self.counters[name].admit(self.service, ticket)


@pytest.fixture
def counted(tmp_path: Path) -> Counted:
    return Counted(tmp_path)


def test_a_round_is_counted_by_both_sides_and_receipted(counted: Counted) -> None:
    ticket = counted.issue(3)
    receipt = counted.admit(ticket)
    counted.counters["bank"].receive(
        counted.served.load(counted.service), ticket, {"merchant": receipt}
    )
    assert counted.books["merchant"].last(counted.service).total == 3
    kept = counted.books["bank"].last(counted.service)
    assert (kept.total, kept.receipts) == (3, {"merchant": receipt})
    assert counted.books["merchant"].in_window(counted.service, 0) == 3
    assert counted.books["merchant"].services() == [counted.service]


def test_counts_survive_a_restart(counted: Counted, tmp_path: Path) -> None:
    counted.admit(counted.issue(3))
    again = Book(tmp_path / "merchant.sqlite")
    assert again.last(counted.service).total == 3


def test_a_ticket_shown_twice_or_out_of_order_counts_nothing(counted: Counted) -> None:
    first, second = counted.issue(3), counted.issue(2)
    counted.admit(first)
    with pytest.raises(TicketStale):
        counted.admit(first)
    counted.admit(second)
    with pytest.raises(TicketStale):
        counted.admit(first)
    assert counted.books["merchant"].last(counted.service).total == 5


def test_a_lost_ticket_is_counted_with_the_next(counted: Counted) -> None:
    counted.issue(3)
    counted.admit(counted.issue(2))
    assert counted.books["merchant"].last(counted.service).total == 5


def test_altered_foreign_and_malformed_tickets_are_refused(counted: Counted) -> None:
    ticket = counted.issue(3)
    altered = ticket.replace('\\"uses\\":3', '\\"uses\\":2')
    assert altered != ticket
    for wrong in (altered, "{}", "", ticket[:-4], ticket.replace("did:hanse", "did:other")):
        with pytest.raises(BadTicket):
            counted.admit(wrong)
    body = msgspec.json.decode(ticket)["body"]
    forged = sign(identity_of("stranger"), TICKET, msgspec.json.decode(body, type=Ticket))
    with pytest.raises(BadTicket):
        counted.admit(forged)
    assert counted.books["merchant"].last(counted.service).total == 0


def test_tickets_of_another_service_are_refused(counted: Counted) -> None:
    other = counted.served.active()
    counted.net.send("bank", messages.ReserveUses(other, 5))
    ticket = counted.counters["bank"].issue(other, 1)
    with pytest.raises(BadTicket):
        counted.admit(ticket)


def test_altered_receipts_are_refused(counted: Counted) -> None:
    ticket = counted.issue(3)
    receipt = counted.admit(ticket)
    record = counted.served.load(counted.service)
    bank = counted.counters["bank"]
    for receipts in (
        {"merchant": receipt.replace('\\"total\\":3', '\\"total\\":2')},
        {"compute_1": receipt},
        {"nobody": receipt},
        {"merchant": "x"},
    ):
        with pytest.raises(BadReceipt):
            bank.receive(record, ticket, receipts)
    late = counted.issue(1)
    with pytest.raises(BadReceipt):
        bank.receive(record, late, {"merchant": receipt})


def test_no_more_is_counted_than_reserved(counted: Counted) -> None:
    counted.admit(counted.issue(30))
    with pytest.raises(errors.MoreThanReserved):
        counted.issue(1)
    assert counted.books["bank"].last(counted.service).total == 30


def test_rate_is_counted_at_every_node(counted: Counted) -> None:
    counted.net.send("bank", messages.ReserveUses(counted.service, 40), after_ms=60_000)
    counted.admit(counted.issue(30))
    with pytest.raises(errors.RateExceeded):
        counted.issue(11)
    counted.now += 60_000
    counted.admit(counted.issue(11))


@pytest.mark.parametrize(
    ("message", "error"),
    [
        (messages.SuspendService, errors.ServiceSuspendedError),
        (messages.EndService, errors.WrongServiceState),
    ],
)
def test_a_service_that_is_not_active_counts_nothing(
    counted: Counted, message: Any, error: type[Exception]
) -> None:
    ticket = counted.issue(1)
    counted.net.send("merchant", message(counted.service))
    with pytest.raises(error):
        counted.admit(ticket)
    with pytest.raises(error):
        counted.issue(1)


def test_retired_and_expired_services_count_nothing(counted: Counted) -> None:
    ticket = counted.issue(1)
    counted.now += 2 * DAY_MS
    with pytest.raises(errors.ServiceExpired):
        counted.admit(ticket)
    counted.now -= 2 * DAY_MS
    counted.net.send("merchant", messages.RetireModel(counted.served.flow, "train", "model"))
    with pytest.raises(errors.ModelRetiredError):
        counted.admit(ticket)


def test_only_the_receiver_makes_tickets(counted: Counted) -> None:
    with pytest.raises(errors.NotTheReceiver):
        counted.counters["merchant"].issue(counted.service, 1)
    with pytest.raises(errors.ServiceNotFound):
        counted.counters["bank"].issue("sv-" + "a" * 26, 1)


async def test_total_and_head_on_the_ledger_are_those_of_the_tickets(counted: Counted) -> None:
    for uses in (3, 1, 4):
        counted.admit(counted.issue(uses))
    merchant = counted.counters["merchant"]
    assert await merchant.record(counted.service)
    assert not await merchant.record(counted.service)
    texts = [use.ticket for use in counted.books["merchant"].uses(counted.service, 0, 10)]
    suite, bank = counted.net.suite, counted.net.did("bank")
    found = check_tickets(suite, counted.keys, texts, CHAIN, counted.service, bank)
    usage = get_usage(counted.net.state, counted.service, counted.net.did("merchant"))
    assert usage is not None
    assert (usage.uses, usage.head) == (found.uses, found.head) == (8, found.head)
    assert check_tickets(suite, counted.keys, [], CHAIN, counted.service, bank).head == START
    assert check_tickets(suite, counted.keys, texts[:2], CHAIN, counted.service, bank).uses == 4
    with pytest.raises(TicketStale):
        check_tickets(suite, counted.keys, texts[::-1], CHAIN, counted.service, bank)
