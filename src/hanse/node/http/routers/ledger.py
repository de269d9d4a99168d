"""The ledger: status, blocks, transactions, proofs; raw blocks for followers."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query

from hanse.api.base import Page
from hanse.api.ledger import (
    BlockSummary,
    BlockView,
    LedgerStatusView,
    RawBlocksView,
    SubmittedView,
    SubmitTransactionRequest,
    TransactionView,
)
from hanse.contracts.identity.queries import get_member
from hanse.core import canonical
from hanse.core.encoding import b64url, unb64url
from hanse.core.errors import InputError, UnavailableError
from hanse.ledger.block import Block, Header, Receipt, header_hash
from hanse.ledger.contract.state import StateReader
from hanse.ledger.genesis import encode_genesis
from hanse.ledger.light.checkpoint import Checkpoint
from hanse.ledger.proofs import Proof
from hanse.node.errors import NoNetwork, NothingFound
from hanse.node.http.dependencies import NetworkDep, NodeDep, PageDep, Text
from hanse.node.http.operations import operation
from hanse.node.network import Network
from hanse.node.views.queries.transactions import find_transactions

router = APIRouter()
LONGEST_WAIT_MS = 30_000
Since = Annotated[int, Query(ge=0, le=2**53 - 1)]


@operation(router, "ledger.status")
def status(network: NetworkDep) -> LedgerStatusView:
    """Where this node's ledger stands."""
    ledger = network.ledger
    found = ledger.status()
    header = ledger.header(found.height)
    source = network.source
    return LedgerStatusView.model_validate(
        {
            "chain": ledger.chain,
            "network": ledger.genesis.name,
            "suite": ledger.suite.name,
            "role": found.role,
            "orderer": ledger.genesis.orderer.did,
            "base": found.base,
            "height": found.height,
            "time_ms": found.time_ms,
            "head": "" if header is None else header_hash(ledger.suite, header),
            "state_root": found.state_root,
            "source_height": None if source is None else source.source_height,
        }
    )


@operation(router, "ledger.genesis")
def genesis(node: NodeDep) -> dict[str, Any]:
    """The genesis file's content."""
    if node.genesis is None:
        raise NoNetwork()
    content: dict[str, Any] = json.loads(encode_genesis(node.genesis))
    return content


@operation(router, "ledger.blocks")
def blocks(network: NetworkDep, page: PageDep) -> Page[BlockSummary]:
    """Blocks, newest first."""
    height = network.ledger.height if page.position is None else page.position - 1
    base = network.ledger.base
    lowest = max(height - page.limit + 1, base)
    shown = [
        BlockSummary(**_summary(network, header))
        for number in range(height, lowest - 1, -1)
        if (header := network.ledger.header(number)) is not None
    ]
    return Page(items=shown, next=str(lowest) if shown and lowest > base else "")


@operation(router, "ledger.block")
def block(network: NetworkDep, height: int) -> BlockView:
    """One block, decoded."""
    found = network.ledger.block(height)
    if found is None:
        raise NothingFound("no such block")
    known = _Names(network.ledger.state)
    return BlockView(
        **_summary(network, found.header),
        signature=found.signature,
        transactions=[_transaction(found, i, known) for i in range(len(found.transactions))],
    )


@operation(router, "ledger.transactions")
def transactions(
    network: NetworkDep,
    page: PageDep,
    sender: Text = "",
    contract: Text = "",
    action: Text = "",
    subject: Text = "",
) -> Page[TransactionView]:
    """Transactions, newest first."""
    with network.views.read() as connection:
        found = find_transactions(
            connection,
            page,
            from_height=network.ledger.base,
            sender=sender,
            contract=contract,
            action=action,
            subject=subject,
        )
    return Page(items=[_find(network, id_) for id_ in found.items], next=found.next)


