"""The facade: intake, receipts, waiting, reading, closing."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from ledger_chain import running
from ledger_network import CALLS, Add, Member, Misbehave, Network, registry, value_of
from patience import until

from hanse.core import canonical
from hanse.ledger.clock import system_clock
from hanse.ledger.errors import (
    BadTransactionSignature,
    Halted,
    KeyNotValid,
    LedgerClosed,
    LedgerInUse,
    ReceiptTimeout,
    Replayed,
    StorageFull,
    TransactionExpired,
    TransactionTooLarge,
    UnknownAction,
    UnknownContract,
    WrongOrderer,
)
from hanse.ledger.ledger import Ledger
from hanse.ledger.ordering.sequencer import Sequencer
from hanse.ledger.transaction import build_transaction

NETWORK = Network(members=3)


async def send(ledger: Ledger, raw: bytes) -> Any:
    return await ledger.wait_receipt(await ledger.submit(raw), 60.0)


async def test_submit_waits_for_its_receipt_and_finds_it_later(tmp_path: Path) -> None:
    async with running(NETWORK, tmp_path) as ledger:
        tx = await ledger.submit(NETWORK.transaction(Add("x", 5)))
        receipt = await ledger.wait_receipt(tx)
        assert receipt.ok and receipt.tx == tx
        assert ledger.receipt(tx) == await ledger.wait_receipt(tx) == receipt
        assert ledger.find(tx) == (1, 0)
        block = ledger.block(1)
        assert block is not None and block.header == ledger.header(1)
        assert block.header.orderer == NETWORK.operator.did
        assert (ledger.height, value_of(ledger.state, "x")) == (1, 5)
        assert ledger.block(2) is ledger.header(2) is ledger.block(-1) is None
        status = ledger.status()
        assert (status.role, status.height, status.pending, status.failure) == (
            "sequencer",
            1,
            0,
            "",
        )
        assert ledger.refusals == []


async def test_refusals_are_named(tmp_path: Path) -> None:
    stranger = Member("sm", "did:hanse:stranger")
    liar = Member("sm", NETWORK.members[0].did)
    now = system_clock()

    def build(signer: Member, contract: str = "counter", message: Any = None) -> bytes:
        message = message or Add("x", 1)
        return build_transaction(signer, NETWORK.chain, contract, message, now_ms=now)

    async with running(NETWORK, tmp_path) as ledger:
        done = NETWORK.transaction(Add("x", 1))
        await send(ledger, done)
        for raw, error in [
            (done, Replayed),
            (build(stranger), KeyNotValid),
            (build(liar), BadTransactionSignature),
            (build(NETWORK.members[0], "nothing"), UnknownContract),
            (build(NETWORK.members[0], "people"), UnknownAction),
            (NETWORK.transaction(Add("x", 1), ttl_ms=-5), TransactionExpired),
            (NETWORK.transaction(Add("x" * 300_000, 1)), TransactionTooLarge),
        ]:
            with pytest.raises(error):
                await ledger.submit(raw)
        assert ledger.status().pending == 0
        assert ledger.height == 1


async def test_same_transaction_sent_at_once_many_times_is_executed_once(tmp_path: Path) -> None:
    async with running(NETWORK, tmp_path) as ledger:
        raw = NETWORK.transaction(Add("x", 1))
        ids = await asyncio.gather(*[ledger.submit(raw) for _ in range(20)])
        assert len(set(ids)) == 1
        await ledger.wait_receipt(ids[0])
        assert value_of(ledger.state, "x") == 1


async def test_forged_copy_does_not_block_the_real_one(tmp_path: Path) -> None:
    async with running(NETWORK, tmp_path) as ledger:
        raw = NETWORK.transaction(Add("x", 1))
        forged = raw[:-4] + (b"00" if raw[-4:-2] != b"00" else b"11") + raw[-2:]
        with pytest.raises(BadTransactionSignature):
            await ledger.submit(forged)
        assert (await send(ledger, raw)).ok


async def test_many_at_once_fill_blocks(tmp_path: Path) -> None:
    async with running(NETWORK, tmp_path) as ledger:
        raws = [NETWORK.transaction(Add("x", 1), i % 3) for i in range(300)]
        ids = await asyncio.gather(*[ledger.submit(raw) for raw in raws])
        receipts = await asyncio.gather(*[ledger.wait_receipt(id_) for id_ in ids])
        assert all(receipt.ok for receipt in receipts)
        assert value_of(ledger.state, "x") == 300
        assert ledger.height < 30
        assert (await ledger.verify_store()).transactions == 300


async def test_block_time_moves_on_when_the_clock_stands_or_goes_back(tmp_path: Path) -> None:
    now = [system_clock()]
    async with running(NETWORK, tmp_path, clock=lambda: now[0]) as ledger:
        for step in (0, -5_000, 7):
            now[0] += step
            await send(ledger, NETWORK.transaction(Add("x", 1)))
        headers = [ledger.header(h) for h in (1, 2, 3)]
        times = [header.time_ms for header in headers if header is not None]
        assert times[1] == times[0] + 1
        assert times[2] == times[1] + 1


async def test_expired_while_waiting_is_told_to_who_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [system_clock()]
    async with running(NETWORK, tmp_path, clock=lambda: now[0]) as ledger:
        monkeypatch.setitem(CALLS, "machine_trouble", 10**6)  # no attempt at the block succeeds
        tx = await ledger.submit(NETWORK.transaction(Misbehave("machine"), ttl_ms=5_000))
        waiting = asyncio.create_task(ledger.wait_receipt(tx))
        await until(lambda: ledger.status().failure == "test.machine_trouble")
        now[0] += 60_000
        with pytest.raises(TransactionExpired):
            await waiting
        assert ledger.height == 0


async def test_machine_that_cannot_execute_says_so_and_tries_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hanse.ledger.ordering.sequencing.RETRY_SECONDS", 0.05)
    async with running(NETWORK, tmp_path) as ledger:
        real = ledger._application.execute

        def exhausted(*_: object) -> None:
            raise MemoryError

        monkeypatch.setattr(ledger._application, "execute", exhausted)
        tx = await ledger.submit(NETWORK.transaction(Add("x", 1)))
        with pytest.raises(ReceiptTimeout):
            await ledger.wait_receipt(tx, 0.2)
        await until(lambda: ledger.status().failure != "")
        with pytest.raises(Halted):
            await ledger.submit(NETWORK.transaction(Add("x", 1)))
        monkeypatch.setattr(ledger._application, "execute", real)
        assert (await ledger.wait_receipt(tx)).ok


async def test_full_disk_is_an_error_for_new_ones_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hanse.ledger.ordering.sequencing.RETRY_SECONDS", 0.05)
    async with running(NETWORK, tmp_path) as ledger:
        await send(ledger, NETWORK.transaction(Add("x", 1)))
        real = ledger._store.commit

        def full(*_: object) -> None:
            raise StorageFull()

        monkeypatch.setattr(ledger._store, "commit", full)
        accepted = await ledger.submit(NETWORK.transaction(Add("x", 1)))
        with pytest.raises(ReceiptTimeout):
            await ledger.wait_receipt(accepted, 0.3)
        await until(lambda: ledger.status().failure == "ledger.storage_full")
        with pytest.raises(StorageFull):
            await ledger.submit(NETWORK.transaction(Add("x", 1)))
        monkeypatch.setattr(ledger._store, "commit", real)
        assert (await ledger.wait_receipt(accepted)).ok
        assert (await send(ledger, NETWORK.transaction(Add("x", 1)))).ok
        assert value_of(ledger.state, "x") == 3


async def test_blocks_come_stored_and_new(tmp_path: Path) -> None:
    async with running(NETWORK, tmp_path) as ledger:
        await send(ledger, NETWORK.transaction(Add("x", 1)))
        await send(ledger, NETWORK.transaction(Add("x", 1)))
        seen: list[int] = []

        async def read() -> None:
            async for block in ledger.blocks(1):
                seen.append(block.header.height)

        reader = asyncio.create_task(read())
        await until(lambda: seen == [1, 2])
        await send(ledger, NETWORK.transaction(Add("x", 1)))
        await until(lambda: seen == [1, 2, 3])
    await asyncio.wait_for(reader, 60)


async def test_fetch_serves_blocks_and_waits_for_new_ones(tmp_path: Path) -> None:
    async with running(NETWORK, tmp_path) as ledger:
        assert await ledger.fetch(1, 10, 0) == []
        assert await ledger.fetch(1, 10, 30) == []
        waiting = asyncio.create_task(ledger.fetch(1, 10, 60_000))
        await ledger.forward(NETWORK.transaction(Add("x", 1)))
        assert len(await waiting) == 1
        for _ in range(3):
            await send(ledger, NETWORK.transaction(Add("x", 1)))
        assert len(await ledger.fetch(2, 2, 0)) == 2
        assert len(await ledger.fetch(0, 10, 0)) == 4  # the genesis block is nobody's to send


async def test_fetch_is_bounded_in_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hanse.ledger.reading.FETCH_BYTES", 3_000)
    async with running(NETWORK, tmp_path) as ledger:
        for _ in range(4):
            await send(ledger, NETWORK.transaction(Add("x", 1)))
        assert 1 <= len(await ledger.fetch(1, 10, 0)) < 4


async def test_closing_tells_everybody(tmp_path: Path) -> None:
    async with running(NETWORK, tmp_path) as ledger:
        waiting = asyncio.create_task(ledger.wait_receipt("00" * 32))
        fetching = asyncio.create_task(ledger.fetch(1, 1, 600_000))
        await asyncio.sleep(0.05)
    for task in (waiting, fetching):
        with pytest.raises(LedgerClosed):
            await task
    await ledger.close()
    for call in (ledger.submit(b""), ledger.start()):
        with pytest.raises(LedgerClosed):
            await call


async def test_receipts_are_remembered_over_a_restart(tmp_path: Path) -> None:
    async with running(NETWORK, tmp_path) as ledger:
        receipt = await send(ledger, NETWORK.transaction(Add("x", 5)))
    async with running(NETWORK, tmp_path) as ledger:
        assert ledger.receipt(receipt.tx) == receipt
        assert (await send(ledger, NETWORK.transaction(Add("x", 1)))).result["value"] == 6


async def test_second_ledger_on_the_same_directory_is_refused(tmp_path: Path) -> None:
    async with running(NETWORK, tmp_path):
        with pytest.raises(LedgerInUse):
            await Ledger.open(tmp_path, NETWORK.genesis, registry(), NETWORK.role)


async def test_wrong_key_leaves_the_ledger_free(tmp_path: Path) -> None:
    wrong = Sequencer(NETWORK.members[0].private)
    with pytest.raises(WrongOrderer):
        await Ledger.open(tmp_path, NETWORK.genesis, registry(), wrong)
    async with running(NETWORK, tmp_path) as ledger:
        assert ledger.height == 0


async def test_both_suites_work(tmp_path: Path) -> None:
    for suite in ("sm", "intl"):
        network = Network(suite, members=1)
        async with running(network, tmp_path / suite) as ledger:
            raw = network.transaction(Add("x", 1))
            assert (await send(ledger, raw)).ok
            assert canonical.encode(ledger.status())
