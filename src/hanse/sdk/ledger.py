"""The ledger: status, blocks, transactions, proofs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hanse.api.base import ErrorBody, Page
from hanse.api.consensus import ConsensusView, SearchView, StatisticsView
from hanse.api.errors import build
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
from hanse.core.errors import NotFoundError
from hanse.sdk.area import Area, page
from hanse.sdk.errors import rebuild
from hanse.sdk.waiting import Progress, wait_until

LONG_POLL_S = 35.0


class LedgerArea(Area):
    """Reading the ledger, submitting to it, and proofs."""

    def status(self) -> LedgerStatusView:
        """Height, head, role."""
        return self._http.call("ledger.status", LedgerStatusView)

    def genesis(self) -> dict[str, Any]:
        """The genesis file's content; its canonical bytes hash to the chain's id."""
        return self._http.call("ledger.genesis", dict[str, Any])

    def blocks(self, *, limit: int | None = None, after: str | None = None) -> Page[BlockSummary]:
        """One page of blocks, newest first."""
        return self._http.call("ledger.blocks", Page[BlockSummary], query=page(limit, after))

    def block(self, height: int) -> BlockView:
        """A block with its transactions."""
        return self._http.call("ledger.block", BlockView, path={"height": height})

    def transactions(
        self,
        *,
        sender: str | None = None,
        contract: str | None = None,
        action: str | None = None,
        subject: str | None = None,
        limit: int | None = None,
        after: str | None = None,
    ) -> Page[TransactionView]:
        """One page of transactions, newest first; ``subject`` is any identifier in them."""
        query = page(limit, after, sender=sender, contract=contract, action=action, subject=subject)
        return self._http.call("ledger.transactions", Page[TransactionView], query=query)

    def transaction(self, transaction: str, *, wait_ms: int | None = None) -> TransactionView:
        """A committed transaction; the node waits up to ``wait_ms`` for it."""
        return self._http.call(
            "ledger.transaction",
            TransactionView,
            path={"id": transaction},
            query={"wait_ms": wait_ms},
            timeout_s=LONG_POLL_S,
        )

    def submit(self, raw: bytes) -> str:
        """Submit a signed transaction's bytes; returns its id, the receipt follows."""
        body = build(SubmitTransactionRequest, {"transaction": b64url(raw)})
        return self._http.call("ledger.submit", SubmittedView, body=body).transaction

    def raw_blocks(self, from_height: int, *, limit: int = 100, wait_ms: int = 0) -> list[bytes]:
        """Blocks from a height on, as bytes; an empty list when none came within ``wait_ms``."""
        answer = self._http.call(
            "ledger.raw_blocks",
            RawBlocksView,
            query={"from_height": from_height, "limit": limit, "wait_ms": wait_ms},
            timeout_s=LONG_POLL_S + wait_ms / 1000,
        )
        return [unb64url(block) for block in answer.blocks]

    def prove_snapshot(self) -> dict[str, Any]:
        """Proof of the header of the node's newest snapshot."""
        return self._http.call("ledger.prove_snapshot", dict[str, Any], timeout_s=LONG_POLL_S)

    def ask_engine(
        self,
        method: str,
        *,
        height: int | None = None,
        page: int | None = None,
        per_page: int | None = None,
    ) -> str:
        """What the node's engine answers (JSON): commit, validators or consensus_params."""
        fields = {"method": method, "height": height, "page": page, "per_page": per_page}
        body = build(AskEngineRequest, fields)
        return self._http.call("ledger.ask_engine", EngineAnswerView, body=body).answer

    def prove_transaction(self, transaction: str, *, since: int = 0) -> dict[str, Any]:
        """Proof that a transaction and its receipt are on the ledger.

        ``since`` is the height of the trusted header that the verifier has; with it, earlier
        changes of validators are left out.
        """
        return self._http.call(
            "ledger.prove_transaction",
            dict[str, Any],
            path={"id": transaction},
            query={"since": since or None},
            timeout_s=LONG_POLL_S,
        )

    def prove_state(
        self, contract: str, collection: str, key: Sequence[str | int], *, since: int = 0
    ) -> dict[str, Any]:
        """Proof of the current value under a key, or of its absence."""
        query = {
            "contract": contract,
            "collection": collection,
            "key": canonical.encode([*key]).decode("utf-8"),
            "since": since or None,
        }
        return self._http.call(
            "ledger.prove_state", dict[str, Any], query=query, timeout_s=LONG_POLL_S
        )

    def checkpoint(self) -> dict[str, Any]:
        """The newest certified header and its validators: a trusted start for verifiers."""
        return self._http.call("ledger.checkpoint", dict[str, Any])

    def consensus(self) -> ConsensusView:
        """Where ordering stands: height, round, validators, mempool, peers."""
        return self._http.call("ledger.consensus", ConsensusView)

    def statistics(self, *, blocks: int | None = None) -> StatisticsView:
        """Block time, size and throughput of the newest blocks, 1 to 1,000 of them."""
        return self._http.call("ledger.statistics", StatisticsView, query={"blocks": blocks})

    def search(self, text: str) -> SearchView:
        """What a height, hash, identifier or a part of a name stands for."""
        return self._http.call("ledger.search", SearchView, query={"text": text})

    def wait_transaction(self, transaction: str, timeout_s: float = 60.0) -> TransactionView:
        """Wait until a transaction is committed here.

        Raises:
            HanseError: the named error of a transaction that was refused.
            WaitTimedOut: when it is not committed in time.
        """

        def fetch() -> TransactionView | None:
            try:
                return self.transaction(transaction, wait_ms=1_000)
            except NotFoundError:
                return None

        found = wait_until(
            fetch,
            lambda view: view is not None,
            what=f"transaction {transaction}",
            timeout_s=timeout_s,
        )
        assert found is not None
        if not found.ok:
            raise rebuild(ErrorBody(code=found.code, message=found.message), 409)
        return found

    def wait_height(
        self,
        height: int,
        timeout_s: float = 60.0,
        progress: Progress[LedgerStatusView] | None = None,
    ) -> LedgerStatusView:
        """Wait until the node has executed the block at ``height``."""
        return wait_until(
            self.status,
            lambda status: status.height >= height,
            what=f"height {height} at {self._http.url}",
            timeout_s=timeout_s,
            progress=progress,
        )
