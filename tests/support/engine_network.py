"""Several engines over one in-process ledger with the real contracts, vaults and workers.

The ledger here is the contracts' test network with blocks around it: ordering and signatures
are not what these tests are about. Messages between nodes go through JSON and may be lost.
Everything else is the product: journals, vaults, worker processes, TLS links.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
from contract_network import Network, identity_of
from contract_story import DAY_MS

from hanse.collaboration.compiler import LedgerDirectory, compile_flow
from hanse.collaboration.engine import Engine, EngineSettings, NodePolicy
from hanse.collaboration.engine.context import system_clock
from hanse.collaboration.engine.views import FlowView
from hanse.collaboration.ports import AlgorithmPort, MessageHandler, StoredDataset, WorkerPort
from hanse.compute.worker import WorkerProcess
from hanse.contracts.catalogue.messages import PublishDataset
from hanse.contracts.catalogue.types import Field
from hanse.contracts.flows.messages import DeployFlow
from hanse.contracts.flows.types import FlowRecord, StepRecord
from hanse.contracts.points.messages import IssuePoints
from hanse.contracts.points.queries import get_account
from hanse.contracts.rights.messages import AgreeGrant, RequestGrant, VerifyGrant
from hanse.core.errors import HanseError, UnavailableError
from hanse.crypto.commitment import commit
from hanse.data.digest import content_digest
from hanse.data.types import Column
from hanse.data.vault import Vault
from hanse.ledger.block import Block, Header, Receipt
from hanse.ledger.contract.contract import Message

OPERATORS = ["align", "split", "summary", "logistic_regression", "evaluate", "predict"]
ZERO = "00" * 32
PATIENCE_S = 180.0  # for a loaded machine; nothing waits this long where all is well


class Lost(UnavailableError):
    """A message or transaction got lost on the way."""

    code = "test.lost"
    help = "Send it again."


class Crash(BaseException):
    """The process of a party is gone; see `mortal`."""


class Chain:
    """Blocks around the contract network, one message each."""

    def __init__(self) -> None:
        self.net = Network(time_ms=system_clock())
        self.blocks: list[Block] = []
        self._changed = asyncio.Event()
        self._ahead_ms = 0

    def now_ms(self) -> int:
        return system_clock() + self._ahead_ms

    def advance(self, ms: int) -> None:
        """Let time pass for everybody at once."""
        self._ahead_ms += ms

    def send(self, sender: str, message: Message) -> Receipt:
        after_ms = max(1, self.now_ms() - self.net.time_ms)
        try:
            outcome = self.net.send(sender, message, after_ms=after_ms)
            result = msgspec.to_builtins(outcome.result)
            receipt = Receipt(tx=ZERO, ok=True, events=outcome.events, result=result)
        except HanseError as error:
            receipt = Receipt(tx=ZERO, ok=False, code=error.code, message=error.message)
        header = Header(
            height=len(self.blocks) + 1, time_ms=self.net.time_ms, chain=ZERO, previous=ZERO,
            transactions_root=ZERO, receipts_root=ZERO, state_root=ZERO, count=1, orderer="",
        )  # fmt: skip
        self.blocks.append(Block(header=header, signature="", transactions=[], receipts=[receipt]))
        self._changed.set()
        self._changed = asyncio.Event()
        return receipt

    async def follow(self, from_height: int) -> AsyncIterator[Block]:
        height = max(1, from_height)
        while True:
            while len(self.blocks) < height:
                await self._changed.wait()
            yield self.blocks[height - 1]
            height += 1

    def events(self, name: str) -> list[dict[str, Any]]:
        return [event.data for event in self.net.events if event.name == name]


class PartyLedger:
    """The ledger port of one party. ``lose`` decides what gets lost, before or after it counts."""

    def __init__(self, chain: Chain, name: str) -> None:
        self._chain = chain
        self._name = name
        self.chain = ZERO
        self.suite = chain.net.suite
        self.lose: Callable[[Message], str] = lambda message: ""

    @property
    def height(self) -> int:
        return len(self._chain.blocks)

    @property
    def state(self) -> Any:
        return self._chain.net.state

    async def submit(self, contract: str, message: Message) -> Receipt:
        await asyncio.sleep(0)
        fate = self.lose(message)
        if fate == "before":
            raise Lost
        receipt = self._chain.send(self._name, message)
        await asyncio.sleep(0)
        if fate == "after":
            raise Lost
        return receipt

    def blocks(self, from_height: int) -> AsyncIterator[Block]:
        return self._chain.follow(from_height)


class Hub:
    """Delivers messages between the parties' engines."""

    def __init__(self) -> None:
        self.handlers: dict[tuple[str, str], MessageHandler] = {}
        self.sent: list[tuple[str, str, dict[str, Any]]] = []
        self.lose: Callable[[str, str], bool] = lambda sender, to: False
        self.alter: Callable[[str, str, dict[str, Any]], dict[str, Any]] = lambda s, t, body: body


