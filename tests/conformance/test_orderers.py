"""One suite for every way a node can take part in ordering.

An engine passes when, seen from the node under test, these hold: the embedded sequencer,
followers of it, one validator by itself, one of four, and a follower of a validator.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from bft_network import BftNetwork, require_engine, running_validators
from committee import registry
from ledger_chain import running
from ledger_network import (
    COUNTERS,
    Add,
    AddMany,
    Member,
    Network,
    RotateKey,
    value_of,
)
from patience import PATIENCE_S

from hanse.core.errors import HanseError
from hanse.ledger.authority import verify_certified
from hanse.ledger.block import Receipt, header_hash, verify_header
from hanse.ledger.certificates import decode_certificate
from hanse.ledger.clock import system_clock
from hanse.ledger.ledger import Ledger
from hanse.ledger.ordering.follower import Follower
from hanse.ledger.proofs import encode_proof, verify_proof
from hanse.ledger.transaction import build_transaction


@dataclass
class Setting:
    """A network of which one node is under test.

    Attributes:
        node: the node under test.
        all_nodes: every node, in the order in which they may be closed.
    """

    network: Network
    node: Ledger
    all_nodes: list[Ledger]

    async def send(self, message: Any, member: int = 0, **options: Any) -> Receipt:
        raw = self.network.transaction(message, member, **options)
        return await self.node.wait_receipt(await self.node.submit(raw), PATIENCE_S)

    async def settled(self) -> int:
        """All nodes have the state of the highest; the lowest height among them.

        Under validators a follower lacks the empty block that ends a burst.
        """
        async with asyncio.timeout(30):
            while len({node.status().state_root for node in self.all_nodes}) > 1:
                await asyncio.sleep(0.02)
        return min(node.height for node in self.all_nodes)


@asynccontextmanager
async def sequencer_alone(network: Network, home: Path) -> AsyncIterator[Setting]:
    async with running(network, home / "sequencer") as node:
        yield Setting(network, node, [node])


@asynccontextmanager
async def follower_of_sequencer(network: Network, home: Path) -> AsyncIterator[Setting]:
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(running(network, home / "sequencer"))
        node = await stack.enter_async_context(running(network, home / "a", Follower(first)))
        yield Setting(network, node, [node, first])


@asynccontextmanager
async def follower_of_follower(network: Network, home: Path) -> AsyncIterator[Setting]:
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(running(network, home / "sequencer"))
        middle = await stack.enter_async_context(running(network, home / "a", Follower(first)))
        node = await stack.enter_async_context(running(network, home / "b", Follower(middle)))
        yield Setting(network, node, [node, middle, first])


@asynccontextmanager
async def validators(network: BftNetwork, home: Path, count: int) -> AsyncIterator[Setting]:
    async with running_validators(network, home, range(count)) as nodes:
        yield Setting(network, nodes[0], nodes)


def one_validator(network: Network, home: Path) -> AbstractAsyncContextManager[Setting]:
    assert isinstance(network, BftNetwork)
    return validators(network, home, 1)


def one_of_four(network: Network, home: Path) -> AbstractAsyncContextManager[Setting]:
    assert isinstance(network, BftNetwork)
    return validators(network, home, 4)


@asynccontextmanager
async def follower_of_validator(network: Network, home: Path) -> AsyncIterator[Setting]:
    assert isinstance(network, BftNetwork)
    async with validators(network, home, 1) as setting:
        role = Follower(setting.node)
        async with running(network, home / "f", role, registry_=registry()) as node:
            yield Setting(network, node, [node, setting.node])


Opener = Callable[[Network, Path], AbstractAsyncContextManager[Setting]]
ORDERERS: dict[str, Opener] = {
    "sequencer": sequencer_alone,
    "follower": follower_of_sequencer,
    "follower of a follower": follower_of_follower,
    "validator": one_validator,
    "one of four validators": one_of_four,
    "follower of a validator": follower_of_validator,
}
SEATS = {one_validator: 1, one_of_four: 4, follower_of_validator: 1}


@pytest.fixture(params=ORDERERS.values(), ids=ORDERERS.keys())
def opener(request: pytest.FixtureRequest) -> Opener:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def network(opener: Opener) -> Network:
    if opener not in SEATS:
        return Network(members=3)
    require_engine()
    return BftNetwork(seats=SEATS[opener], members=max(SEATS[opener], 3))


async def test_transaction_is_executed_and_its_receipt_is_here(
    opener: Opener, network: Network, tmp_path: Path
) -> None:
    async with opener(network, tmp_path) as setting:
        receipt = await setting.send(Add("x", 5))
        assert receipt.ok
        assert receipt.events[0].name == "CounterChanged"
        assert value_of(setting.node.state, "x") == 5
        assert setting.node.receipt(receipt.tx) == receipt


async def test_failed_transaction_has_a_code_and_no_effect(
    opener: Opener, network: Network, tmp_path: Path
) -> None:
    async with opener(network, tmp_path) as setting:
        receipt = await setting.send(AddMany(["a", "b"], 1, fail=True))
        assert (receipt.ok, receipt.code) == (False, "test.refused")
        assert value_of(setting.node.state, "a") == 0


async def test_every_node_has_the_same_headers_and_state(
    opener: Opener, network: Network, tmp_path: Path
) -> None:
    async with opener(network, tmp_path) as setting:
        messages = [Add(f"c{i % 7}", i) for i in range(60)]
        await asyncio.gather(*[setting.send(m, i % 3) for i, m in enumerate(messages)])
        height = await setting.settled()
        first = setting.all_nodes[0]
        for node in setting.all_nodes:
            assert [node.header(h) for h in range(height + 1)] == [
                first.header(h) for h in range(height + 1)
            ]
            report = await node.verify_store()
            assert report.transactions == 60


async def test_headers_form_a_signed_chain_whose_time_moves_on(
    opener: Opener, network: Network, tmp_path: Path
) -> None:
    async with opener(network, tmp_path) as setting:
        for amount in range(4):
            await setting.send(Add("x", amount))
        headers = []
        for height in range(setting.node.height + 1):
            block = setting.node.block(height)
            assert block is not None
            headers.append(block.header)
            if network.genesis.engine == "embedded" and height:
                public = bytes.fromhex(network.genesis.orderer.public)
                verify_header(network.suite, public, block.header, block.signature)
            elif 0 < height < setting.node.height:
                certificate = decode_certificate(setting.node.certificate(height) or b"")
                signers = setting.node.validators(height + 1)
                verify_certified(network.suite, block.header, block.block_id, certificate, signers)
        for before, after in pairwise(headers):
            assert after.previous == header_hash(network.suite, before)
            assert after.time_ms > before.time_ms
            assert after.height == before.height + 1


async def test_replay_is_refused(opener: Opener, network: Network, tmp_path: Path) -> None:
    async with opener(network, tmp_path) as setting:
        raw = network.transaction(Add("x", 1))
        await setting.node.wait_receipt(await setting.node.submit(raw), PATIENCE_S)
        with pytest.raises(HanseError) as refused:
            await setting.node.submit(raw)
        assert refused.value.code == "ledger.replayed"
        assert value_of(setting.node.state, "x") == 1


async def test_bad_ones_are_refused_with_their_names(
    opener: Opener, network: Network, tmp_path: Path
) -> None:
    stranger = Member("sm", "did:hanse:stranger")
    liar = Member("sm", network.members[0].did)
    now = system_clock()
    cases = {
        "ledger.bad_transaction": b"nonsense",
        "ledger.wrong_chain": Network(members=1).transaction(Add("x", 1)),
        "ledger.transaction_expired": network.transaction(Add("x", 1), ttl_ms=-1),
        "ledger.expiry_too_far": network.transaction(Add("x", 1), ttl_ms=10**9),
        "ledger.key_not_valid": build_transaction(
            stranger, network.chain, "counter", Add("x", 1), now_ms=now
        ),
        "ledger.bad_signature": build_transaction(
            liar, network.chain, "counter", Add("x", 1), now_ms=now
        ),
        "ledger.unknown_contract": build_transaction(
            network.members[0], network.chain, "none", Add("x", 1), now_ms=now
        ),
    }
    async with opener(network, tmp_path) as setting:
        for code, raw in cases.items():
            with pytest.raises(HanseError) as refused:
                await setting.node.submit(raw)
            assert refused.value.code == code
        assert (await setting.send(Add("x", 1))).ok


async def test_key_rotation_holds_from_the_next_height(
    opener: Opener, network: Network, tmp_path: Path
) -> None:
    async with opener(network, tmp_path) as setting:
        fresh = Member("sm", network.members[0].did)
        fresh.signing_key_id = "#key-2"
        assert (await setting.send(RotateKey(fresh.public))).ok
        with pytest.raises(HanseError) as refused:
            await setting.send(Add("x", 1))
        assert refused.value.code == "ledger.key_not_valid"
        network.members[0] = fresh
        assert (await setting.send(Add("x", 1))).ok


async def test_proofs_made_here_hold_offline(
    opener: Opener, network: Network, tmp_path: Path
) -> None:
    async with opener(network, tmp_path) as setting:
        receipt = await setting.send(Add("x", 5))
        node = setting.node
        for proof in (
            await node.prove_transaction(receipt.tx),
            await node.prove_state(COUNTERS.key("x")),
            await node.prove_state(COUNTERS.key("nobody")),
        ):
            fact = verify_proof(network.genesis, encode_proof(proof))
            assert fact.chain == network.chain


async def test_idle_network_makes_no_blocks(
    opener: Opener, network: Network, tmp_path: Path
) -> None:
    async with opener(network, tmp_path) as setting:
        await setting.send(Add("x", 5))
        await asyncio.sleep(1.0)  # validators end a burst with one empty block
        height = setting.node.height
        await asyncio.sleep(0.5)
        assert setting.node.height == height


async def test_followers_of_an_idle_network_wait_and_do_not_ask_again_and_again(
    opener: Opener, network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opener(network, tmp_path) as setting:
        await setting.send(Add("x", 5))
        await setting.settled()
        await asyncio.sleep(1.0)  # as above
        asked: list[int] = []
        for node in setting.all_nodes:
            real = node.encoded_blocks

            def look(start: int, limit: int, real: Any = real) -> list[bytes]:
                asked.append(start)
                found: list[bytes] = real(start, limit)
                return found

            monkeypatch.setattr(node, "encoded_blocks", look)
        await asyncio.sleep(0.5)
        assert len(asked) <= len(setting.all_nodes)


async def test_restart_continues_where_it_stopped(
    opener: Opener, network: Network, tmp_path: Path
) -> None:
    async with opener(network, tmp_path) as setting:
        receipt = await setting.send(Add("x", 5))
        height = setting.node.height
    async with opener(network, tmp_path) as setting:
        assert setting.node.height >= height
        assert setting.node.receipt(receipt.tx) == receipt
        assert (await setting.send(Add("x", 1))).result["value"] == 6
