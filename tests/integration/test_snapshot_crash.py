"""Snapshots: killed at random instants and out of disk; the old store or the new, never less."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ledger_chain import Chain
from ledger_network import Add, Network
from snapshot_tools import chunks, walk

from hanse.ledger.scan import scan_store
from hanse.ledger.snapshots.manifest import chunk_hash
from hanse.ledger.snapshots.shelf import Shelf

SCRIPT = Path(__file__).parent.parent / "support" / "snapshot_process.py"
KILLS = int(os.environ.get("HANSE_SNAPSHOT_KILLS", "12"))
OLD_HEIGHT, NEW_HEIGHT = 1, 8


@pytest.fixture
def network(tmp_path: Path) -> Network:
    """A network with a long store as origin and a short one to be replaced."""
    network = Network("intl", members=2)
    network.save(tmp_path / "network.json")
    for name, blocks in (("origin", NEW_HEIGHT), ("target", OLD_HEIGHT)):
        chain = Chain(network, tmp_path / name)
        walk(chain, blocks, lambda block: [Add(f"c{block}-{i}", i + 1) for i in range(120)])
        chain.close()
    return network


def start(action: str, home: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), action, str(home / "network.json"), str(home)],
        stdout=subprocess.PIPE,
        text=True,
    )


def check(network: Network, home: Path, allowed: set[int]) -> int:
    """The target is whole, of an allowed height; whatever snapshot is listed is whole."""
    target = Chain(network, home / "target")
    height = scan_store(target.store, network.genesis).height
    target.close()
    assert height in allowed
    shelf = Shelf(home / "snapshots")
    for listed in shelf.heights():
        manifest = shelf.manifest(listed)
        parts = chunks(home / "snapshots", manifest)
        assert [chunk_hash(network.suite, part) for part in parts] == manifest.chunks
    return height


def test_killed_at_random_instants_leaves_the_old_or_the_new(
    network: Network, tmp_path: Path
) -> None:
    seed = random.randrange(2**32)
    moments = random.Random(seed)
    for attempt in range(KILLS):
        process = start("loop", tmp_path)
        assert process.stdout is not None
        if attempt >= KILLS // 2:  # otherwise perhaps in the very first round
            assert process.stdout.readline() == "round\n"
            time.sleep(moments.uniform(0.0, 0.3))
        else:
            time.sleep(moments.uniform(0.25, 0.7))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        try:
            height = check(network, tmp_path, {OLD_HEIGHT, NEW_HEIGHT})
            assert height == NEW_HEIGHT or attempt < KILLS // 2
        except AssertionError as error:
            error.add_note(f"seed {seed}, attempt {attempt}")
            raise


def test_full_disk_is_an_error_and_the_same_chunk_may_follow(
    network: Network, tmp_path: Path
) -> None:
    process = start("full", tmp_path)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    report = json.loads(output)
    full = "ledger.storage_full"
    assert report == {
        "taking": full,
        "left": [],
        "chunk 0": full,
        "chunk 1": full,
        "height": NEW_HEIGHT,
    }
    check(network, tmp_path, {NEW_HEIGHT})
