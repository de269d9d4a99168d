"""Ledger views: status, blocks, transactions, proofs, and raw blocks for followers."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from hanse.api.base import Page, Request, View
from hanse.api.operation import Operation


class LedgerStatusView(View):
    """Where this node's ledger stands.

    ``base`` is the lowest height whose block is kept here. ``source_height`` is None where it
    is not known.
    """

    chain: str
    network: str
    suite: str
    role: Literal["sequencer", "follower", "participant"]
    orderer: str
    base: int = 0
    height: int
    time_ms: int
    head: str
    state_root: str
    source_height: int | None = None


class BlockSummary(View):
    """A block's header; hashes in hex."""

    height: int
    time_ms: int
    hash: str
    previous: str
    transactions_root: str
    receipts_root: str
    state_root: str
    count: int
    orderer: str


class EventView(View):
    """One event of a receipt."""

    contract: str
    name: str
    data: dict[str, Any]


class TransactionView(View):
    """A committed transaction with its receipt. ``code`` names the error when not ``ok``."""

    id: str
    height: int
    index: int
    time_ms: int
    sender: str
    sender_name: str = ""
    contract: str
    action: str
    payload: dict[str, Any] = Field(default_factory=dict)
    ok: bool
    code: str = ""
    message: str = ""
    events: list[EventView] = Field(default_factory=list)
    result: Any = None


class BlockView(BlockSummary):
    """A whole block, decoded."""

    signature: str
    transactions: list[TransactionView]


class RawBlocksView(View):
    """Blocks as followers verify and execute them: base64url of the block's bytes."""

    blocks: list[str]
    height: int


class AskEngineRequest(Request):
    """One question for this node's engine, in another engine's name."""

    method: Literal["commit", "validators", "consensus_params"]
    height: Annotated[int | None, Field(ge=1, le=2**53 - 1)] = None
    page: Annotated[int | None, Field(ge=1, le=100)] = None
    per_page: Annotated[int | None, Field(ge=1, le=100)] = None


class EngineAnswerView(View):
    """What the engine answered, JSON: ``{"result": …}`` or ``{"error": …}``."""

    answer: Annotated[str, Field(max_length=1 << 20)]


class SubmitTransactionRequest(Request):
    """A signed transaction: base64url of its canonical bytes."""

    transaction: Annotated[str, Field(min_length=1, max_length=1_500_000)]


class SubmittedView(View):
    """The transaction was checked and queued; its receipt follows with a block."""

    transaction: str


OPERATIONS = (
    Operation("ledger.status", "GET", "/v1/ledger/status", "Height, head, role", LedgerStatusView),
    Operation(
        "ledger.genesis",
        "GET",
        "/v1/ledger/genesis",
        "The genesis file",
        dict[str, Any],
        access="public",
    ),
    Operation(
        "ledger.blocks",
        "GET",
        "/v1/ledger/blocks",
        "List blocks, newest first",
        Page[BlockSummary],
    ),
    Operation("ledger.block", "GET", "/v1/ledger/blocks/{height}", "Show a block", BlockView),
    Operation(
        "ledger.transactions",
        "GET",
        "/v1/ledger/transactions",
        "Search transactions, newest first",
        Page[TransactionView],
        query=("sender", "contract", "action", "subject"),
    ),
    Operation(
        "ledger.transaction",
        "GET",
        "/v1/ledger/transactions/{id}",
        "Show a transaction",
        TransactionView,
        query=("wait_ms",),
    ),
    Operation(
        "ledger.submit",
        "POST",
        "/v1/ledger/transactions",
        "Submit a signed transaction",
        SubmittedView,
        SubmitTransactionRequest,
        "peer",
        202,
    ),
    Operation(
        "ledger.raw_blocks",
        "GET",
        "/v1/ledger/raw-blocks",
        "Blocks for followers; waits",
        RawBlocksView,
        access="peer",
        query=("from_height", "limit", "wait_ms"),
    ),
    Operation(
        "ledger.prove_snapshot",
        "GET",
        "/v1/ledger/proofs/snapshot",
        "Proof of the newest snapshot's header, for nodes that join",
        dict[str, Any],
        access="peer",
    ),
    Operation(
        "ledger.ask_engine",
        "POST",
        "/v1/ledger/engine/questions",
        "Commits and validators as the engine has them, for engines that join",
        EngineAnswerView,
        AskEngineRequest,
        "peer",
    ),
    Operation(
        "ledger.prove_transaction",
        "GET",
        "/v1/ledger/proofs/transactions/{id}",
        "Proof that a transaction was committed",
        dict[str, Any],
        query=("since",),
    ),
    Operation(
        "ledger.prove_state",
        "GET",
        "/v1/ledger/proofs/state",
        "Proof of a current value or of its absence",
        dict[str, Any],
        query=("contract", "collection", "key", "since"),
    ),
    Operation(
        "ledger.checkpoint",
        "GET",
        "/v1/ledger/checkpoint",
        "Newest certified header and its validators",
        dict[str, Any],
    ),
)
