"""Where a follower gets blocks from and sends transactions to."""

from __future__ import annotations

from typing import Protocol


class BlockSource(Protocol):
    """Another node, over whatever transport; nothing it says is believed unverified."""

    async def fetch(self, from_height: int, limit: int, wait_ms: int) -> list[bytes]:
        """Encoded blocks from a height on, in order.

        Waits up to ``wait_ms`` for the first when there is none yet; may return fewer than
        ``limit``, and none.
        """
        ...

    async def forward(self, raw: bytes) -> str:
        """Submit a transaction; its id, hex. Raises what the source's submit raises."""
        ...
