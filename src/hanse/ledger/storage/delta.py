"""What blocks change, before it is written: one block's changes, or several merged."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Delta:
    """Changes to every database. In each map None deletes.

    Attributes:
        values: full state key → value.
        nodes: trie path → node.
        hashed: full state key → hashed key, for keys in ``values``.
        replay: replay digest → height of its block.
        expiry: (until_ms, height) → whether a replay record stands there.
        transactions: transaction id → (height, index in the block).
        blocks: height → encoded block.
        certificates: height → encoded certificate of that block.
    """

    values: dict[bytes, bytes | None] = field(default_factory=dict)
    nodes: dict[bytes, bytes | None] = field(default_factory=dict)
    hashed: dict[bytes, bytes] = field(default_factory=dict)
    replay: dict[bytes, int | None] = field(default_factory=dict)
    expiry: dict[tuple[int, int], bool] = field(default_factory=dict)
    transactions: dict[bytes, tuple[int, int]] = field(default_factory=dict)
    blocks: dict[int, bytes] = field(default_factory=dict)
    certificates: dict[int, bytes] = field(default_factory=dict)

    def merge(self, later: Delta) -> None:
        """Put the changes of a later block on top."""
        self.values.update(later.values)
        self.nodes.update(later.nodes)
        self.hashed.update(later.hashed)
        self.replay.update(later.replay)
        self.expiry.update(later.expiry)
        self.transactions.update(later.transactions)
        self.blocks.update(later.blocks)
        self.certificates.update(later.certificates)

    def __bool__(self) -> bool:
        return bool(self.blocks or self.certificates)
