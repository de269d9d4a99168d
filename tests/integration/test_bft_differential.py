"""What a BFT network decided, executed again by the embedded orderer and by a fresh node."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Any

import pytest
from bft_network import BftNetwork, require_engine, running_validators
from committee import registry
from ledger_network import Add, AddMany, Member, Misbehave, Network, Remove

from hanse.core.errors import HanseError
from hanse.ledger.application import Application
from hanse.ledger.clock import system_clock
from hanse.ledger.execution import Check
from hanse.ledger.intake.worker import holds
from hanse.ledger.ledger import Ledger
from hanse.ledger.ordering.sequencer import Sequencer, SequencerEngine
from hanse.ledger.storage.store import Store
from hanse.ledger.transaction import build_transaction

SEED = 20_260_101
LANES = 64


class Source:
    """A reproducible mixture of transactions: most take effect, some fail, some are refused."""

    def __init__(self, network: BftNetwork) -> None:
        self.network = network
        self.random = random.Random(SEED)
        self.sent: list[bytes] = []
        self.alien = Network(members=3)
        self.liar = Member("sm", network.members[0].did)

    def next(self) -> bytes:
        rnd = self.random
        kind = rnd.random()
        if kind < 0.03 and self.sent:
            return rnd.choice(self.sent)  # a replay
        if kind < 0.05:
            return self.alien.transaction(Add("x", 1))
        if kind < 0.06:
            return rnd.randbytes(rnd.randint(1, 200))
        message = self._message()
        if kind < 0.07:
            return build_transaction(
                self.liar, self.network.chain, "counter", message, now_ms=system_clock()
            )
        raw = self.network.transaction(message, rnd.randrange(len(self.network.members)))
        self.sent.append(raw)
        return raw

    def _message(self) -> Any:
        rnd = self.random
        name = f"c{rnd.randrange(200)}"
        choice = rnd.random()
        if choice < 0.7:
            return Add(name, rnd.randint(-5, 20))
        if choice < 0.85:
            return AddMany([f"c{rnd.randrange(200)}" for _ in range(3)], 1, fail=rnd.random() < 0.3)
        if choice < 0.95:
            return Remove(name)
        return Misbehave(rnd.choice(["crash", "elsewhere", "nothing"]))


async def feed(node: Ledger, source: Source, count: int) -> dict[str, int]:
    """Send so many, some at a time; how many had which outcome."""
    outcomes: dict[str, int] = {}
    left = iter(range(count))

    async def lane() -> None:
        for _ in left:
            raw = source.next()
            try:
                receipt = await node.wait_receipt(await node.submit(raw), 120.0)
                code = receipt.code
            except HanseError as error:
                code = error.code
            outcomes[code] = outcomes.get(code, 0) + 1

    await asyncio.gather(*(lane() for _ in range(LANES)))
    return outcomes


@pytest.fixture
def network() -> BftNetwork:
    require_engine()
    return BftNetwork(seats=1, members=3)


@pytest.mark.parametrize(
    "count",
    [
        500,
        pytest.param(2_000, marks=pytest.mark.long),
        pytest.param(10_000, marks=pytest.mark.slow),
    ],
)
async def test_decided_blocks_give_the_same_under_the_embedded_orderer_and_at_a_fresh_node(
    network: BftNetwork, tmp_path: Path, count: int
) -> None:
    source = Source(network)
    async with running_validators(network, tmp_path, [0]) as (node,):
        outcomes = await feed(node, source, count)
        assert sum(outcomes.values()) == count
        for code in (
            "", "test.not_enough", "test.refused", "ledger.contract_failed",
            "ledger.replayed", "ledger.wrong_chain", "ledger.bad_transaction",
            "ledger.bad_signature",
        ):  # fmt: skip
            assert outcomes.get(code, 0) > 0, (code, outcomes)
        replay_embedded(network, node, tmp_path / "embedded")
        height = node.height - 1
        fresh = await network.open(1, tmp_path)
        try:
            async with asyncio.timeout(120):
                while fresh.height < height:
                    await asyncio.sleep(0.1)
            for at in range(height + 1):
                assert fresh.header(at) == node.header(at)
        finally:
            await fresh.close()


def replay_embedded(network: BftNetwork, node: Ledger, folder: Path) -> None:
    """Every decided block, with its boundaries and time, through the sequencer's own loop."""

    def verify(checks: list[Check]) -> list[bool]:
        return [holds(network.suite, check) for check in checks]

    store = Store(folder, network.suite.hash)
    application = Application(store, network.genesis, registry(), verify)
    engine = SequencerEngine(application, Sequencer(network.operator.private))
    for height in range(1, node.height + 1):
        block = node.block(height)
        assert block is not None
        executed = engine.produce(block.wire_transactions(), block.header.time_ms)  # type: ignore[arg-type]
        assert executed.receipts == block.receipts
        assert application.committed == block.header
    store.close()
