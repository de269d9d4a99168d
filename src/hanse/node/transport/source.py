"""What a node's ledger gets from another node, over HTTP: blocks, or a snapshot's proof."""

from __future__ import annotations

from typing import Any

from hanse.api.ledger import (
    AskEngineRequest,
    EngineAnswerView,
    RawBlocksView,
    SubmittedView,
    SubmitTransactionRequest,
)
from hanse.core import canonical
from hanse.core.encoding import b64url, unb64url
from hanse.ledger.bft.engine.questions import EngineQuestion
from hanse.node.transport.session import PeerSession

_SLACK_S = 15.0


class HttpBlockSource:
    """Long-polls new blocks and forwards transactions.

    What arrives is verified by the ledger; this class only carries bytes.
    """

    def __init__(self, session: PeerSession, poll_wait_ms: int) -> None:
        self._session = session
        self._poll_wait_ms = poll_wait_ms
        self.source_height: int | None = None

    async def fetch(self, from_height: int, limit: int, wait_ms: int) -> list[bytes]:
        """Encoded blocks from a height on; empty when none came within ``wait_ms``."""
        wait_ms = min(wait_ms, self._poll_wait_ms)
        found = await self._session.call(
            "ledger.raw_blocks",
            RawBlocksView,
            query={"from_height": from_height, "limit": limit, "wait_ms": wait_ms},
            timeout_s=wait_ms / 1000 + _SLACK_S,
        )
        self.source_height = found.height
        return [unb64url(block) for block in found.blocks]

    async def forward(self, raw: bytes) -> str:
        """Hand a transaction to the node that orders; returns its id.

        Raises:
            HanseError: the named reason it was refused for.
        """
        body = SubmitTransactionRequest(transaction=b64url(raw))
        return (await self._session.call("ledger.submit", SubmittedView, body=body)).transaction


class SnapshotSource:
    """What a node that begins with a snapshot asks of one that has it.

    The snapshot itself comes from engine to engine; what arrives here is verified by who asked.
    """

    def __init__(self, session: PeerSession) -> None:
        self._session = session

    async def prove(self) -> bytes:
        """Proof of the header of the newest snapshot, encoded."""
        return canonical.encode(await self._session.call("ledger.prove_snapshot", dict[str, Any]))

    async def ask(self, question: EngineQuestion) -> bytes:
        """What the other's engine answers."""
        body = AskEngineRequest(
            method=question.method,
            height=question.height,
            page=question.page,
            per_page=question.per_page,
        )
        found = await self._session.call("ledger.ask_engine", EngineAnswerView, body=body)
        return found.answer.encode("utf-8")
