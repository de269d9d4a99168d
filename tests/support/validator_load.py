"""Load on validators, and the promises that must hold whatever happened meanwhile."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from bft_network import BftNetwork
from ledger_network import Add
from patience import PATIENCE_S
from validator_process import Gone, Refused, ValidatorProcess

from hanse.ledger.transaction import parse_transaction

SENDERS = 4
ANSWER_S = 5.0
PAUSE_S = 0.05


class Load:
    """Senders that each add one to a counter of their own, at one node after the other.

    A transaction whose receipt does not come is handed in again, the same bytes, at the next
    node: the network has to execute it once.
    """

    def __init__(self, network: BftNetwork, nodes: list[ValidatorProcess]) -> None:
        self.network = network
        self.nodes = nodes
        self.acknowledged: set[str] = set()
        self.sent: dict[str, int] = {}

    async def send(self, member: int, first: int = 0) -> str:
        """One transaction, from signing to its receipt, whichever node gives it; its id."""
        raw = self.network.transaction(Add(f"counter{member}", 1), member)
        tx = self.note(raw, member)
        turn = first
        while not await self._is_executed(self.nodes[turn % len(self.nodes)], raw, tx):
            turn += 1
            await asyncio.sleep(PAUSE_S)
        self.acknowledged.add(tx)
        return tx

    def note(self, raw: bytes, member: int) -> str:
        """Remember that a member sent this; its id."""
        tx = parse_transaction(self.network.suite, raw).id.hex()
        self.sent[tx] = member
        return tx

    async def _is_executed(self, node: ValidatorProcess, raw: bytes, tx: str) -> bool:
        try:
            with suppress(Refused):  # executed already, or the node cannot take it now
                await node.ask("submit", ANSWER_S, raw=raw.hex())
            receipt = await node.ask("receipt", 2 * ANSWER_S, tx=tx, seconds=ANSWER_S)
        except (Refused, Gone, TimeoutError):
            return False
        assert receipt["code"] == "", "a transaction that adds has to take effect"
        return True

    async def more(self, count: int) -> None:
        """Wait until so many more are acknowledged."""
        goal = len(self.acknowledged) + count
        async with asyncio.timeout(PATIENCE_S):
            while len(self.acknowledged) < goal:
                await asyncio.sleep(0.02)

    async def _sender(self, member: int, over: asyncio.Event) -> None:
        turn = member
        while not over.is_set():
            await self.send(member, turn)
            turn += 1
            await asyncio.sleep(PAUSE_S)


@asynccontextmanager
async def under_load(
    network: BftNetwork, nodes: list[ValidatorProcess], within_s: float = 10 * PATIENCE_S
) -> AsyncIterator[Load]:
    """Senders at work in the block; at its end each waits for its last receipt."""
    load, over = Load(network, nodes), asyncio.Event()
    async with asyncio.timeout(within_s), asyncio.TaskGroup() as group:
        for member in range(SENDERS):
            group.create_task(load._sender(member, over))
        await load.more(2 * SENDERS)
        yield load
        over.set()


async def settled(nodes: list[ValidatorProcess]) -> int:
    """Wait until all stand at one height with one state and nothing waits; the height."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            found = await asyncio.gather(*[node.ask("status") for node in nodes])
            heads = {(status["height"], status["root"]) for status in found}
            if len(heads) == 1 and not any(status["pending"] for status in found):
                return int(found[0]["height"])
            await asyncio.sleep(0.1)


async def check_promises(load: Load, nodes: list[ValidatorProcess]) -> None:
    """No fork, nothing acknowledged lost, nothing executed twice, all caught up, disks sound."""
    height = await settled(nodes)
    chains = await asyncio.gather(*[node.ask("chain") for node in nodes])
    first = chains[0]
    assert all(chain["scanned"] >= height for chain in chains)
    common = min(len(chain["headers"]) for chain in chains)
    for chain in chains:
        assert chain["headers"][:common] == first["headers"][:common], "a fork"
    executed = Counter(tx for tx, _ in first["receipts"])
    assert not [tx for tx, times in executed.items() if times != 1], "executed twice"
    assert load.acknowledged <= executed.keys(), "an acknowledged transaction is lost"
    assert executed.keys() <= load.sent.keys(), "nobody sent it"
    for member in range(SENDERS):
        values = {await node.ask("value", name=f"counter{member}") for node in nodes}
        assert values == {sum(load.sent[tx] == member for tx in executed)}