class PartyPeers:
    """The peer port of one party."""

    def __init__(self, hub: Hub, did: str) -> None:
        self._hub = hub
        self._did = did

    async def send(self, did: str, message_type: str, body: dict[str, Any]) -> None:
        await asyncio.sleep(0)
        handler = self._hub.handlers.get((did, message_type))
        if handler is None or self._hub.lose(self._did, did):
            raise Lost
        body = self._hub.alter(self._did, did, json.loads(json.dumps(body)))
        self._hub.sent.append((self._did, did, body))
        try:
            await handler(self._did, body)
        except Crash as error:
            raise Lost from error

    def register(self, message_type: str, handler: MessageHandler) -> None:
        self._hub.handlers[(self._did, message_type)] = handler

    def leave(self) -> None:
        for key in [key for key in self._hub.handlers if key[0] == self._did]:
            del self._hub.handlers[key]


class PartyMembers:
    """Agreement keys from the ledger's documents."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain

    def auditors(self) -> list[str]:
        return [self._chain.net.did("auditor")]

    def agreement_key(self, did: str) -> tuple[str, bytes] | None:
        for name in self._chain.net.names:
            document = identity_of(name, self._chain.net.suite_name).document()
            if document.id == did:
                method = document.first("keyAgreement")
                return did + method.id, method.public_bytes
        return None


class Datasets:
    """Which object stands behind a published dataset."""

    def __init__(self) -> None:
        self.known: dict[str, StoredDataset] = {}

    def dataset(self, dataset: str) -> StoredDataset | None:
        return self.known.get(dataset)


class Party:
    """One organisation's node: everything it keeps, and its engine while that runs."""

    def __init__(self, town: Town, name: str, home: Path) -> None:
        self.town, self.name, self.home = town, name, home
        self.did = town.chain.net.did(name)
        self.ledger = PartyLedger(town.chain, name)
        self.peers = PartyPeers(town.hub, self.did)
        self.vault = Vault(home / "vault", self.ledger.suite, b"k" * 32)
        self.datasets = Datasets()
        self.workers: WorkerPort = WorkerProcess
        self.settings: dict[str, Any] = {}
        self.refused: frozenset[str] = frozenset()
        self.algorithms: AlgorithmPort | None = None
        self.engine: Engine | None = None

    def make(self) -> Engine:
        self.engine = Engine(
            did=self.did,
            ledger=self.ledger,
            peers=self.peers,
            store=self.vault,
            datasets=self.datasets,
            members=PartyMembers(self.town.chain),
            policy=NodePolicy(lambda: self.ledger.state, self.did, refused=self.refused),
            journal_path=self.home / "journal" / "work.sqlite",
            journal_key=b"j" * self.ledger.suite.key_bytes,
            settings=EngineSettings(
                self.home / "work",
                # Not there, which matters to steps in trusted hardware alone.
                collateral=self.home / "collateral.json",
                **{"retry_s": 0.05, "resend_s": 0.3, "tick_s": 0.1, **self.settings},
            ),
            algorithms=self.algorithms,
            workers=lambda: self.workers(),  # noqa: PLW0108  tests change it later
            clock=self.town.chain.now_ms,
        )
        return self.engine

    async def start(self) -> Engine:
        engine = self.make()
        await engine.start()
        return engine

    async def stop(self) -> None:
        if self.engine is not None:
            self.peers.leave()
            await self.engine.close()
            self.engine = None

    def publish(self, columns: dict[str, list[Any]], **changes: Any) -> str:
        """Put a table into the vault and its description into the catalogue."""
        table = pa.table(columns)
        kinds = {name: column_type(values) for name, values in columns.items()}
        described = [Column(name, kind) for name, kind in kinds.items()]
        object_id = self.vault.write_table(described, table.to_batches(), name=self.name)
        digest = content_digest(self.ledger.suite, self.vault.open_table(object_id)).hex()
        commitment, opening = commit(self.ledger.suite, "table-digest", {"digest": digest})
        message = PublishDataset(
            **{
                "title": f"table of {self.name}",
                "fields": [Field(name=n, type=t, level=2) for n, t in kinds.items()],
                "commitment": commitment,
                "level": 2,
                "operators": OPERATORS,
                "purposes": ["credit-risk"],
                "price_points": 100,
                **changes,
            }
        )
        receipt = self.town.chain.send(self.name, message)
        assert receipt.ok, receipt
        dataset: str = receipt.result["dataset"]
        self.datasets.known[dataset] = StoredDataset(object_id, opening, {"key_columns": ["id"]})
        return dataset


