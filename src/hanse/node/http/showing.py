"""Blocks and transactions as the API shows them."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from hanse.api.ledger import BlockSummary, TransactionView
from hanse.contracts.identity.queries import get_member
from hanse.ledger.block import Block, Header, Receipt, header_hash
from hanse.ledger.contract.state import StateReader
from hanse.node.errors import NothingFound
from hanse.node.network import Network


class Names:
    """Member names from state, each looked up once."""

    def __init__(self, state: StateReader) -> None:
        self._state = state
        self._known: dict[str, str] = {}

    def of(self, did: str) -> str:
        """Display name, empty when unknown."""
        if did not in self._known:
            member = get_member(self._state, did)
            self._known[did] = "" if member is None else member.name
        return self._known[did]


def summary(network: Network, header: Header) -> dict[str, Any]:
    """Fields of a `BlockSummary`."""
    values: dict[str, Any] = msgspec.structs.asdict(header)
    shown = BlockSummary.model_fields.keys() & values.keys()
    kept = {name: values[name] for name in shown}
    return {**kept, "hash": header_hash(network.ledger.suite, header)}


def find_transaction(network: Network, id_: str) -> TransactionView:
    """One transaction; raises NothingFound."""
    place = network.ledger.find(id_)
    found = None if place is None else network.ledger.block(place[0])
    if place is None or found is None:
        raise NothingFound("no such transaction")
    return show_transaction(found, place[1], Names(network.ledger.state))


def show_transaction(block: Block, index: int, known: Names) -> TransactionView:
    """One transaction of a block with its receipt."""
    body: dict[str, Any] = json.loads(bytes(block.transactions[index]))["body"]
    receipt: Receipt = block.receipts[index]
    return TransactionView.model_validate(
        {
            "id": receipt.tx,
            "height": block.header.height,
            "index": index,
            "time_ms": block.header.time_ms,
            "sender": body["sender"],
            "sender_name": known.of(body["sender"]),
            "contract": body["contract"],
            "action": body["action"],
            "payload": body["payload"],
            "ok": receipt.ok,
            "code": receipt.code,
            "message": receipt.message,
            "events": msgspec.to_builtins(receipt.events),
            "result": receipt.result,
        }
    )
