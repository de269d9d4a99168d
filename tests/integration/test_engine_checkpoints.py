"""A node that dies in the middle of training: the flow completes from the checkpoint."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import ClassVar

import pytest
from engine_network import Party, Town
from mortal import Life, bury, start_mortal
from odd_workers import OddWorker

from hanse.compute.worker import WorkerRequest
from hanse.contracts.flows.messages import ResumeFlow, SuspendFlow, TerminateFlow

EPOCHS = 12


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    town = Town(tmp_path)
    for party in town.parties.values():
        party.settings = {"checkpoint_dir": party.home / "checkpoints"}
    bank = town.parties["bank"]
    ids = [f"cust#{number:04d}" for number in range(50)]
    town.bank_data = bank.publish(
        {"id": ids, "age": [30] * 50, "y": [number % 2 for number in range(50)]}
    )
    yield town
    await town.stop()


def deploy(town: Town) -> str:
    grant = town.grant()
    text = town.text(grant, attempts=3).replace("fields: [id, age]", "fields: [id, y]")
    head = text[: text.index("  - {id: split")]
    return town.deploy(
        head
        + f"""\
  - id: train
    operator: logistic_regression
    inputs: {{table: align.table}}
    compute: [bank, merchant]
    parameters: {{label: y, epochs: {EPOCHS}, batch_size: 40, learning_rate: "0.01"}}
"""
    )


def done(party: Party, flow: str, attempt: int) -> int:
    """Epochs a party's worker said it has done."""
    assert party.engine is not None
    row = party.engine.results.progress(flow, "train", attempt)
    return row.done if row is not None and row.phase == "train" else 0


def kept(party: Party) -> list[str]:
    folder = party.home / "checkpoints"
    return sorted(path.name for path in folder.glob("*/*")) if folder.is_dir() else []


def is_clear(town: Town) -> bool:
    """No file is left, and no key that could open one."""
    engines = [party.engine for party in town.parties.values()]
    return not any(kept(party) for party in town.parties.values()) and not any(
        engine._ctx.journal.all_checkpointed() for engine in engines if engine is not None
    )


@pytest.mark.slow
async def test_flow_completes_from_the_checkpoint_when_a_node_died_in_training(town: Town) -> None:
    bank, merchant = town.parties["bank"], town.parties["merchant"]
    life = Life()
    await bank.start()
    await start_mortal(merchant, life)
    flow = deploy(town)
    await town.until(lambda: done(merchant, flow, 1) >= 3)
    life.dead = True
    await bury(merchant)
    assert len([name for name in kept(merchant) if name.endswith(".state")]) == 2
    await merchant.start()
    assert (await town.ended(flow)).state == "COMPLETED", town.failures()
    assert ("merchant", "restart", "collaboration.node_restarted") in town.failures()
    for party in (bank, merchant):
        assert party.engine is not None
        row = party.engine.results.progress(flow, "train", 2)
        assert row is not None
        assert 3 <= row.resumed < EPOCHS
    await town.until(lambda: is_clear(town))


@pytest.mark.slow
async def test_checkpoints_stay_while_a_flow_is_suspended_and_go_when_it_is_over(
    town: Town,
) -> None:
    await town.start()
    flow = deploy(town)
    bank, merchant = town.parties["bank"], town.parties["merchant"]
    await town.until(lambda: done(merchant, flow, 1) >= 2)
    assert town.chain.send("bank", SuspendFlow(flow, "pause")).ok
    await town.until(lambda: not any(p.engine and p.engine.running for p in (bank, merchant)))
    assert kept(bank)
    assert kept(merchant)
    assert town.chain.send("bank", ResumeFlow(flow)).ok
    await town.until(lambda: done(merchant, flow, 2) >= 3)
    assert merchant.engine is not None
    row = merchant.engine.results.progress(flow, "train", 2)
    assert row is not None
    assert row.resumed >= 2
    assert town.chain.send("merchant", TerminateFlow(flow, "changed our mind")).ok
    await town.until(lambda: is_clear(town))


class Keeping(OddWorker):
    """Writes one file where its checkpoints go, and hangs."""

    requests: ClassVar[list[WorkerRequest]] = []

    def __init__(self) -> None:
        super().__init__("hang")

    async def start(self, request: WorkerRequest) -> None:
        self.requests.append(request)
        folder = Path(request.checkpoint_dir)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / request.manifest.nonce).write_bytes(b"shares")
        await super().start(request)


async def test_place_and_key_outlive_attempt_and_restart_and_go_with_the_flow(town: Town) -> None:
    Keeping.requests.clear()
    bank, merchant = town.parties["bank"], town.parties["merchant"]
    for party in (bank, merchant):
        party.workers = Keeping
    await town.start()
    flow = town.deploy()
    await town.until(lambda: len(Keeping.requests) == 2)
    await merchant.stop()
    stray = merchant.home / "checkpoints" / "flow.step"
    stray.mkdir()
    (stray / "old").write_bytes(b"of a step whose key is gone")
    await merchant.start()
    assert not stray.exists()
    await town.until(lambda: len(Keeping.requests) == 4)
    places = {(r.alias, r.checkpoint_dir, r.checkpoint_key) for r in Keeping.requests}
    assert len(places) == 2, "each party its own, the same in both attempts"
    assert len({key for _, _, key in places}) == 2
    assert len(kept(merchant)) == 2
    assert town.chain.send("bank", TerminateFlow(flow, "changed our mind")).ok
    await town.until(lambda: is_clear(town))
