"""The engine goes on above blocks that are not kept, and looks at every flow it knows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from hanse.collaboration.engine.following import Following
from hanse.collaboration.engine.journal import Journal
from hanse.crypto.suite import get_suite
from hanse.ledger.block import Block, Header
from hanse.ledger.errors import BlockPruned

SUITE = get_suite("intl")
BASE, HEAD = 5, 8


def block(height: int) -> Block:
    header = Header(
        height=height,
        time_ms=height,
        chain="",
        previous="",
        transactions_root="",
        receipts_root="",
        state_root="",
        count=0,
        orderer="",
    )
    return Block(header=header, signature="", transactions=[], receipts=[])


class PrunedLedger:
    """Keeps blocks from ``BASE`` on."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    async def blocks(self, from_height: int) -> AsyncIterator[Block]:
        self.asked.append(from_height)
        if from_height < BASE:
            raise BlockPruned(base=BASE)
        for height in range(from_height, HEAD + 1):
            yield block(height)


async def test_gap_is_skipped_and_known_flows_are_looked_at(tmp_path: Path) -> None:
    ledger, looked_at = PrunedLedger(), []
    with Journal(tmp_path / "work.sqlite", SUITE, b"k" * SUITE.key_bytes, "ab" * 32) as journal:
        journal.add_flow("fl-a", 1)
        context: Any = SimpleNamespace(
            ledger=ledger,
            journal=journal,
            signals=SimpleNamespace(notify=lambda: None),
            settings=SimpleNamespace(retry_s=0.0),
        )
        following = Following(context, looked_at.append, looked_at.append)
        await following.run()
    assert ledger.asked == [0, BASE]
    assert following.height == HEAD
    assert looked_at == ["fl-a"]
