"""A node that dies at any effect and starts again: the flow completes, each payment once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from engine_network import Party, Town
from mortal import Life, bury, start_mortal
from odd_workers import CopyWorker, OddWorker

from hanse.collaboration.engine.orphans import start_time


async def run_flow(town: Town, mortal: Party, life: Life) -> str:
    """Run a flow while one party lives under a life; it starts again once it has died."""
    for party in town.parties.values():
        party.workers = CopyWorker
        if party is not mortal:
            await party.start()
    await start_mortal(mortal, life)
    flow = town.deploy(attempts=5)
    await town.until(lambda: life.dead or town.view(flow).is_over)
    if life.dead:
        await asyncio.sleep(0.02)
        await bury(mortal)
        await mortal.start()
    await town.ended(flow)
    return flow


def check(town: Town, flow: str) -> None:
    assert town.record(flow).state == "COMPLETED", (town.record(flow), town.failures())
    assert (town.balance("bank"), town.balance("merchant")) == (900, 100)
    for party in town.parties.values():
        assert party.engine is not None
        kept = party.engine.results.list(flow)
        assert {(info.step, info.output) for info in kept} == {
            ("align", "table"), ("split", "train"), ("split", "test"),
        }  # fmt: skip
        stored = {info.id for info in party.vault.list_objects()}
        datasets = {known.object_id for known in party.datasets.known.values()}
        assert stored == datasets | {info.object_id for info in kept}
        assert party.engine._ctx.journal.workers() == []


async def effects_of(tmp_path: Path, name: str) -> int:
    town, life = Town(tmp_path), Life()
    flow = await run_flow(town, town.parties[name], life)
    await settled(town, flow)
    check(town, flow)
    await town.stop()
    return life.count


async def deaths(tmp_path: Path, name: str, points: list[tuple[int, bool]]) -> set[str]:
    """Let a party die at each of these points of a flow of its own; the kinds of effect hit."""
    died: set[str] = set()
    for number, before in points:
        town = Town(tmp_path / f"{number}-{before}")
        life = Life(number, before=before)
        flow = await run_flow(town, town.parties[name], life)
        await settled(town, flow)
        check(town, flow)
        await town.stop()
        died.add(life.last)
    return died


@pytest.mark.parametrize(("name", "offset"), [("bank", 1), ("merchant", 4)])
async def test_death_at_an_effect_loses_nothing(tmp_path: Path, name: str, offset: int) -> None:
    points = [(number, number % 2 == 0) for number in range(offset, 50, 7)]
    assert len(await deaths(tmp_path, name, points)) >= 4


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bank", "merchant"])
async def test_death_before_or_after_every_effect_loses_nothing(tmp_path: Path, name: str) -> None:
    effects = await effects_of(tmp_path / "whole", name)
    assert effects >= 40
    points = [(number, before) for number in range(effects) for before in (True, False)]
    died = await deaths(tmp_path, name, points)
    assert {"submit", "send", "adopt", "set_manifest", "set_phase", "commit"} <= died


async def settled(town: Town, flow: str) -> None:
    """The last report is on the ledger a moment before the journal says so."""
    await town.until(
        lambda: all(
            row.phase in ("REPORTED", "FAILED", "CANCELLED")
            for party in town.parties.values()
            if party.engine is not None
            for row in party.engine.results.attempts(flow)
        )
    )


async def test_orphaned_worker_is_killed_and_all_retry_together(tmp_path: Path) -> None:
    town, life = Town(tmp_path), Life()
    bank, merchant = town.parties["bank"], town.parties["merchant"]

    class Orphan(OddWorker):
        async def kill(self) -> None:
            life.alive()
            await super().kill()

    merchant.workers = lambda: Orphan("hang")
    bank.workers = lambda: OddWorker("hang")
    await bank.start()
    await start_mortal(merchant, life)
    flow = town.deploy()
    engine = merchant.engine
    assert engine is not None
    await town.until(lambda: bool(engine._ctx.journal.workers()))
    row = engine._ctx.journal.workers()[0]
    assert start_time(row.pid) == row.started
    scratch = Path(row.work_dir) / "scratch" / "left"
    assert scratch.exists()
    life.dead = True
    await bury(merchant)
    assert start_time(row.pid) == row.started, "the worker outlives its node"
    bank.workers = merchant.workers = CopyWorker
    await merchant.start()
    assert start_time(row.pid) != row.started
    assert not scratch.exists()
    assert (await town.ended(flow)).state == "COMPLETED"
    assert town.failures()[0] == ("merchant", "restart", "collaboration.node_restarted")
    await settled(town, flow)
    check(town, flow)
    await town.stop()


async def test_node_that_was_down_for_the_whole_exchange_joins_when_it_is_back(
    tmp_path: Path,
) -> None:
    town = Town(tmp_path)
    for party in town.parties.values():
        party.workers = CopyWorker
    await town.parties["bank"].start()
    flow = town.deploy()
    await asyncio.sleep(0.3)
    record = town.step(flow, "align")
    assert record is not None
    assert record.state == "REQUESTED"
    await town.parties["merchant"].start()
    assert (await town.ended(flow)).state == "COMPLETED"
    assert town.failures() == []
    await town.stop()


async def test_engine_stopped_in_order_leaves_work_to_its_next_start(tmp_path: Path) -> None:
    town = Town(tmp_path)
    bank, merchant = town.parties["bank"], town.parties["merchant"]
    bank.workers = merchant.workers = lambda: OddWorker("hang")
    await town.start()
    flow = town.deploy()
    engine = merchant.engine
    assert engine is not None
    await town.until(lambda: bool(engine._ctx.journal.workers()))
    row = engine._ctx.journal.workers()[0]
    await merchant.stop()
    assert start_time(row.pid) != row.started
    bank.workers = merchant.workers = CopyWorker
    await merchant.start()
    assert (await town.ended(flow)).state == "COMPLETED"
    await town.stop()


async def test_lost_journal_costs_no_result(tmp_path: Path) -> None:
    town = Town(tmp_path)
    bank = town.parties["bank"]
    for party in town.parties.values():
        party.workers = CopyWorker
    await town.start()
    flow = town.deploy()
    await town.ended(flow)
    await settled(town, flow)
    await bank.stop()
    stored = {info.id for info in bank.vault.list_objects()}
    for file in (bank.home / "journal").iterdir():
        file.unlink()
    await bank.start()
    again = town.deploy()
    assert (await town.ended(again)).state == "COMPLETED"
    assert stored < {info.id for info in bank.vault.list_objects()}
    await town.stop()
