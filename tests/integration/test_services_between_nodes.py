"""Services between real nodes: signed, counted, refused, killed, resumed, audited."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import CommandLine
from market import Market, code_of
from network_harness import WAIT_S, MemberPlan, SmallNetwork, small_network

from hanse.core.errors import HanseError
from hanse.sdk.waiting import wait_until

ROWS = 80
SAME = 1e-3
"""Between two predictions under MPC: fixed point, 18 fraction bits, and an approximated sigmoid."""
OPERATORS = ["align", "retrieval_setup", "retrieve", "logistic_regression", "predict"]
BANK = MemberPlan("bank", ["data_consumer", "data_provider"])
SHOP = MemberPlan("shop", ["data_provider"])

LOOKING_UP = """
hanse: 1
name: limits
purpose: credit-risk
parties: {{bank: {bank}, shop: {shop}}}
data:
  purchases: {{owner: shop, dataset: {purchases}, fields: [id, spend, visits], grant: {grant}}}
receivers: [bank]
steps:
  - id: setup
    operator: retrieval_setup
    inputs: {{table: purchases}}
    parameters: {{table_key: id, payload: [spend]}}
"""
TRAINING = """
hanse: 1
name: scores
purpose: credit-risk
parties: {{bank: {bank}, shop: {shop}}}
data:
  applications: {{owner: bank, dataset: {applications}, fields: [id, age, y]}}
  purchases: {{owner: shop, dataset: {purchases}, fields: [id, spend, visits], grant: {grant}}}
compute: {{nodes: [bank, shop]}}
receivers: [bank]
steps:
  - id: align
    operator: align
    inputs: {{left: applications, right: purchases}}
    parameters: {{left_key: id, right_key: id}}
  - id: train
    operator: logistic_regression
    inputs: {{table: align.table}}
    parameters: {{label: y, epochs: 1}}
  - id: score
    operator: predict
    inputs: {{model: train.model, table: align.table}}
