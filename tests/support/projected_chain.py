"""A contract network whose every block is projected into the views as it is made."""

from __future__ import annotations

import hashlib

import msgspec
from contract_network import Call, Network, Outcome
from sqlalchemy import select

from hanse.ledger.block import Block, Header, Receipt
from hanse.ledger.genesis import Genesis, Orderer
from hanse.node.database.engine import Database
from hanse.node.observability.metrics import Metrics
from hanse.node.views import tables
from hanse.node.views.projector import Projector

CHAIN = "ab" * 32


def block_of(call: Call, outcome: Outcome | None, code: str = "") -> Block:
    """The block that one call of the contract network would be."""
    body = {
        "sender": call.sender,
        "contract": call.contract,
        "action": call.action,
        "payload": msgspec.Raw(call.payload),
    }
    raw = msgspec.json.encode({"body": body, "signature": ""})
    tx = hashlib.sha256(raw + str(call.height).encode()).hexdigest()
    events = outcome.events if outcome else []
    header = Header(
        height=call.height,
        time_ms=call.time_ms,
        chain=CHAIN,
        previous="",
        transactions_root="",
        receipts_root="",
        state_root="",
        count=1,
        orderer="",
    )
    receipt = Receipt(tx=tx, ok=outcome is not None, code=code, events=events)
    return Block(header=header, signature="", transactions=[msgspec.Raw(raw)], receipts=[receipt])


class Chain:
    """Every block of a contract network, projected as it is made."""

    def __init__(self, network: Network, database: Database) -> None:
        self.blocks: list[Block] = []
        self.database = database
        genesis = Genesis(
            name="t",
            suite="intl",
            created_ms=1,
            orderer=Orderer("did:x", "00"),
            contracts={},
            initial=network.genesis,
        )
        self.projector = Projector(database, genesis, CHAIN, Metrics())
        self.projector.prepare()
        original = network.execute

        def execute(call: Call) -> Outcome:
            try:
                outcome = original(call)
            except Exception as error:
                self.add(block_of(call, None, getattr(error, "code", "")))
                raise
            self.add(block_of(call, outcome))
            return outcome

        network.execute = execute  # type: ignore[method-assign]

    def add(self, block: Block) -> None:
        self.blocks.append(block)
        self.projector.project(block)

    def dump(self) -> dict[str, list[tuple[object, ...]]]:
        with self.database.read() as connection:
            return {
                name: sorted(map(tuple, connection.execute(select(table))), key=repr)
                for name, table in tables.metadata.tables.items()
            }
