"""Signed transactions per second through the embedded ledger, beside raw signature verification.

Usage: ``python bench/ledger.py [--count 10000] [--suite sm] [--profile] [--threads]``

Intake to commit: from handing in the first transaction until the last receipt is on disk.
The raw rate is that of one process per core doing nothing but verify the same signatures,
measured before and after in the same run. The aim is a ratio of at least 0.6. ``--threads``
verifies in threads instead of processes, to show what that costs; ``--profile`` says where the
interpreter of the main process spends its time.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import multiprocessing
import os
import pstats
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "support"))

import uvloop
from ledger_network import Add, Network, registry

from hanse.crypto.suite import get_suite
from hanse.ledger.collector import relax_collector
from hanse.ledger.intake import verifiers
from hanse.ledger.ledger import Ledger
from hanse.ledger.ordering.follower import Follower
from hanse.ledger.transaction import DOMAIN, parse_transaction

RAW_SECONDS = 2.0
SENDERS = 20


class Run(NamedTuple):
    """One run: transactions per second, blocks, processor µs of the main process each."""

    rate: float
    blocks: int
    own_us: float


def _verify_for(suite_name: str, checks: list[tuple[bytes, bytes, bytes]], start: float) -> int:
    suite = get_suite(suite_name)
    for public, message, signature in checks:
        suite.verify(public, DOMAIN, message, signature)
    while time.time() < start:
        time.sleep(0.001)
    done = 0
    while time.time() < start + RAW_SECONDS:
        for public, message, signature in checks:
            suite.verify(public, DOMAIN, message, signature)
        done += len(checks)
    return done


def raw_rate(network: Network, raws: list[bytes]) -> float:
    """Verifications per second of all cores."""
    cores = os.cpu_count() or 1
    publics = {m.did: bytes.fromhex(m.public) for m in network.members}
    parsed = [parse_transaction(network.suite, raw) for raw in raws[:50]]
    checks = [(publics[t.body.sender], t.body_bytes, t.signature) for t in parsed]
    with multiprocessing.get_context("spawn").Pool(cores) as pool:
        pool.map(abs, range(cores * 4))
        start = time.time() + 0.7
        done = pool.starmap(_verify_for, [(network.suite.name, checks, start)] * cores)
    return sum(done) / RAW_SECONDS


async def through_ledger(network: Network, raws: list[bytes], follow: bool) -> Run:
    """From intake to commit."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        ledger = await Ledger.open(Path(folder) / "a", network.genesis, registry(), network.role)
        await ledger.start()
        # Worker processes start with the first large batch; that is start-up, not throughput.
        warm = [network.transaction(Add(f"warm{i}", 1)) for i in range(500)]
        await _all_committed(ledger, warm)
        before, used = ledger.height, time.process_time()
        started = time.perf_counter()
        await _all_committed(ledger, raws)
        seconds = time.perf_counter() - started
        own = (time.process_time() - used) / len(raws) * 1e6
        blocks = ledger.height - before
        if follow:
            await _catch_up(network, ledger, Path(folder) / "b", len(raws) + len(warm))
        await ledger.close()
    return Run(len(raws) / seconds, blocks, own)


async def _all_committed(ledger: Ledger, raws: list[bytes]) -> None:
    ids = await asyncio.gather(*[ledger.submit(raw) for raw in raws])
    receipts = await asyncio.gather(*[ledger.wait_receipt(id_, 120.0) for id_ in ids])
    if not all(receipt.ok for receipt in receipts):
        raise SystemExit("a transaction failed")


async def _catch_up(network: Network, ledger: Ledger, home: Path, count: int) -> None:
    follower = await Ledger.open(home, network.genesis, registry(), Follower(ledger))
    started = time.perf_counter()
    await follower.start()
    async for _ in follower.blocks(ledger.height):
        break
    seconds = time.perf_counter() - started
    same = follower.status().state_root == ledger.status().state_root
    print(f"follower from genesis: {count / seconds:8.0f} tx/s, same state root: {same}")
    await follower.close()


async def latency(network: Network) -> tuple[float, float]:
    """Median and 95th percentile of submit → receipt of single transactions, ms."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        ledger = await Ledger.open(Path(folder), network.genesis, registry(), network.role)
        await ledger.start()
        taken = []
        for number in range(100):
            raw = network.transaction(Add(f"n{number}", 1))
            started = time.perf_counter()
            await ledger.wait_receipt(await ledger.submit(raw))
            taken.append(1_000 * (time.perf_counter() - started))
        await ledger.close()
    return statistics.median(taken), statistics.quantiles(taken, n=20)[18]


def profiled(network: Network, raws: list[bytes]) -> None:
    """Where the event loop's thread spends its time."""
    profile = cProfile.Profile()
    profile.enable()
    rate, _, _ = uvloop.run(through_ledger(network, raws, follow=False))
    profile.disable()
    print(f"under the profiler: {rate:.0f} tx/s")
    pstats.Stats(profile).sort_stats("tottime").print_stats(30)


def rounds(network: Network, raws: list[bytes], count: int) -> None:
    """Alternate raw and ledger, because other load on the machine moves both."""
    relax_collector()  # as a node does
    ratios = []
    raw = raw_rate(network, raws)
    for number in range(count):
        rate, blocks, own = uvloop.run(through_ledger(network, raws, follow=number == count - 1))
        after = raw_rate(network, raws)
        around = (raw + after) / 2
        ratios.append(rate / around)
        print(
            f"raw {around:6.0f} /s on {os.cpu_count()} cores, ledger {rate:6.0f} tx/s "
            f"in {blocks} blocks, ratio {rate / around:.2f}, "
            f"{own:.0f} µs of the main process each",
            flush=True,
        )
        raw = after
    print(f"median ratio {statistics.median(ratios):.2f}  (aim 0.60)")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--suite", default="sm")
    parser.add_argument("--threads", action="store_true")
    parser.add_argument("--profile", action="store_true")
    args = parser.parse_args()
    if args.threads:
        verifiers.REMOTE_FROM = 1 << 30
    network = Network(args.suite, members=SENDERS)
    raws = [network.transaction(Add(f"c{i}", 1), i % SENDERS) for i in range(args.count)]
    if args.profile:
        profiled(network, raws)
        return
    rounds(network, raws, args.rounds)
    median, high = uvloop.run(latency(network))
    print(f"one at a time: {median:.1f} ms median, {high:.1f} ms 95th percentile")


if __name__ == "__main__":
    main()
