"""Half an hour under load with restarts: what a transaction leaves in memory and on disk.

``HANSE_SOAK_SECONDS`` sets another length. The figures are printed (``pytest -s``).
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from pathlib import Path

import psutil
import pytest
from bft_network import BftNetwork, require_engine
from patience import PATIENCE_S
from validator_load import check_promises, under_load
from validator_process import ValidatorProcess, validator_processes

pytestmark = pytest.mark.slow

SECONDS = float(os.environ.get("HANSE_SOAK_SECONDS", "1800"))
RESTART_EVERY_S = 60.0
WARM_SHARE = 0.1
MIB = 1 << 20


def memory_bytes(node: ValidatorProcess) -> tuple[int, int]:
    """Resident memory of a node's process and of its engine."""
    found = []
    for pid in (node.pid, node.engine_pid):
        found.append(psutil.Process(pid).memory_info().rss if pid else 0)
    return found[0], found[1]


def disk_bytes(folder: Path) -> int:
    """Bytes that files take on disk; the ledger's file is sparse."""
    return sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file())


async def test_half_an_hour_under_load_with_restarts(tmp_path: Path) -> None:
    require_engine()
    network = BftNetwork()
    chance = random.Random(7)
    async with validator_processes(network, tmp_path) as nodes:
        async with under_load(network, nodes, SECONDS + 10 * PATIENCE_S) as load:
            # The first node is never struck, so that its memory tells of transactions alone.
            watched, struck = nodes[0], nodes[1:]
            begun = time.monotonic()
            await asyncio.sleep(SECONDS * WARM_SHARE)
            early = memory_bytes(watched), disk_bytes(watched.home), len(load.acknowledged)
            restarts = 0
            while (left := begun + SECONDS - time.monotonic()) > 0:
                await asyncio.sleep(min(left, RESTART_EVERY_S))
                node = chance.choice(struck)
                await chance.choice((node.kill_both, node.kill, node.stop))()
                await load.more(1)
                await node.start()
                restarts += 1
            late = memory_bytes(watched), disk_bytes(watched.home), len(load.acknowledged)
        await check_promises(load, nodes)
    count = late[2] - early[2]
    print(
        f"\n{late[2]} transactions and {restarts} restarts in {SECONDS:.0f} s; "
        "after the first tenth, per transaction: "
        f"node {(late[0][0] - early[0][0]) / count:.0f} B, "
        f"engine {(late[0][1] - early[0][1]) / count:.0f} B of memory, "
        f"{(late[1] - early[1]) / count:.0f} B of disk; "
        f"in the end node {late[0][0] / MIB:.0f} MiB, engine {late[0][1] / MIB:.0f} MiB"
    )
    assert count > 0
    # Caches fill and stop growing; what grew with every transaction would show here.
    assert late[0][0] - early[0][0] < 64 * MIB + 2_000 * count
