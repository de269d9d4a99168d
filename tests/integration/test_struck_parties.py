"""A party hangs, or its line is tampered with, in the middle of a step: named, and gone on from."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pytest
from recording_proxy import Recorder

from hanse.compute.errors import PeerLost
from hanse.compute.operators import Role
from hanse.compute.rehearsal import Rehearsal
from hanse.compute.worker import Progress, Resumed, WorkerProcess, WorkerRequest

THREE: dict[str, list[Role]] = {
    "bank": ["owner", "compute", "receiver"],
    "merchant": ["owner", "compute"],
    "helper": ["compute"],
}
TRAINING: dict[str, object] = {"label": "y", "epochs": 60, "batch_size": 150}
LONG_S = 240
SILENCE_MS = 3_000


def inputs(rehearsal: Rehearsal) -> dict[str, Any]:
    rng = np.random.default_rng(3)
    tables = {
        "bank": pa.table({"a": rng.normal(size=300), "y": rng.integers(0, 2, 300)}),
        "merchant": pa.table({"b": rng.normal(size=300)}),
    }
    return {"table": {alias: rehearsal.enter(table) for alias, table in tables.items()}}


async def trained(worker: WorkerProcess, epochs: int) -> None:
    async for event in worker.events():
        if isinstance(event, Progress) and event.phase == "train" and event.done >= epochs:
            return
    raise AssertionError("the training ended too soon")


async def blamed_by(worker: WorkerProcess) -> tuple[str, str]:
    """Whom a party names, and in which phase."""
    with pytest.raises(PeerLost) as caught:
        await asyncio.wait_for(worker.wait(), LONG_S)
    return caught.value.blamed, caught.value.phase


async def goes_on(rehearsal: Rehearsal, given: dict[str, Any], least: int) -> None:
    done = await rehearsal.run("logistic_regression", THREE, given, TRAINING, attempt=2)
    for outcome in done.values():
        (resumed,) = [event for event in outcome.events if isinstance(event, Resumed)]
        assert resumed.number >= least


@pytest.mark.long
async def test_party_that_hangs_is_named_by_the_others_and_all_go_on(tmp_path: Path) -> None:
    rehearsal = Rehearsal(
        tmp_path, deadline_ms=LONG_S * 1000, link_timeout_ms=SILENCE_MS, checkpoints=True
    )
    given = inputs(rehearsal)
    async with rehearsal.started("logistic_regression", THREE, given, TRAINING) as workers:
        await trained(workers["helper"], 2)
        pid = workers["helper"].pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        try:
            for alias in ("bank", "merchant"):
                assert await blamed_by(workers[alias]) == ("helper", "train")
        finally:
            os.kill(pid, signal.SIGCONT)
        # Awake again, it finds that the others are gone.
        assert (await blamed_by(workers["helper"]))[1] == "train"
    await goes_on(rehearsal, given, least=2)


class OneLineElsewhere(Rehearsal):
    """The merchant reaches the bank, for computing, through a proxy."""

    recorder: Recorder

    def requests(self, operator: str, *given: Any, **changes: Any) -> dict[str, WorkerRequest]:
        asked = super().requests(operator, *given, **changes)
        bank = asked["bank"].manifest.party("bank")
        endpoints = {link: self._elsewhere(each) for link, each in bank.endpoints.items()}
        other = msgspec.structs.replace(bank, endpoints=endpoints)
        told = asked["merchant"].manifest
        parties = [other if party.alias == "bank" else party for party in told.parties]
        manifest = msgspec.structs.replace(told, parties=parties)
        asked["merchant"] = msgspec.structs.replace(asked["merchant"], manifest=manifest)
        return asked

    def _elsewhere(self, endpoint: str) -> str:
        host, _, port = endpoint.rpartition(":")
        return f"127.0.0.1:{self.recorder.forward_when_there('line', host, int(port))}"


@pytest.mark.long
async def test_party_behind_a_line_that_brings_garbage_is_named_and_all_go_on(
    tmp_path: Path,
) -> None:
    rehearsal = OneLineElsewhere(
        tmp_path, deadline_ms=LONG_S * 1000, link_timeout_ms=SILENCE_MS, checkpoints=True
    )
    given = inputs(rehearsal)
    with Recorder() as rehearsal.recorder:
        async with rehearsal.started("logistic_regression", THREE, given, TRAINING) as workers:
            await trained(workers["helper"], 2)
            rehearsal.recorder.spoil("line")
            assert await blamed_by(workers["merchant"]) == ("bank", "train")
            for alias in ("bank", "helper"):
                assert (await blamed_by(workers[alias]))[1] == "train"
    with Recorder() as rehearsal.recorder:
        await goes_on(rehearsal, given, least=2)
