"""Blocks from the node that orders them, over HTTP (`hanse.ledger`'s BlockSource)."""

from __future__ import annotations

from hanse.api.ledger import RawBlocksView, SubmittedView, SubmitTransactionRequest
from hanse.core.encoding import b64url, unb64url
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