"""


class Served(Market):
    """A market whose flows made something to serve."""

    def __init__(self, network: SmallNetwork, root: Path) -> None:
        super().__init__(network, root, OPERATORS)
        random = np.random.default_rng(11)
        age, spend = random.normal(40, 9, ROWS), random.normal(300, 80, ROWS)
        label = ((age - 40) / 9 + (spend - 300) / 80 + random.normal(0, 0.4, ROWS) > 0).astype(int)
        self.spend = spend
        own = [f"c{i},{age[i]:.3f},{label[i]}" for i in range(ROWS)]
        other = [f"c{i},{spend[i]:.3f},{i % 7}" for i in range(ROWS)]
        self.publish("bank", ["id,age,y", *own])
        self.publish("shop", ["id,spend,visits", *other])

    def offer(self, kind: Any, flow: str, step: str, output: str, **changes: Any) -> str:
        """Offered by the shop, accepted by the bank."""
        terms = {
            "name": "service",
            "receiver": self.network["bank"].did,
            "purpose": "credit-risk",
            "not_after_ms": int(time.time() * 1000) + 3_600_000,
            **changes,
        }
        shop = self.network["shop"].client("steward")
        service = shop.services.offer(kind, flow, step, output, **terms)
        self.network.sync()
        table = self.tables["bank"] if kind == "prediction" else ""
        accepted = self.network["bank"].client("steward").services.accept(service.id, table)
        assert accepted.state == "ACTIVE"
        self.network.sync()
        return service.id


def scores_of(result: bytes) -> dict[str, float]:
    """Score by id, of a result in CSV."""
    rows = csv.DictReader(io.StringIO(result.decode()))
    return {row["id"]: float(row["score"]) for row in rows}


def answer(ask: Callable[[], list[Any]]) -> list[Any]:
    """What is answered in the end; until then only what may be tried again."""

    def again() -> list[Any]:
        try:
            return ask()
        except HanseError as error:
            assert error.retryable, error.code
            return []

    return wait_until(again, bool, what="an answer", timeout_s=WAIT_S)


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    root = tmp_path_factory.mktemp("market")
    with small_network(root, [BANK, SHOP], suite="intl") as network:
        yield Served(network, root)


@pytest.mark.long
def test_look_ups_are_counted_resumed_and_audited(market: Served) -> None:
    network = market.network
    flow = market.run(LOOKING_UP)
    shop, bank = network["shop"].client("steward"), network["bank"].client("analyst")
    for client in (shop, bank):
        held = client.models.list().items
        assert [(m.name, m.version, m.state) for m in held] == [("limits/setup", 1, "active")]
    assert code_of(
        lambda: shop.services.offer(
            "retrieval", flow, "setup", "service", name="x", receiver=network["bank"].did,
            purpose="p", not_after_ms=2**50,
        )
    ) == "node.uses_needed"  # fmt: skip
    service = market.offer("retrieval", flow, "setup", "service", uses=100)
    assert code_of(lambda: bank.services.retrieve(service, ["c1"])) == "services.more_than_reserved"
    bank.services.reserve(service, 20)
    network.sync()
    found = bank.services.retrieve(service, ["c1", "nobody", " c2 "]).rows
    assert [[row["spend"] for row in rows] for rows in found] == [
        [pytest.approx(market.spend[1], abs=1e-3)],
        [],
        [pytest.approx(market.spend[2], abs=1e-3)],
    ]
    assert code_of(lambda: bank.services.predict(service, ["c1"])) == (
        "collaboration.wrong_service_kind"
    )
    taker = network["shop"].client("analyst")
    assert code_of(lambda: taker.services.retrieve(service, ["c1"])) == "services.not_the_receiver"
    # The holder's node is killed; the service resumes once it is back.
    network["shop"].kill()
    network["shop"].start()
    network.sync()

    rows = answer(lambda: bank.services.retrieve(service, ["c5"]).rows)
    assert rows[0][0]["spend"] == pytest.approx(market.spend[5], abs=1e-3)
    used = bank.services.get(service).used
    assert 4 <= used <= 8
    many = [f"c{i}" for i in range(20 - used)]
    assert len(bank.services.retrieve(service, many).rows) == 20 - used
    assert code_of(lambda: bank.services.retrieve(service, ["c1"])) == "services.more_than_reserved"
    # Suspended: refused, recorded, verified by a node that took no part.
    shop = network["shop"].client("steward")
    view = shop.services.suspend(service, "audit")
    assert (view.state, view.recorded) == ("SUSPENDED", {"shop": 20})
    network.sync()
    assert code_of(lambda: bank.services.retrieve(service, ["c1"])) == "services.suspended"
    tickets = [one.ticket for one in shop.services.usage(service).tickets]
    outside = network["operator"].client("auditor")
    checked = outside.services.verify(service, tickets)
    assert (checked.uses, checked.confirmed_by) == (20, ["shop"])
    altered = [tickets[0].replace('\\"uses\\":3', '\\"uses\\":2'), *tickets[1:]]
    assert altered != tickets
    assert code_of(lambda: outside.services.verify(service, altered)) == "collaboration.bad_ticket"
    stale = [tickets[0], *tickets]
    assert code_of(lambda: outside.services.verify(service, stale)) == "collaboration.ticket_stale"
    assert outside.services.verify(service, tickets[:-1]).confirmed_by == []
    receipts = [one.receipts for one in bank.services.usage(service).tickets if one.receipts]
    assert all(set(one) == {"shop"} for one in receipts)
    shop.services.resume(service)
    shop.models.retire(flow, "setup", "service", "a new list")
    network.sync()
    assert code_of(lambda: bank.services.retrieve(service, ["c1"])) == "services.model_retired"
    assert bank.models.list().items[0].state == "retired"
    assert bank.services.get(service).problem == "services.model_retired"
    assert [one.id for one in bank.services.list().items] == [service]


@pytest.mark.long
def test_predictions_between_owners(market: Served) -> None:
    network = market.network
    flow = market.run(TRAINING)
    shop, bank = network["shop"].client("steward"), network["bank"].client("analyst")
    described = shop.models.get(flow, "train", "model", receiver=network["bank"].did)
    assert described.model.columns == ["spend", "visits"]
    assert described.exposure is not None
    assert described.exposure.scores == 2  # the bank has one column
    refused = code_of(
        lambda: shop.services.offer(
            "prediction", flow, "train", "model", name="x", receiver=network["bank"].did,
            purpose="p", not_after_ms=2**50,
        )
    )  # fmt: skip
    assert refused == "collaboration.table_needed"
    table = market.tables["shop"]
    cautious = shop.services.offer(
        "prediction", flow, "train", "model", name="x", receiver=network["bank"].did, purpose="p",
        not_after_ms=2**50, table=table,
    )  # fmt: skip
    assert cautious.uses == 1
    assert cautious.exposure is not None
    shop.services.end(cautious.id)
    service = market.offer(
        "prediction", flow, "train", "model", uses=100, window_uses=55, table=table
    )
    assert code_of(lambda: bank.services.reserve(service, 56)) == "services.rate_exceeded"
    bank.services.reserve(service, 55)
    network.sync()
    batch = scores_of(bank.flows.result(flow, "score", "scores"))
    ids = [f"c{i}" for i in range(0, ROWS, 2)]
    online = [row["score"] for row in bank.services.predict(service, ids).rows]
    assert online == [pytest.approx(batch[each], abs=SAME) for each in ids]
    assert all(0 < score < 1 for score in online)
    assert code_of(lambda: bank.services.predict(service, ["c3", "c999"])) == "compute.unknown_id"
    assert bank.services.get(service).used == 42
    _scores_files(market, service, batch)
    for other in (network["operator"].client("analyst"), network["shop"].client("analyst")):
        assert code_of(lambda other=other: other.services.predict(service, ["c3"])) == (
            "services.not_the_receiver"
        )
    assert code_of(lambda: bank.services.predict(service, ["c1"] * 4)) == (
        "services.more_than_reserved"
    )
    # The other owner's node is killed, which computes too; the service resumes once it is back.
    network["shop"].kill()
    network["shop"].start()
    network.sync()
    row = answer(lambda: bank.services.predict(service, ["c7"]).rows)[0]
    assert row["score"] == pytest.approx(batch["c7"], abs=SAME)
    assert 53 <= bank.services.get(service).used <= 55
    shop = network["shop"].client("steward")
    shop.models.retire(flow, "train", "model", "drifted")
    network.sync()
    assert code_of(lambda: bank.services.predict(service, ["c3"])) == "services.model_retired"
    used = bank.services.get(service).used
    view = network["bank"].client("steward").services.end(service)
    assert view.recorded["bank"] == used
    network.sync()
    assert code_of(lambda: bank.services.predict(service, ["c3"])) == "services.wrong_state"


def _scores_files(market: Served, service: str, batch: dict[str, float]) -> None:
    """A file of ids by command line: ten uses, of which none twice."""
    analyst = CommandLine(market.network["bank"], "analyst", market.root)
    ids, scores = market.root / "ids.txt", market.root / "scores.csv"
    for number in (8, 10, 10):
        ids.write_text("".join(f"c{each}\n" for each in range(number)), "utf-8")
        asked = ("--file", str(ids), "--output", str(scores))
        assert analyst("services", "predict", service, *asked).code == 0
        found = scores_of(scores.read_bytes())
        assert found == {
            f"c{each}": pytest.approx(batch[f"c{each}"], abs=SAME) for each in range(number)
        }
    assert analyst.json("services", "show", service)["used"] == 52


@pytest.mark.long
def test_person_serves_and_asks_by_command_line(market: Served) -> None:
    network = market.network
    flow = market.run(LOOKING_UP)
    shop = CommandLine(network["shop"], "steward", market.root)
    steward = CommandLine(network["bank"], "steward", market.root)
    analyst = CommandLine(network["bank"], "analyst", market.root)
    outsider = CommandLine(network["operator"], "analyst", market.root)
    assert shop("models", "list").code == 0
    assert "limits/setup" in shop("models", "show", flow, "setup", "service").text
    offered = shop.json(
        "services", "offer", "retrieval", flow, "setup", "service", "--purpose", "credit-risk",
        "--receiver", network["bank"].did, "--uses", "8", "--per-minute", "5",
    )  # fmt: skip
    service = offered["id"]
    network.sync()
    assert analyst.refused("services", "reserve", service, "1") == "services.wrong_state"
    assert steward("services", "accept", service).code == 0
    network.sync()
    assert "OFFERED" not in shop("services", "show", service).text
    assert analyst.refused("services", "reserve", service, "6") == "services.rate_exceeded"
    assert analyst.refused("services", "reserve", service, "9") == "services.used_up"
    assert analyst("services", "reserve", service, "5").code == 0
    network.sync()
    answered = analyst("services", "retrieve", service, "c1", "nobody")
    assert answered.code == 0
    assert f"{market.spend[1]:.3f}"[:5] in answered.text
    for other in (outsider, CommandLine(network["shop"], "analyst", market.root)):
        assert other.refused("services", "retrieve", service, "c1") == "services.not_the_receiver"
    # A receiver's node that is set back shows tickets again: they count nothing.
    book = network["bank"].home / "journal" / "services.sqlite"
    assert network["bank"].stop() == 0
    before = book.read_bytes()
    network["bank"].start()
    network.sync()
    assert analyst("services", "retrieve", service, "c2").code == 0
    assert network["bank"].stop() == 0
    for path in book.parent.glob("services.sqlite*"):
        path.unlink()
    book.write_bytes(before)
    network["bank"].start()
    network.sync()
    assert analyst.refused("services", "retrieve", service, "c3") == "collaboration.ticket_stale"
    assert shop.json("services", "show", service)["used"] == 3
    usage = market.root / "tickets.json"
    assert shop("services", "usage", service, "--output", str(usage)).code == 0
    assert shop("services", "end", service, "--reason", "audit", "--yes").code == 0
    network.sync()
    auditor = CommandLine(network["operator"], "auditor", market.root)
    checked = auditor.json("services", "verify", service, str(usage))
    assert (checked["uses"], checked["confirmed_by"]) == (3, ["shop"])
    assert analyst.refused("services", "retrieve", service, "c1") == "services.wrong_state"