@operation(router, "ledger.transaction")
async def transaction(
    network: NetworkDep,
    id: str,  # noqa: A002 - of the path
    wait_ms: Annotated[int, Query(ge=0, le=LONGEST_WAIT_MS)] = 0,
) -> TransactionView:
    """One transaction; waits for it up to ``wait_ms``."""
    if wait_ms and network.ledger.find(id) is None:
        try:
            await network.ledger.wait_receipt(id, wait_ms / 1000)
        except UnavailableError as error:
            raise NothingFound("not committed here yet") from error
    return await asyncio.to_thread(_find, network, id)


@operation(router, "ledger.submit")
async def submit(network: NetworkDep, body: SubmitTransactionRequest) -> SubmittedView:
    """Take a signed transaction; it is checked completely before this answers."""
    return SubmittedView(transaction=await network.ledger.submit(unb64url(body.transaction)))


@operation(router, "ledger.raw_blocks")
async def raw_blocks(
    node: NodeDep,
    network: NetworkDep,
    from_height: Annotated[int, Query(ge=1)],
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    wait_ms: Annotated[int, Query(ge=0, le=LONGEST_WAIT_MS)] = 0,
) -> RawBlocksView:
    """Blocks for a follower; waits for the next one up to ``wait_ms``."""
    fetch = asyncio.ensure_future(network.ledger.fetch(from_height, limit, wait_ms))
    stopping = asyncio.ensure_future(node.stopping.wait())
    try:
        await asyncio.wait({fetch, stopping}, return_when=asyncio.FIRST_COMPLETED)
        found = fetch.result() if fetch.done() else []
    finally:
        fetch.cancel()
        stopping.cancel()
    return RawBlocksView(blocks=[b64url(raw) for raw in found], height=network.ledger.height)


@operation(router, "ledger.prove_transaction")
async def prove_transaction(
    network: NetworkDep,
    id: str,  # noqa: A002 - of the path
    since: Since = 0,
) -> dict[str, Any]:
    """A proof that verifies offline with the genesis file, or a trusted header besides."""
    return _plain(await network.ledger.prove_transaction(id, since))


@operation(router, "ledger.prove_state")
async def prove_state(
    network: NetworkDep,
    contract: Annotated[str, Query(min_length=1, max_length=64)],
    collection: Annotated[str, Query(min_length=1, max_length=64)],
    key: Annotated[str, Query(min_length=2, max_length=2_000)],
    since: Since = 0,
) -> dict[str, Any]:
    """A proof of the value under a key, or of its absence; ``key`` is a JSON list."""
    parts = _key_parts(key)
    full = msgspec.json.encode([contract, collection, *parts])
    return _plain(await network.ledger.prove_state(full, since))


@operation(router, "ledger.checkpoint")
def checkpoint(network: NetworkDep) -> dict[str, Any]:
    """The newest certified header and its validators, to be trusted by verifiers."""
    return _plain(network.ledger.checkpoint())


class _Names:
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


def _plain(document: Proof | Checkpoint) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(canonical.encode(document))
    return content


def _key_parts(key: str) -> list[str | int]:
    try:
        parts = msgspec.json.decode(key, type=list[str | int])
    except msgspec.DecodeError as error:
        raise InputError("key: a JSON list of strings and integers") from error
    return parts


def _summary(network: Network, header: Header) -> dict[str, Any]:
    values: dict[str, Any] = msgspec.structs.asdict(header)
    names = BlockSummary.model_fields.keys() & values.keys()
    kept = {name: values[name] for name in names}
    return {**kept, "hash": header_hash(network.ledger.suite, header)}


def _find(network: Network, id_: str) -> TransactionView:
    place = network.ledger.find(id_)
    found = None if place is None else network.ledger.block(place[0])
    if place is None or found is None:
        raise NothingFound("no such transaction")
    return _transaction(found, place[1], _Names(network.ledger.state))


def _transaction(block_: Block, index: int, known: _Names) -> TransactionView:
    body: dict[str, Any] = json.loads(bytes(block_.transactions[index]))["body"]
    receipt: Receipt = block_.receipts[index]
    return TransactionView.model_validate(
        {
            "id": receipt.tx,
            "height": block_.header.height,
            "index": index,
            "time_ms": block_.header.time_ms,
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
