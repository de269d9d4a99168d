"""Killed at random instants, and out of disk: nothing acknowledged is lost, nothing is damaged."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from ledger_chain import Chain, running
from ledger_network import COUNTERS, Network, value_of

from hanse.ledger.ordering.follower import Follower

SCRIPT = Path(__file__).parent.parent / "support" / "ledger_process.py"
KILLS = int(os.environ.get("HANSE_LEDGER_KILLS", "10"))


def start(action: str, network_file: Path, home: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), action, str(network_file), str(home)],
        stdout=subprocess.PIPE,
        text=True,
    )


def run_and_kill(network_file: Path, home: Path, after_seconds: float) -> list[str]:
    """Whole lines printed until the process was killed."""
    process = start("load", network_file, home)
    assert process.stdout is not None
    lines = [process.stdout.readline()]
    assert lines[0], "the process did not come up"
    time.sleep(after_seconds)
    process.send_signal(signal.SIGKILL)
    lines += process.stdout.readlines()
    process.stdout.close()
    assert process.wait() == -signal.SIGKILL
    return [line.strip() for line in lines if line.endswith("\n")]


async def check(network: Network, home: Path, acknowledged: list[str]) -> None:
    """Open both nodes after the crash; every acknowledged transaction stands, once."""
    async with (
        running(network, home / "sequencer") as first,
        running(network, home / "follower", Follower(first)) as second,
    ):
        report = await first.verify_store()
        async for _ in second.blocks(first.height):
            break
        assert (await second.verify_store()).height == first.height
        assert first.header(first.height) == second.header(first.height)
        executed = 0
        for height in range(1, first.height + 1):
            block = first.block(height)
            assert block is not None
            assert all(receipt.ok for receipt in block.receipts)
            executed += len(block.receipts)
        assert executed == report.transactions
        assert sum(value_of(first.state, f"counter{m}") for m in range(4)) == executed
        for line in acknowledged:
            tx, value, _ = line.split()
            assert first.receipt(tx).result["value"] == int(value)


async def test_killed_at_random_instants_loses_nothing(tmp_path: Path) -> None:
    network = Network(members=4)
    network_file = tmp_path / "network.json"
    network.save(network_file)
    seed = random.randrange(2**32)
    moments = random.Random(seed)
    acknowledged: list[str] = []
    for _ in range(KILLS):
        acknowledged += run_and_kill(network_file, tmp_path, moments.uniform(0.0, 0.5))
    assert len(acknowledged) > KILLS
    try:
        await check(network, tmp_path, acknowledged)
    except AssertionError as error:
        error.add_note(f"seed {seed}")
        raise


def test_killed_while_beginning_the_ledger_begins_again(tmp_path: Path) -> None:
    network = Network(members=4)
    network_file = tmp_path / "network.json"
    network.save(network_file)
    for wait in (0.15, 0.25, 0.35):
        process = start("load", network_file, tmp_path)
        time.sleep(wait)
        process.kill()
        process.communicate()
    assert run_and_kill(network_file, tmp_path, 0.0)


def test_full_disk_is_an_error_and_no_damage(tmp_path: Path) -> None:
    network = Network(members=1)
    network_file = tmp_path / "network.json"
    network.save(network_file)
    process = start("full", network_file, tmp_path)
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0
    report = json.loads(output.splitlines()[-1])
    assert report["error"] in ("ledger.receipt_timeout", "ledger.storage_full")
    assert report["failure"] == report["refused"] == "ledger.storage_full"
    assert report["sound_when_full"]
    assert report["executed"] == report["accepted"] > report["height_when_full"] > 3
    assert report["failure_after"] == ""
    assert report["sound_after"]
    chain = Chain(network, tmp_path / "sequencer" / "ledger")
    assert chain.app.committed.height >= report["height_when_full"]
    assert COUNTERS.get(chain.store, "nobody") is None
    chain.close()
