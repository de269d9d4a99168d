"""The ledger: status, blocks, transactions, proofs; raw blocks for followers."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query

from hanse.api.base import Page
from hanse.api.ledger import (
    AskEngineRequest,
    BlockSummary,
    BlockView,
    EngineAnswerView,
    LedgerStatusView,
    RawBlocksView,
    SubmittedView,
    SubmitTransactionRequest,
    TransactionView,
)
from hanse.core import canonical
from hanse.core.encoding import b64url, unb64url
from hanse.core.errors import InputError, UnavailableError
from hanse.ledger.bft.engine.questions import EngineQuestion
from hanse.ledger.block import header_hash
from hanse.ledger.genesis import encode_genesis
from hanse.ledger.light.checkpoint import Checkpoint
from hanse.ledger.light.header_proof import HeaderProof
from hanse.ledger.proofs import Proof
from hanse.node.errors import NoNetwork, NothingFound
from hanse.node.http.dependencies import NetworkDep, NodeDep, PageDep, Text
from hanse.node.http.operations import operation
from hanse.node.http.showing import Names, find_transaction, show_transaction, summary
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
        BlockSummary(**summary(network, header))
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
    known = Names(network.ledger.state)
    return BlockView(
        **summary(network, found.header),
        signature=found.signature,
        transactions=[show_transaction(found, i, known) for i in range(len(found.transactions))],
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
    return Page(items=[find_transaction(network, id_) for id_ in found.items], next=found.next)


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
    return await asyncio.to_thread(find_transaction, network, id)


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


@operation(router, "ledger.prove_snapshot")
def prove_snapshot(network: NetworkDep) -> dict[str, Any]:
    """Where a node that joins may begin, proven from the genesis."""
    return _plain(network.ledger.prove_snapshot())


@operation(router, "ledger.ask_engine")
async def ask_engine(network: NetworkDep, body: AskEngineRequest) -> EngineAnswerView:
    """Pass a question on to this node's engine, and its answer back."""
    question = msgspec.convert(body.model_dump(), EngineQuestion)
    answer = await network.ledger.ask_engine(question)
    return EngineAnswerView(answer=answer.decode("utf-8"))


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


def _plain(document: Proof | HeaderProof | Checkpoint) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(canonical.encode(document))
    return content


def _key_parts(key: str) -> list[str | int]:
    try:
        parts = msgspec.json.decode(key, type=list[str | int])
    except msgspec.DecodeError as error:
        raise InputError("key: a JSON list of strings and integers") from error
    return parts
