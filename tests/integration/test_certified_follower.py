"""A follower of a network whose validators change: it verifies, keeps and proves by itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from changing_chain import ChangingChain, ChangingNetwork
from ledger_chain import ListSource
from ledger_network import COUNTERS, Add

from hanse.ledger.block import decode_block, with_certificate
from hanse.ledger.certificates import decode_certificate, encode_certificate
from hanse.ledger.ledger import Ledger
from hanse.ledger.ordering.follower import Follower
from hanse.ledger.proofs import encode_proof, verify_proof

NETWORK = ChangingNetwork()


def sent(chain: ChangingChain, height: int) -> bytes:
    """A block as a node sends it to followers."""
    return with_certificate(chain.encoded(height), encode_certificate(chain.certificate(height)))


@asynccontextmanager
async def following(home: Path, source: ListSource) -> AsyncIterator[Ledger]:
    ledger = await Ledger.open(
        home, NETWORK.genesis, NETWORK.registry(), Follower(source), workers=1
    )
    await ledger.start()
    try:
        yield ledger
    finally:
        await ledger.close()


async def reached(ledger: Ledger, height: int) -> None:
    async with asyncio.timeout(60):
        async for block in ledger.blocks(height):
            if block.header.height == height:
                return


async def refused(ledger: Ledger) -> str:
    async with asyncio.timeout(60):
        while not ledger.refusals:
            await asyncio.sleep(0.01)
    return ledger.refusals[-1].code


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[ChangingChain]:
    opened = ChangingChain(NETWORK, tmp_path / "origin")
    opened.change({1: 1, 2: 1, 3: 1, 4: 1})
    opened.block([opened.transaction(Add("x", 1))])
    opened.change({4: 2, 5: 1, 6: 1})
    opened.block([opened.transaction(Add("x", 2))])
    opened.block()
    opened.block()
    yield opened
    opened.close()


async def test_follower_proves_what_it_verified(chain: ChangingChain, tmp_path: Path) -> None:
    source = ListSource({height: sent(chain, height) for height in range(1, 6)})
    async with following(tmp_path / "follower", source) as ledger:
        await reached(ledger, 5)
        receipt = decode_block(chain.encoded(4)).receipts[0]
        for proof in (
            await ledger.prove_transaction(receipt.tx),
            await ledger.prove_state(COUNTERS.key("x")),
        ):
            backing = verify_proof(NETWORK.genesis, encode_proof(proof)).backing
            assert backing.changes == 2
        trusted = ledger.checkpoint()
        assert trusted.height == 5
        late = await ledger.prove_state(COUNTERS.key("x"), since=trusted.height)
        assert late.changes == []
        verify_proof(NETWORK.genesis, encode_proof(late), trusted)
        report = await ledger.verify_store()
        assert (report.height, report.transactions) == (5, 4)


async def test_block_certified_by_the_former_set_is_refused(
    chain: ChangingChain, tmp_path: Path
) -> None:
    blocks = {height: sent(chain, height) for height in range(1, 4)}
    honest = chain.certificate(4).statement
    former = chain.statement(1)
    forged = NETWORK.sign(
        msgspec.structs.replace(
            honest, validators=former.validators, next_validators=former.validators
        ),
        NETWORK.members[:4],
    )
    blocks[4] = with_certificate(chain.encoded(4), encode_certificate(forged))
    async with following(tmp_path / "follower", ListSource(blocks)) as ledger:
        assert await refused(ledger) == "ledger.bad_block_signature"
        assert ledger.height == 3


async def test_certificates_are_kept_as_they_came(chain: ChangingChain, tmp_path: Path) -> None:
    source = ListSource({height: sent(chain, height) for height in range(1, 6)})
    async with following(tmp_path / "follower", source) as ledger:
        await reached(ledger, 5)
        for height in range(1, 6):
            kept = ledger.certificate(height)
            assert kept is not None
            assert decode_certificate(kept).statement == chain.statement(height)
        again = await ledger.fetch(1, 10, 0)
        assert [decode_block(data).header.height for data in again] == [1, 2, 3, 4, 5]
