"""A service between two engines in one process: opened, asked, counted, broken, opened again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from contract_network import identity_of
from engine_network import PATIENCE_S, Party, Town

from hanse.collaboration.compiler import LedgerDirectory, compile_flow
from hanse.collaboration.services import Book, ServiceHost
from hanse.collaboration.services.errors import BadServiceOffer
from hanse.collaboration.services.host import HostSettings
from hanse.contracts.flows.messages import DeployFlow
from hanse.contracts.flows.queries import get_flow
from hanse.contracts.services import errors, messages
from hanse.contracts.services.queries import get_usage
from hanse.contracts.services.types import ServiceTerms
from hanse.core.errors import HanseError
from hanse.identity.did import Directory

OPERATORS = ["retrieval_setup"]
FLOW = """
hanse: 1
name: spends
purpose: credit-risk
parties: {{bank: {bank}, merchant: {merchant}}}
data:
  purchases: {{owner: merchant, dataset: {dataset}, fields: [id, spend], grant: {grant}}}
receivers: [bank]
steps:
  - id: setup
    operator: retrieval_setup
    inputs: {{table: purchases}}
    parameters: {{table_key: id, payload: [spend]}}
"""


class Keys:
    """Everybody's keys."""

    def __init__(self) -> None:
        self._known = Directory(identity_of(name).document() for name in ("bank", "merchant"))

    def signing_key(self, did: str, kid: str) -> bytes:
        return self._known.resolve(did).public_key(kid, "authentication")


class Hosts:
    """Both parties' hosts of services."""

    def __init__(self, town: Town, folder: Path) -> None:
        self.town, self._folder = town, folder
        self.hosts: dict[str, ServiceHost] = {}

    def start(self, name: str) -> None:
        party: Party = self.town.parties[name]
        assert party.engine is not None

        def no_table(table: str) -> Any:
            raise AssertionError(table)

        host = ServiceHost(
            party.engine.context,
            identity_of(name),
            Keys(),
            Book(self._folder / f"{name}.sqlite"),
            no_table,
            settings=HostSettings(record_s=0.2, tend_s=0.1),
        )
        host.start()
        self.hosts[name] = host

    def send(self, sender: str, message: Any) -> Any:
        receipt = self.town.chain.send(sender, message)
        assert receipt.ok, receipt
        return receipt.result

    async def ask(self, service: str, *keys: str) -> list[Any]:
        async with asyncio.timeout(PATIENCE_S):
            return await self.hosts["bank"].ask(service, "retrieval", [[key] for key in keys])


@pytest.fixture
async def hosts(tmp_path: Path) -> AsyncIterator[Hosts]:
    town = Town(tmp_path)
    for party in town.parties.values():
        await party.start()
    served = Hosts(town, tmp_path)
    for name in town.parties:
        served.start(name)
    yield served
    for host in served.hosts.values():
        await host.close()
    for party in town.parties.values():
        await party.stop()


async def set_up(hosts: Hosts) -> str:
    """A flow that sets the merchant's table up; returns the flow."""
    town = hosts.town
    dataset = town.parties["merchant"].publish(
        {"id": [f"cust#{i}" for i in range(40)], "spend": [i * 0.5 for i in range(40)]},
        operators=OPERATORS,
    )
    town.merchant_data = dataset
    text = FLOW.format(
        bank=town.parties["bank"].did,
        merchant=town.parties["merchant"].did,
        dataset=dataset,
        grant=town.grant(operators=OPERATORS),
    )
    net = town.chain.net
    spec = compile_flow(text, LedgerDirectory(net.state, net.time_ms, lambda _: 0), net.did("bank"))
    flow: str = hosts.send("bank", DeployFlow(spec))["flow"]
    async with asyncio.timeout(PATIENCE_S):
        while True:
            record = get_flow(net.state, flow)
            assert record is not None and record.state != "TERMINATED", record
            if record.state == "COMPLETED":
                return flow
            await asyncio.sleep(0.05)


@pytest.mark.long
async def test_service_is_asked_counted_broken_and_opened_again(hosts: Hosts) -> None:
    flow = await set_up(hosts)
    net = hosts.town.chain.net
    terms = ServiceTerms(
        purpose="credit-risk",
        not_after_ms=net.time_ms + 86_400_000,
        uses=100,
        window_ms=60_000,
        window_uses=100,
    )
    offer = messages.OfferService(
        kind="retrieval", name="spends", flow=flow, step="setup", output="service",
        receiver=net.did("bank"), terms=terms,
    )  # fmt: skip
    service: str = hosts.send("merchant", offer)["service"]
    with pytest.raises(errors.WrongServiceState):
        await hosts.ask(service, "cust#1")
    hosts.send("bank", messages.AcceptService(service))
    hosts.send("bank", messages.ReserveUses(service, 10))
    with pytest.raises(errors.NotTheReceiver):
        await hosts.hosts["merchant"].ask(service, "retrieval", [["cust#1"]])
    assert await hosts.ask(service, "cust#3", "nobody") == [[{"spend": 1.5}], []]
    assert hosts.hosts["bank"].is_open(service)
    # Questions at once share a round, and each gets its own rows.
    answers = await asyncio.gather(hosts.ask(service, "cust#4"), hosts.ask(service, "cust#5"))
    assert answers == [[[{"spend": 2.0}]], [[{"spend": 2.5}]]]
    # The holder's worker dies; the next question opens the service anew.
    session = hosts.hosts["merchant"]._sessions[service]
    await session.stop()
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                assert await hosts.ask(service, "cust#6") == [[{"spend": 3.0}]]
                break
            except HanseError as error:
                assert error.retryable, error
    used = hosts.hosts["bank"].book.last(service).total
    with pytest.raises(errors.MoreThanReserved):
        await hosts.ask(service, *(f"cust#{i}" for i in range(11 - used)))
    with pytest.raises(BadServiceOffer):
        await hosts.hosts["merchant"].take(net.did("bank"), {"chain": "x"})
    # Totals reach the ledger by themselves; a retired set-up closes the service.
    async with asyncio.timeout(PATIENCE_S):
        while (usage := get_usage(net.state, service, net.did("merchant"))) is None:
            await asyncio.sleep(0.05)
    assert usage.uses <= used
    models = hosts.hosts["bank"].models
    assert [(m.name, m.state) for m in models.held()] == [("spends/setup", "active")]
    hosts.send("merchant", messages.RetireModel(flow, "setup", "service"))
    assert models.held()[0].state == "retired"
    with pytest.raises(errors.ModelRetiredError):
        await hosts.ask(service, "cust#1")
    async with asyncio.timeout(PATIENCE_S):
        while hosts.hosts["bank"].is_open(service):
            await asyncio.sleep(0.05)
