"""What a node answers its engine about the mempool, the engine played by the test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from committee import Committee, CommitteeNetwork, Node
from ledger_network import Add

from hanse.ledger.bft.arrivals import Arrivals
from hanse.ledger.bft.carried import Carried
from hanse.ledger.bft.checking import Checking
from hanse.ledger.bft.consensus import Consensus
from hanse.ledger.execution import Check
from hanse.ledger.intake.worker import holds


class CountingVerifiers:
    """Verifies for real, and counts."""

    def __init__(self, network: CommitteeNetwork) -> None:
        self.network = network
        self.verified = 0

    async def verify(self, check: Check) -> bool:
        return (await self.verify_all([check]))[0]

    async def verify_all(self, checks: list[Check]) -> list[bool]:
        self.verified += len(checks)
        return [holds(self.network.suite, check) for check in checks]


class Desk:
    """Arrivals and mempool of one node, told of its blocks."""

    def __init__(self, committee: Committee, index: int = 0) -> None:
        self.committee = committee
        self.node: Node = committee.nodes[index]
        self.verifiers: Any = CountingVerifiers(committee.network)
        self.arrivals = Arrivals(
            self.node.app, self.verifiers, self.node.known, lambda: committee.now_ms
        )
        self.use(self.node.carried)

    def use(self, carried: Carried) -> None:
        """Begin with this record of the mempool."""
        node = self.node
        node.carried = carried
        node.consensus = Consensus(node.app, node.book, node.known, carried, node.faults)
        self.checking = Checking(node.app, self.arrivals, carried, self.verifiers)

    def send(self, name: str = "x", member: int = 0, **options: Any) -> bytes:
        """A transaction made now."""
        network = self.committee.network
        return network.transaction(Add(name, 1), member, now_ms=self.committee.now_ms, **options)

    def block(self, items: Sequence[bytes]) -> None:
        """This node proposes, decides and commits these items of its mempool."""
        committee, consensus = self.committee, self.node.consensus
        content = committee.propose(items)
        committee.vote()
        committee.blocks.append((committee.height, committee.time_ns, content, b""))
        consensus.finalize(committee.height - 1, committee.time_ns, content, b"\x01" * 32)
        self.checking.committed(consensus.commit())
        committee.time_ns += 10_000_000

    def code_again(self, item: bytes) -> str:
        """Code under which an item has to leave the mempool after a block, empty when not."""
        error = self.checking.verdict_again(item)
        return "" if error is None else error.code

    async def code(self, item: bytes) -> str:
        """Code under which an item that arrives is refused, empty when not."""
        return (await self.codes([item]))[0]

    async def codes(self, items: Sequence[bytes]) -> list[str]:
        """The same for items that arrive together."""
        return ["" if e is None else e.code for e in await self.checking.verdicts(items)]