def column_type(values: list[Any]) -> Any:
    first = next(value for value in values if value is not None)
    return {int: "int64", float: "float64", str: "text", bool: "bool"}[type(first)]


class Town:
    """The network: a chain, a hub, parties with published data."""

    def __init__(self, home: Path, names: tuple[str, ...] = ("bank", "merchant")) -> None:
        self.chain = Chain()
        self.hub = Hub()
        self.parties = {name: Party(self, name, home / name) for name in names}
        self.rows = 60
        self.chain.send("operator", IssuePoints(self.chain.net.did("bank"), 1_000))
        bank, merchant = self.parties["bank"], self.parties["merchant"]
        ids = [f"cust#{i:04d}" for i in range(self.rows)]
        self.bank_data = bank.publish({"id": ids[:50], "age": list(range(20, 70))})
        spend = [float(i % 7) for i in range(50)]
        self.merchant_data = merchant.publish({"id": ids[10:][::-1], "spend": spend})

    @property
    def common(self) -> int:
        return 40

    def grant(self, **changes: Any) -> str:
        terms: dict[str, Any] = {
            "fields": ["id", "spend"],
            "purpose": "credit-risk",
            "operators": OPERATORS,
            "uses": 1,
            "not_after_ms": self.chain.now_ms() + DAY_MS,
            **changes,
        }
        receipt = self.chain.send("bank", RequestGrant(dataset=self.merchant_data, **terms))
        assert receipt.ok, receipt
        grant: str = receipt.result["grant"]
        assert self.chain.send("merchant", AgreeGrant(grant)).ok
        assert self.chain.send("bank", VerifyGrant(grant)).ok
        return grant

    def text(self, grant: str, *, attempts: int = 3, deadline_seconds: int = 120) -> str:
        parties = "\n".join(f"  {name}: {party.did}" for name, party in self.parties.items())
        return f"""\
hanse: 1
name: joint
purpose: credit-risk
parties:
{parties}
data:
  applications: {{owner: bank, dataset: {self.bank_data}, fields: [id, age]}}
  purchases: {{owner: merchant, dataset: {self.merchant_data}, fields: [id, spend], grant: {grant}}}
receivers: [bank]
defaults: {{attempts: {attempts}, deadline_seconds: {deadline_seconds}}}
steps:
  - id: align
    operator: align
    inputs: {{left: applications, right: purchases}}
    parameters: {{left_key: id, right_key: id}}
  - {{id: split, operator: split, inputs: {{table: align.table}}, parameters: {{seed: 7}}}}
"""

    def deploy(self, text: str = "", **changes: Any) -> str:
        """Deploy this flow, or one whose text has these changes."""
        text = text or self.text(self.grant(), **changes)
        directory = LedgerDirectory(self.chain.net.state, self.chain.now_ms())
        spec = compile_flow(text, directory, self.parties["bank"].did)
        receipt = self.chain.send("bank", DeployFlow(spec))
        assert receipt.ok, receipt
        flow: str = receipt.result["flow"]
        return flow

    # -- looking ----------------------------------------------------------------------------
    def view(self, flow: str) -> FlowView:
        view = FlowView.read(self.chain.net.state, flow)
        assert view is not None
        return view

    def record(self, flow: str) -> FlowRecord:
        return self.view(flow).record

    def step(self, flow: str, step: str) -> StepRecord | None:
        found = self.view(flow).step(step)
        assert found is not None
        return found.record

    def balance(self, name: str) -> int:
        did = self.chain.net.did(name)
        return get_account(self.chain.net.state, did).balance_points

    def failures(self) -> list[tuple[str, str, str]]:
        """Party (name), phase and code of every attempt that failed or was accounted for."""
        names = {party.did: name for name, party in self.parties.items()} | {"": ""}
        told = self.chain.events("AttemptFailed") + self.chain.events("AttemptReported")
        return [(names[data["party"]], data["phase"], data["code"]) for data in told]

    # -- waiting ----------------------------------------------------------------------------
    async def until(self, done: Callable[[], bool], seconds: float = PATIENCE_S) -> None:
        ends = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < ends, "it did not happen in time"
            await asyncio.sleep(0.02)

    async def ended(self, flow: str, seconds: float = PATIENCE_S) -> FlowRecord:
        await self.until(lambda: self.view(flow).is_over, seconds)
        return self.record(flow)

    async def start(self) -> None:
        for party in self.parties.values():
            await party.start()

    async def stop(self) -> None:
        for party in self.parties.values():
            await party.stop()
